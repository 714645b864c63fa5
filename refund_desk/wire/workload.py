"""The board of work, moves with their preview and undo, and what is on record of people's work."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from refund_desk.domain.fairness import Relation
from refund_desk.domain.words import Role, Stage
from refund_desk.domain.workload import Duty
from refund_desk.wire.base import Coded, Id64, PersonRef, Text2, Time, Wire
from refund_desk.wire.commands import Outcome

MOST = 200
"""Cases in one move, and rows in one answer."""


class StageCount(Wire):
    """Open cases of somebody in a stage; `late`: past due, `soon`: due within two hours."""

    stage: Stage
    count: int
    late: int
    soon: int


class Standing(Wire):
    """Expected work, at the person's own pace and with approvals, against what is left of their shift. Seconds."""

    cases: int = Field(description="In their hands for review.")
    load_s: int
    left_s: int
    missing: float = Field(description="How many of them are expected to miss their deadline.")


class HandoutView(Wire):
    """How cases came to somebody today, and what they put back. Minutes are the mean expected work of a case."""

    given: int = Field(description="By take-next.")
    picked: int = Field(description="Chosen by hand.")
    declined: int = Field(description="Of those given, put back or left lying.")
    given_minutes: float | None = None
    picked_minutes: float | None = None


class PersonOnBoard(Wire):
    person: PersonRef
    roles: list[Role]
    skills: list[str] = Field(description="Reasons and kinds of request; empty: all.")
    languages: list[str] = Field(description="Empty: all.")
    duty: Duty
    until: Time | None = Field(default=None, description="End of the shift, or of the absence.")
    reviews: bool
    standing: Standing
    counts: list[StageCount]
    handout: HandoutView


class StageOnBoard(Wire):
    """`over`: stand there for longer than the stage gives. Seconds."""

    stage: Stage
    label: Text2
    count: int
    median_s: int
    limit_s: int | None
    over: int
    bottleneck: bool


class LastMove(Wire):
    """The caller's last move, as long as it can be undone."""

    move: int
    undo_until: Time


class Board(Wire):
    at: Time
    people: list[PersonOnBoard]
    stages: list[StageOnBoard]
    free: StageCount = Field(description="Nobody's, in review.")
    missing: float = Field(description="How many of what people hold are expected to miss.")
    last: LastMove | None = None


class BalanceOptions(Wire):
    """What balance respects. What somebody has open is never moved, and only who may hold cases is given any."""

    skills: bool = True
    languages: bool = True
    interests: bool = True


class MoveAsked(Wire):
    """These cases, or all that somebody has, to somebody; `to` null: back to the queue."""

    refs: list[str] = Field(default_factory=list, max_length=MOST)
    of: Id64 | None = None
    to: Id64 | None = None


class MoveItem(Wire):
    """One case, as it was shown: from whoever had it to somebody; null: the queue."""

    ref: str
    of: Id64 | None = None
    to: Id64 | None = None


class PlannedMove(Wire):
    ref: str
    reason: str
    language: str
    of: PersonRef | None
    to: PersonRef | None


class SkippedMove(Wire):
    ref: str
    of: PersonRef | None
    why: Coded


class BeforeAfter(Wire):
    person: PersonRef
    before: Standing
    after: Standing


class MovePreview(Wire):
    """What would be moved, what not and why, and everybody who is touched before and after. Nothing has changed."""

    moves: list[PlannedMove]
    skipped: list[SkippedMove]
    people: list[BeforeAfter]


class MoveMany(Wire):
    items: list[MoveItem] = Field(min_length=1, max_length=MOST)


class MovedOne(Wire):
    """What became of one case. `outcome` where it was moved."""

    ref: str
    ok: bool
    what: Coded
    outcome: Outcome | None = None


class MoveResult(Wire):
    """One result per case, and what those who are touched have now. `undo_until` null: nothing is left to undo."""

    move: int
    undo_until: Time | None
    rows: list[MovedOne]
    people: list[PersonStanding]


class PersonStanding(Wire):
    person: int
    standing: Standing


# ---------------------------------------------------------------- what is on record of people


class WorkingBody(Wire):
    """What somebody can do, and by which calendar of the process they work; null: that of the process."""

    skills: list[str] = Field(default_factory=list, max_length=40)
    languages: list[str] = Field(default_factory=list, max_length=40)
    calendar: str | None = Field(default=None, max_length=100)


class AwayBody(Wire):
    away: bool


class AbsenceBody(Wire):
    start: Time
    until: Time


class InterestBody(Wire):
    """The customer of a case, or a colleague: exactly one of them."""

    relation: Relation
    ref: str | None = None
    person: Id64 | None = None


class DelegationBody(Wire):
    to: Id64
    start: Time
    until: Time


class AbsenceView(Wire):
    id: int
    start: Time
    until: Time


class InterestView(Wire):
    """customer: masked."""

    id: int
    relation: Relation
    customer: str | None = None
    person: PersonRef | None = None


class DelegationView(Wire):
    id: int
    to: PersonRef
    start: Time
    until: Time


class CalendarRef(Wire):
    id: str
    label: Text2 | None


class PersonWork(Wire):
    person: PersonRef
    roles: list[Role]
    skills: list[str]
    languages: list[str]
    calendar: str | None
    away: bool
    absences: list[AbsenceView]
    interests: list[InterestView]
    delegations: list[DelegationView]


class PeopleWork(Wire):
    people: list[PersonWork]
    calendars: list[CalendarRef]


Lasting = Literal["absence", "interest", "delegation"]

MoveResult.model_rebuild()
