"""Use cases: the process as a map with what stands and went where; and what a changed process would touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from refund_desk.domain import process_map
from refund_desk.domain.cases import CaseState
from refund_desk.domain.clocks import Clock
from refund_desk.domain.figures import EVERYTHING, Span
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process
from refund_desk.domain.raci import answers_for
from refund_desk.domain.words import Role, Stage
from refund_desk.service import lifecycle
from refund_desk.service.casefile import open_file
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work

AT_ONCE = 100
"""Open cases that one page of a preview looks at."""


@dataclass(frozen=True, slots=True)
class Map:
    process: Process
    span: Span
    places: Sequence[process_map.Place]
    ways: Sequence[process_map.Way]


def whole(work: Work, desk: Desk, who: Principal, span: Span | None) -> Map:
    """The process in force, with what stands where now and what went through in a span; None: today."""
    process = permit(work, desk, who, "report.read")
    now = desk.clock()
    today = now.astimezone(ZoneInfo(process.zone)).date()
    asked = span or Span(today, today)
    sums = work.figures.sums(EVERYTHING, asked).get("", {})
    limits = {rule.stage.value: rule.limit_s for rule in process.stages}
    standing = work.figures.standing(now, limits)
    return Map(process, asked, process_map.places(process, standing, sums), process_map.ways(process, sums))


# ---------------------------------------------------------------- what a change would touch


@dataclass(frozen=True, slots=True)
class Touched:
    """An open case that a changed process would treat otherwise: clocks as they stand and would; the role that
    answers for its open proposal, where that is another."""

    state: CaseState
    clocks: Sequence[tuple[Clock, Clock]]
    approver: tuple[Role, Role] | None


@dataclass(frozen=True, slots=True)
class Preview:
    """Of `looked_at` open cases. path: stages or moves are other ones, which cases that have begun don't follow.
    next: the id after which the next page goes on, None at the end."""

    version: str
    path: bool
    touched: Sequence[Touched]
    looked_at: int
    next: int | None


def preview(work: Work, desk: Desk, who: Principal, content: Any, after: int = 0) -> Preview:
    """What a process would change for open cases, page by page. It changes nothing. Raises Invalid
    `process.invalid_file` with every mistake."""
    now = permit(work, desk, who, "config.propose")
    new = desk.process.read(content)
    ids = work.cases.open_after(after, AT_ONCE)
    found = [_touched(work, desk, who, state, now, new) for state in work.cases.several(ids)]
    return Preview(
        version=new.version,
        path=(new.stages, new.moves) != (now.stages, now.moves),
        touched=[one for one in found if one.clocks or one.approver],
        looked_at=len(ids),
        next=ids[-1] if len(ids) == AT_ONCE else None,
    )


def _touched(work: Work, desk: Desk, who: Principal, state: CaseState, now: Process, new: Process) -> Touched:
    return Touched(state, lifecycle.by_rules(work, new, state), _approver(work, desk, who, state, now, new))


def _approver(
    work: Work, desk: Desk, who: Principal, state: CaseState, now: Process, new: Process
) -> tuple[Role, Role] | None:
    """Who answers for the open proposal, by the rules in force and by the new ones."""
    if state.stage is not Stage.APPROVAL or new.limits == now.limits:
        return None
    file = open_file(work, desk, state, who)
    if file.proposal is None:
        return None
    decision = file.proposal.decision
    was, would = (answers_for(process, decision, file.facts) for process in (now, new))
    return None if was is would else (was, would)
