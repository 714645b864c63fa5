"""Read-only pictures for lists. Filled by `store.views`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from refund_desk.domain.cases import CaseState
from refund_desk.domain.words import ClockKind, Reason, RequestKind, Role


@dataclass(frozen=True, slots=True)
class Listed:
    """A case in a list: its row, and the few names beside it. `customer` is masked."""

    state: CaseState
    customer: str
    merchant: str | None
    assignee: str | None
    unseen: bool


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a page of the queue shows. chip: one of CHIPS; text is searched; the others narrow."""

    chip: str | None = None
    text: str | None = None
    stage: str | None = None
    reason: str | None = None
    kind: str | None = None
    currency: str | None = None
    assignee: int | None = None
    merchant: str | None = None
    closed: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)


CHIPS = (
    "mine",
    "returned",
    "answer_came",
    "unassigned",
    "overdue",
    "due_2h",
    "conflict",
    "disputed",
    "high_amount",
    "waiting_customer",
    "waiting_approval",
    "mine_to_approve",
)


@dataclass(frozen=True, slots=True)
class Count:
    """A capped count: `capped` means there are at least this many."""

    key: str
    count: int
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Free:
    """A free case that is not late yet."""

    id: int
    ref: str
    kind: RequestKind
    reason: Reason
    due_at: datetime
    due_clock: ClockKind
    act_by: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    kind: RequestKind
    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True)
class Handled:
    """A case that somebody took and made a proposal for."""

    person: int
    kind: RequestKind
    reason: Reason
    taken_at: datetime
    at: datetime


Place = tuple[int, int]
"""Where a page goes on: (act_by in µs, id) of the last row before it."""


class QueueViews(Protocol):
    """Lists of ids are in order of urgency and begin after a place, where one is given."""

    def page(
        self,
        viewer: int,
        wanted: QueueFilter,
        now: datetime,
        after: Place | None,
        limit: int,
        only: Sequence[int] | None = None,
    ) -> list[Listed]: ...
    def counts(self, viewer: int, roles: frozenset[Role], now: datetime) -> list[Count]: ...
    def total(self) -> Count: ...
    def listed(self, viewer: int, case_ids: Sequence[int]) -> list[Listed]: ...
    def approvals(self, viewer: int, limit: int, after: Place | None = None) -> list[int]: ...
    def returned(self, viewer: int, limit: int, after: Place | None = None) -> list[int]: ...
    def held(self, viewer: int, limit: int, after: Place | None = None) -> list[int]: ...
    def to_answer(self, viewer: int, roles: frozenset[Role], limit: int, after: Place | None = None) -> list[int]: ...
    def at_stage(self, stage: str, limit: int, after: Place | None = None) -> list[int]: ...
    def inbox(
        self, viewer: int, roles: frozenset[Role], limit: int, before: int | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Newest first; before: the id of the last one had."""

    def to_pay(self, viewer: int, limit: int, after: Place | None = None) -> list[int]: ...
    def to_ship(self, limit: int, after: Place | None = None) -> list[int]: ...
    def at_work(self, now: datetime) -> list[int]: ...
    def free_in_time(self, now: datetime, limit: int) -> Sequence[Free]: ...
    def arrived(self, limit: int) -> Sequence[Arrived]: ...
    def handled(self, limit: int) -> Sequence[Handled]: ...
    def merchant(self, merchant_id: int) -> str | None: ...
    def other_cases(self, customer_id: int, but: int) -> int: ...
    def refunds_since(self, customer_id: int, since: datetime) -> int: ...
