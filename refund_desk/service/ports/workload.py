"""What use cases need of the store about whose work is whose. Filled by `store.workload`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from refund_desk.domain.words import Role, Stage


@dataclass(frozen=True, slots=True)
class WorkingRow:
    """What a person can do and when, as the desk was told. No skills, or no languages: all of them."""

    person: int
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    calendar: str | None = None
    away: bool = False


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    id: int
    person: int
    from_at: datetime
    until_at: datetime
    set_by: int | None


@dataclass(frozen=True, slots=True)
class InterestRow:
    """A person's tie: to a customer, or to a colleague whose own customers are meant, too."""

    id: int
    person: int
    relation: str
    customer: int | None
    other: int | None
    set_at: datetime


@dataclass(frozen=True, slots=True)
class DelegationRow:
    id: int
    from_id: int
    to_id: int
    from_at: datetime
    until_at: datetime
    set_by: int | None


class HeldRow(NamedTuple):
    """An open case in somebody's hands, as it stands in the database: words and instants as they are stored."""

    id: int
    ref: str
    holder: int | None
    kind: str
    reason: str
    language: str
    stage: str
    due_at: datetime | None
    due_clock: str | None
    customer: int | None


class Piece(NamedTuple):
    """So many open cases of somebody (None: nobody) in a stage; `late`: past due, `soon`: due within two hours."""

    person: int | None
    stage: str
    cases: int
    late: int
    soon: int


@dataclass(frozen=True, slots=True)
class Handout:
    """How cases came to somebody on a day: by take-next, by hand, and what they put back. Expected work, seconds."""

    person: int
    given: int
    picked: int
    declined: int
    given_s: int
    picked_s: int


@dataclass(frozen=True, slots=True)
class MoveRow:
    id: int
    at: datetime
    person: int
    undo_until: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class MovedRow:
    """One case of a move: what it was before, and the event that moved it."""

    case_id: int
    from_id: int | None
    to_id: int | None
    event_id: int
    lease_until: datetime | None
    taken_at: datetime | None


class WorkloadBook(Protocol):
    # what the desk was told
    def working(self, people: Collection[int] | None = None) -> dict[int, WorkingRow]: ...
    def put_working(self, row: WorkingRow, at: datetime, by: int | None) -> None: ...
    def absences(self, until: datetime) -> Sequence[AbsenceRow]:
        """Those that end after an instant, soonest first."""

    def add_absence(self, person: int, from_at: datetime, until_at: datetime, at: datetime, by: int | None) -> int: ...
    def interests(self, people: Collection[int] | None = None) -> Sequence[InterestRow]: ...
    def add_interest(
        self, person: int, relation: str, customer: int | None, other: int | None, at: datetime, by: int | None
    ) -> int: ...
    def delegations(self, until: datetime) -> Sequence[DelegationRow]: ...
    def add_delegation(
        self, from_id: int, to_id: int, from_at: datetime, until_at: datetime, at: datetime, by: int | None
    ) -> int: ...
    def end(self, what: str, number: int, at: datetime, by: int | None) -> int | None:
        """End an `absence`, `interest` or `delegation` that lasts; whose it was, None: there is none."""

    def people(self, roles: Iterable[Role]) -> list[tuple[int, str, frozenset[Role]]]:
        """Persons who hold one of these roles by an account that is not disabled: id, name, all their roles."""

    # the board
    def held(self, holder: int | None = None) -> Sequence[HeldRow]:
        """Cases in review or consultation that somebody (this one) holds."""

    def named(self, refs: Sequence[str]) -> list[HeldRow]:
        """These cases, whoever has them, that are in review or consultation."""

    def pieces(self, now: datetime) -> list[Piece]: ...
    def since(self, stage: Stage, place: int) -> datetime | None:
        """Since when the open case at a place stands in its stage, the one that stands longest in front."""

    def standing_since(self, stage: Stage, before: datetime) -> int:
        """How many open cases have stood in a stage since before an instant."""

    def to_approve(self) -> Sequence[tuple[int | None, str | None, int]]:
        """Proposals that wait: amount, currency, and how many of it."""

    def looking(self, since: datetime) -> Mapping[int, frozenset[int]]:
        """Cases that were looked at since, and by whom."""

    # fairness
    def last_proposers(self, customers: Collection[int]) -> Sequence[tuple[int, int, int, int]]:
        """(customer, case, proposal, person): the last proposal of each of their cases."""

    def customers(self, ids: Collection[int]) -> Mapping[int, tuple[str | None, str | None]]:
        """Name and address of customers."""

    def accounts_of(self, ids: Collection[int]) -> Mapping[int, Sequence[tuple[str | None, str | None]]]:
        """Payment accounts of customers: (method, hint), as the gateway named them."""

    # hand-outs and moves
    def count_handout(self, person: int, day: str, **more: int) -> None: ...
    def handouts(self, day: str) -> dict[int, Handout]: ...
    def given_by_rule(self, case_id: int, person: int) -> bool:
        """Whether take-next gave a case to its present holder, who has done nothing with it since."""

    def add_move(self, person: int, at: datetime, undo: timedelta) -> int: ...
    def add_moved(self, move: int, row: MovedRow) -> None: ...
    def last_move(self, person: int) -> MoveRow | None: ...
    def move(self, number: int, lock: bool = False) -> MoveRow | None: ...
    def moved(self, number: int) -> list[MovedRow]: ...
    def touched_since(self, case_id: int, event_id: int) -> bool:
        """Whether somebody did something on a case after an event."""

    def settle_move(self, number: int, at: datetime) -> None: ...
