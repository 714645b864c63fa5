"""Cases moved between people: one at a time, under one number, undone together; and what comes back by itself."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Role, Stage
from refund_desk.domain.workload import Duty
from refund_desk.service import cases, shifts, workload
from refund_desk.service.gate import must_be_person, permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.workload import MovedRow, MoveRow

MOVED_ABOUT = frozenset({Stage.REVIEW, Stage.CONSULT})
"""Where a case is in a reviewer's hands; elsewhere it waits for somebody else."""


def begin(work: Work, desk: Desk, who: Principal) -> MoveRow:
    """The number under which cases are moved, and until when they can be moved back."""
    must_be_person(who)
    process = permit(work, desk, who, "workload.read")
    now, undo = desk.clock(), timedelta(seconds=process.workload.undo_s)
    return MoveRow(work.workload.add_move(who.person_id, now, undo), now, who.person_id, now + undo, None)


def _mine(work: Work, desk: Desk, who: Principal, number: int, *, lock: bool = False) -> MoveRow:
    row = work.workload.move(number, lock)
    if row is None or row.person != who.person_id:
        raise NotFound("workload.no_move", number=number)
    if row.undo_until <= desk.clock():
        raise Conflict("workload.undo_over", number=number)
    if row.undone_at is not None:
        raise Conflict("workload.undone_already", number=number)
    return row


def move(work: Work, desk: Desk, who: Principal, number: int, ref: str, of: int | None, to: int | None) -> CaseState:
    """Move one case, as it was shown: from whoever had it (of) to somebody, or None: back to the queue.

    Raises Conflict where somebody else has it by now, or has it open; Refused where it is kept from them.
    """
    _mine(work, desk, who, number)
    state = work.cases.lock(ref)
    if state.stage not in MOVED_ABOUT:
        raise Conflict("workload.not_in_hand", ref=ref, stage=state.stage.value)
    if state.assignee_id != of:
        raise Conflict("workload.moved_meanwhile", ref=ref, holder=_name(work, state.assignee_id))
    _nobody_looks(work, desk, state)
    if to is None:
        moved = cases.unassign(work, desk, who, ref)
    else:
        _is_there(work, desk, to)
        moved = cases.assign(work, desk, who, ref, to)
    work.workload.add_moved(
        number, MovedRow(state.id, of, to, work.cases.last_event(state.id), state.lease_until, state.taken_at)
    )
    work.audit("workload.moved", who, ref, move=number, previous=of, to=to)
    return moved


def _name(work: Work, person: int | None) -> str:
    return work.people.names([person]).get(person, "") if person else ""


def _nobody_looks(work: Work, desk: Desk, state: CaseState) -> None:
    since = workload.looking_since(desk.process.current(work), desk.clock())
    looking = work.workload.looking(since).get(state.id)
    if looking:
        raise Conflict("workload.looked_at", ref=state.ref, holder=_name(work, min(looking)))


def _is_there(work: Work, desk: Desk, person: int) -> None:
    process, now = desk.process.current(work), desk.clock()
    found = shifts.workers(work, process, now, [person]).get(person)
    if found is None or not found.reviews:
        raise Invalid("case.no_reviewer", person=person)
    duty, _ = found.duty(now)
    if duty is Duty.ABSENT:
        raise Conflict("workload.absent", holder=_name(work, person))


def undo_list(work: Work, desk: Desk, who: Principal, number: int) -> list[tuple[str, MovedRow]]:
    """The cases of a move that can still be undone, with their references."""
    permit(work, desk, who, "workload.read")
    _mine(work, desk, who, number)
    rows = work.workload.moved(number)
    refs = {state.id: state.ref for state in work.cases.several([row.case_id for row in rows])}
    return [(refs[row.case_id], row) for row in rows]


def undo_one(work: Work, desk: Desk, who: Principal, number: int, row: MovedRow) -> CaseState:
    """Move one case back to where it was, unless somebody did something on it since."""
    _mine(work, desk, who, number)
    state = work.cases.lock(work.cases.by_id(row.case_id).ref)
    permit(work, desk, who, "case.assign", state.stage)
    if state.assignee_id != row.to_id or work.workload.touched_since(state.id, row.event_id):
        raise Conflict("workload.touched", ref=state.ref)
    _nobody_looks(work, desk, state)
    if row.from_id is not None and row.from_id not in _reviewers(work):
        raise Refused("case.no_reviewer", rule="case.assign", could=[], person=row.from_id)
    back = cases.put_back(work, desk, who, state, row.from_id, row.taken_at, row.lease_until)
    work.audit("workload.move_undone", who, state.ref, move=number, previous=row.to_id, to=row.from_id)
    return back


def _reviewers(work: Work) -> Collection[int]:
    return {person for person, _ in work.people.persons_with([Role.REVIEWER])[Role.REVIEWER]}


def settle(work: Work, desk: Desk, who: Principal, number: int) -> None:
    """A move is undone once."""
    _mine(work, desk, who, number, lock=True)
    work.workload.settle_move(number, desk.clock())
    work.audit("workload.undone", who, move=number)


# ---------------------------------------------------------------- by itself


def come_back(work: Work, desk: Desk, who: Principal, limit: int = 20) -> int:
    """Who is absent holds nothing; whose shift has ended, nothing but what a lease holds. How many came back."""
    process, now, count = desk.process.current(work), desk.clock(), 0
    gone = {row.person for row in work.workload.absences(now) if row.from_at <= now}
    for person in sorted(gone):
        held = work.cases.held_by(person)
        for state in held[: limit - count]:
            count += cases.give_back(work, desk, who, state, person, "absence")
    crew = shifts.workers(work, process, now)
    for person, worker in crew.items():
        if person in gone or worker.duty(now)[0] is not Duty.OFF:
            continue
        for state in work.cases.held_by(person):
            if count < limit and state.stage in MOVED_ABOUT and state.lease_until is None:
                count += cases.give_back(work, desk, who, state, person, "shift")
    return count
