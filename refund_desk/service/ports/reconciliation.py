"""What use cases need of the store about statements, matches and breaks. Filled by `store.reconciliation`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from refund_desk.domain.reconciliation import Entry, Key, Role
from refund_desk.domain.reconciliation_systems import OrderSaid
from refund_desk.domain.statements import Statement

ReadStatement = Callable[[bytes], Statement]
"""A pure function of a file's bytes; raises Invalid for a file that can't be read."""


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match as it is kept. `digest`: of comparison and lines."""

    digest: bytes
    check: str
    code: str
    here: Sequence[Key]
    there: Sequence[Key]
    terms: Sequence[tuple[str, int]]
    difference: int
    currency: str
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class BreakRow:
    """A break as it was found. case_id: the case whose payout it is about, if it is about one."""

    digest: bytes
    kind: str
    check: str
    here: Sequence[Key]
    there: Sequence[Key]
    minor: int
    currency: str
    since: datetime
    case_id: int | None = None
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class BreakFilter:
    """Which breaks, and in which order: newest, largest or oldest first. owner: a person; 0: nobody."""

    status: str | None = "open"
    kind: str | None = None
    owner: int | None = None
    sort: str = "new"


@dataclass(frozen=True, slots=True)
class BreakCounts:
    """Open breaks by kind; of those, a person's own and nobody's."""

    kinds: Mapping[str, int]
    mine: int
    unowned: int


@dataclass(frozen=True, slots=True)
class News:
    """How far lines were looked at: the last observation, statement row and payout event, each by its id."""

    observation: int = 0
    row: int = 0
    event: int = 0


Scope = Collection[int] | None
"""Which matches and breaks are meant: those of these orders; None: those of the desk's own payouts."""


class ReconciliationBook(Protocol):
    def statement_of(self, source: str, digest: bytes) -> int | None: ...
    def add_statement(self, **columns: Any) -> int: ...
    def add_rows(self, statement_id: int, role: Role, entries: Sequence[Entry]) -> int: ...
    def settle_statement(self, statement_id: int, fresh: int) -> None: ...
    def rows(self) -> list[tuple[Role, Entry]]: ...
    def paid_out(self, intents: Collection[str] | None = None) -> list[tuple[int, Entry]]:
        """(case, line) of payouts that went: all of them, or these."""

    def news(self) -> News:
        """The latest there is."""

    def touched(self, since: News, until: News) -> list[int]:
        """Orders of which something was said or paid between the two, and those left open."""

    def named(self, since: News, until: News) -> list[int]: ...
    def said(self, orders: Sequence[int]) -> list[OrderSaid]: ...
    def leave_open(self, orders: Collection[int], left: Collection[int]) -> None:
        """Of these orders, only those in `left` have something open."""

    def known_matches(self, scope: Scope) -> dict[bytes, tuple[int, bool]]:
        """Digest → (id, whether it stands)."""

    def known_breaks(self, scope: Scope) -> dict[bytes, tuple[int, str]]:
        """Digest → (id, status)."""

    def add_matches(self, rows: Sequence[MatchRow], at: datetime) -> None: ...
    def end_matches(self, ids: Sequence[int], at: datetime | None) -> None:
        """A later run saw these otherwise; None: it saw them again."""

    def match(self, match_id: int) -> Mapping[str, Any]: ...
    def matches(self, after: int, limit: int) -> Sequence[Mapping[str, Any]]: ...
    def undo_match(self, match_id: int, at: datetime, person_id: int | None, reason: str) -> None: ...
    def undone(self) -> list[tuple[Sequence[Key], Sequence[Key]]]: ...
    def put_break(self, row: BreakRow, at: datetime) -> int | None:
        """The id of a new one, or of one that had gone and is back; None for one that stands or is settled."""

    def end_breaks(self, ids: Sequence[int], at: datetime) -> None:
        """A later run didn't find these: what was missing has come."""

    def break_(self, break_id: int, lock: bool = False) -> Mapping[str, Any]: ...
    def breaks(self, wanted: BreakFilter, after: int, limit: int) -> Sequence[Mapping[str, Any]]: ...
    def count_breaks(self, person_id: int) -> BreakCounts: ...
    def breaks_of_order(self, order_id: int) -> Sequence[Mapping[str, Any]]:
        """Open ones of an order and of its cases, oldest first."""

    def matches_of_order(self, order_id: int) -> Sequence[Mapping[str, Any]]: ...
    def rows_named(self, keys: Collection[Key]) -> list[tuple[Role, Entry]]:
        """Statement rows by their names."""

    def open_breaks_of(self, case_id: int) -> int: ...
    def settle_break(self, break_id: int, **columns: Any) -> None: ...
