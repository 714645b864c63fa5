"""A case as the rules see it: its row, its events and its request key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from refund_desk.domain.errors import Stale
from refund_desk.domain.words import (
    REASON_GROUP,
    Aspect,
    ClockKind,
    Progress,
    Reason,
    RequestKind,
    Stage,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class CaseState:
    """The row of a case. Times are UTC; amounts minor units of `currency`."""

    id: int
    ref: str
    order_id: int
    customer_id: int | None
    merchant_id: int | None
    kind: RequestKind
    reason: Reason
    language: str
    channel: str | None
    amount_minor: int | None
    currency: str
    method: str | None
    round: int
    stage: Stage
    progress: Progress
    open: bool
    process_version: str
    conflicts: int
    disputed: bool
    images: int
    opened_at: datetime
    closed_at: datetime | None
    changed_at: datetime
    act_by: datetime
    due_at: datetime | None
    due_clock: ClockKind | None
    assignee_id: int | None
    taken_at: datetime | None
    lease_until: datetime | None
    proposer_id: int | None
    returned_to_id: int | None
    answer_came: bool
    versions: Mapping[Aspect, int]

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the queue: (act_by in whole µs since 1970, id), by which pages go on."""
        return (self.act_by - _EPOCH) // _MICRO, self.id


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One thing that happened to a case. `data` holds ids, codes and amounts; nothing personal."""

    id: int
    at: datetime
    type: str
    aspect: Aspect
    version: int
    round: int
    person_id: int | None
    data: Mapping[str, Any] = field(default_factory=dict)


def request_keys(
    system: str, order: str, lines: Iterable[tuple[str, Iterable[int]]], reason: Reason
) -> tuple[str, ...]:
    """Keys of a request: one per unit asked for. A second request with one of them joins the case.

    lines: (line id, units); none for a request about the whole order.
    """
    group = REASON_GROUP[reason].value
    units = [(line, unit) for line, numbers in lines for unit in numbers] or [("*", 0)]
    # Ids come from outside and may hold any character: the separator is one they can't contain unescaped.
    parts = [tuple(p.replace("\\", "\\\\").replace("|", "\\|") for p in (system, order, line)) for line, _ in units]
    return tuple(f"{s}|{o}|{n}|{unit}|{group}" for (s, o, n), (_, unit) in zip(parts, units, strict=True))


def case_ref(year: int, number: int) -> str:
    """RC-26-004182: two digits of the year, the number in it."""
    return f"RC-{year % 100:02d}-{number:06d}"


def as_proposed(events: Iterable[CaseEvent], number: int) -> dict[Aspect, int]:
    """Versions of facts and money when a proposal was made, where they have moved on since.

    A verdict that names no versions rests on what the proposer saw. events: those of the case, oldest first.
    """
    made, out = False, dict[Aspect, int]()
    for event in events:
        if event.type == "proposal.made" and event.data.get("number") == number:
            made = True
        elif made and event.aspect in (Aspect.FACTS, Aspect.MONEY):
            out.setdefault(event.aspect, event.version - 1)
    return out


def check_fresh(state: CaseState, rests_on: Mapping[Aspect, int], events: Iterable[CaseEvent]) -> None:
    """Raise `Stale` when an aspect that a command rests on has moved on, with what changed since.

    events: those of the case, oldest first; only the newer ones of the named aspects are told.
    """
    behind = {aspect for aspect, version in rests_on.items() if state.versions[aspect] != version}
    if not behind:
        return
    changed = [
        {"type": e.type, "aspect": e.aspect.value, "at": e.at.isoformat(), "person": e.person_id, "data": dict(e.data)}
        for e in events
        if e.aspect in behind and e.version > rests_on[e.aspect]
    ]
    raise Stale(
        "case.stale",
        ref=state.ref,
        changed=changed,
        versions={aspect.value: version for aspect, version in state.versions.items()},
    )
