"""Statements, runs, matches and breaks as they cross HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from refund_desk.domain.reconciliation import BreakKind, Check, Resolution, State
from refund_desk.wire.base import Currency, Id64, PersonRef, Wire

Breaks = Annotated[list[Id64], Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=2000, description="Why; it stays on record.")]


class Worded(Wire):
    """A code of the catalogue with its values."""

    code: str
    params: dict[str, Any] = Field(default_factory=dict)


class BadLine(Worded):
    """A row that couldn't be read: its number in the file, and why."""

    line: int


class StatementTaken(Wire):
    """What became of a file. fresh: rows that no earlier file had; again: this very file was there already."""

    id: Id64
    source: str
    format: str
    rows: int
    fresh: int
    again: bool
    bad: list[BadLine]
    findings: list[Worded]


class Reconciled(Wire):
    """What a run found. settled: breaks that are none any more; arrived: payouts seen on a statement; cases_back:
    decided cases put back into the queue."""

    lines: int
    matches: int
    new_matches: int
    breaks: int
    new_breaks: int
    settled: int
    arrived: int
    cases_back: int


class LineName(Wire):
    """The name of a line: system, kind, and its id there."""

    source: str
    kind: str
    id: str


class MatchView(Wire):
    """Lines that are one thing, and what speaks for it. difference: there − here, in minor units."""

    id: Id64
    check: Check
    code: str
    here: list[LineName]
    there: list[LineName]
    terms: list[tuple[str, int]]
    difference: int
    currency: str
    at: datetime
    undone_at: datetime | None = None


class MatchPage(Wire):
    rows: list[MatchView]
    next: int | None = Field(default=None, description="Ask for rows after this id; null: these were the last.")


class BreakView(Wire):
    """A named difference. ref: the case it is about; since: when it began, which its age is counted from."""

    id: Id64
    kind: BreakKind
    check: Check
    here: list[LineName]
    there: list[LineName]
    minor: int
    currency: Currency
    since: datetime
    found_at: datetime
    status: str
    ref: str | None = None
    order: str | None = Field(default=None, description="Number of the order that it is about.")
    owner_id: Id64 | None = None
    owner: str | None = Field(default=None, description="The owner's name.")
    settled_at: datetime | None = None
    resolution: Resolution | None = None
    reason: str | None = None


class BreakPage(Wire):
    rows: list[BreakView]
    next: int | None = Field(default=None, description="Ask for rows after this id; null: these were the last.")


class LineView(LineName):
    """A line as it stands now. known: its system still lists it; name: of the payer, masked."""

    known: bool
    refs: list[str] = Field(default_factory=list)
    minor: int | None = None
    currency: Currency | None = None
    at: datetime | None = None
    account: str | None = None
    name: str | None = None
    fee: int | None = None
    state: State | None = None
    batch: str | None = None


class BreakDetail(BreakView):
    """Side by side: the lines of either side, the fields in which they differ, and what else of the order matched."""

    lines_here: list[LineView]
    lines_there: list[LineView]
    differs: list[str] = Field(description="Names of fields of `LineView`.")
    matches: list[MatchView]


class KindCount(Wire):
    kind: BreakKind
    count: int


class BreakCounts(Wire):
    """Open breaks by kind; mine and nobody's among them."""

    kinds: list[KindCount]
    open: int
    mine: int
    unowned: int
    owners: list[PersonRef] = Field(description="Who may be given a break.")


class ReopenBreaks(Wire):
    """Several breaks that weren't settled after all."""

    breaks: Breaks


class AssignBreaks(Wire):
    """Several breaks for one owner."""

    breaks: Breaks
    person: Id64


class UndoMatch(Wire):
    reason: Reason


class ResolveBreak(Wire):
    resolution: Resolution
    reason: Reason


class ResolveBreaks(Wire):
    """Several breaks settled alike; each has a result of its own."""

    breaks: Breaks
    resolution: Resolution
    reason: Reason


class ResolvedOne(Wire):
    """One row of a bulk: `error` None where it was settled."""

    id: Id64
    error: Worded | None = None


class AssignBreak(Wire):
    person: Id64
