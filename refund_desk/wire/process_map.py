"""The process as a map, and what a changed one would touch."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from refund_desk.domain.words import ClockKind, Role, Stage, WaitFor
from refund_desk.wire.base import MAX_INT, Text2, Time, Wire
from refund_desk.wire.clocks import ClockTerms


class PlaceSeats(Wire):
    """An activity of a stage with its RACI; A null: the approval limits name who it is."""

    activity: str
    label: Text2
    responsible: list[Role]
    accountable: Role | None
    consulted: list[Role]
    informed: list[Role]
    limit_s: int | None


class PlaceView(Wire):
    """A stage. open: cases that stand there now, since the first of them; over: for longer than limit_s. entered, left
    and stay_s (the average of those that left) are of the span."""

    stage: Stage
    label: Text2
    owner: Role
    limit_s: int | None
    side: bool
    waits_for: WaitFor | None
    inputs: list[Text2]
    outputs: list[Text2]
    seats: list[PlaceSeats]
    open: int
    over: int
    since: Time | None
    entered: int
    left: int
    stay_s: float | None
    bottleneck: bool


class WayView(Wire):
    """A move that the process allows; went: how often in the span."""

    source: Stage
    target: Stage
    went: int


class ProcessMap(Wire):
    """Days of the shop, both within."""

    version: str
    first: date
    last: date
    places: list[PlaceView]
    ways: list[WayView]


class ProcessTry(Wire):
    """A whole new content of the process; after: the `next` of the page before."""

    content: Any
    after: int = Field(default=0, ge=0, le=MAX_INT)


class TouchedClock(Wire):
    kind: ClockKind
    was: ClockTerms
    would: ClockTerms


class TouchedCase(Wire):
    """approver: who answers for its open proposal, by the rules in force and by the new ones."""

    ref: str
    stage: Stage
    clocks: list[TouchedClock]
    approver: list[Role] | None


class ProcessPreview(Wire):
    """Of `looked_at` open cases. path: stages or moves are other ones; cases that have begun keep theirs."""

    version: str
    path: bool
    touched: list[TouchedCase]
    looked_at: int
    next: int | None
