"""The board of work; moves with preview and undo; what is on record of people's work."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import DeskError
from refund_desk.domain.people import Principal
from refund_desk.domain.workload import Options
from refund_desk.server import present as p
from refund_desk.server import present_workload as present
from refund_desk.server.call import Call, Caller, RowId
from refund_desk.service import moves, shifts, workload
from refund_desk.service.gate import permit
from refund_desk.service.ports import Work
from refund_desk.service.ports.workload import MovedRow, MoveRow, WorkingRow
from refund_desk.wire import commands as c
from refund_desk.wire import workload as w
from refund_desk.wire.base import Coded

router = APIRouter(tags=["workload"])


@router.get("/workload")
def board(call: Caller) -> w.Board:
    """Everybody's load against what is left of their shift, every stage's count and age, and what will miss."""

    def use(work: Work, who: Principal) -> w.Board:
        return present.board(call.desk.process.current(work), workload.board(work, call.desk, who))

    return call.read(use)


@router.post("/workload/balance")
def balance(call: Caller, body: w.BalanceOptions) -> w.MovePreview:
    """Moves that would leave the fewest late. It changes nothing."""
    options = Options(body.skills, body.languages, body.interests)
    return call.read(lambda work, who: present.plan(work, workload.balance(work, call.desk, who, options, w.MOST)))


@router.post("/workload/preview")
def preview(call: Caller, body: w.MoveAsked) -> w.MovePreview:
    """What moving these cases, or all that somebody has, would do. It changes nothing."""
    return call.read(
        lambda work, who: present.plan(work, workload.by_hand(work, call.desk, who, body.refs, body.of, body.to))
    )


# ---------------------------------------------------------------- moves


@router.post("/workload/moves", response_model=w.MoveResult)
def move(call: Caller, body: w.MoveMany) -> Response:
    """Move cases, each by itself as it was shown: one result per case, one transaction per case."""
    begun = call.part("move").write(lambda work, who: _last(moves.begin(work, call.desk, who)), body=body)
    last = w.LastMove.model_validate_json(bytes(begun.body))

    def one(item: w.MoveItem) -> Callable[[Work, Principal], CaseState]:
        return lambda work, who: moves.move(work, call.desk, who, last.move, item.ref, item.of, item.to)

    rows = [_one(call, item.ref, "case.assigned" if item.to else "case.released", one(item)) for item in body.items]
    done = any(row.ok for row in rows)
    people = {person for item in body.items for person in (item.of, item.to) if person is not None}
    return _result(call, last, rows, people, done)


def _last(row: MoveRow) -> w.LastMove:
    return w.LastMove(move=row.id, undo_until=row.undo_until)


def _one(call: Call, ref: str, event: str, use: Callable[[Work, Principal], CaseState]) -> w.MovedOne:
    """One case in a transaction of its own, with a key of its own below the form's."""
    try:
        answer = call.part(ref).write(lambda work, who: p.outcome(use(work, who), event))
    except DeskError as error:
        return w.MovedOne(ref=ref, ok=False, what=Coded(code=f"error.{error.code}", params=error.params))
    outcome = c.Outcome.model_validate_json(bytes(answer.body))
    return w.MovedOne(ref=ref, ok=True, what=outcome.what, outcome=outcome)


def _result(call: Call, last: w.LastMove, rows: list[w.MovedOne], people: set[int], left: bool) -> Response:
    standings = call.read(lambda work, who: present.standings(workload.standings(work, call.desk, who, people)))
    found = w.MoveResult(move=last.move, undo_until=last.undo_until if left else None, rows=rows, people=standings)
    return Response(found.model_dump_json(), media_type="application/json")


@router.post("/workload/moves/{number}/undo", response_model=w.MoveResult)
def undo(call: Caller, number: RowId) -> Response:
    """Move back what nobody has touched since, within ten minutes: one result per case."""
    rows = call.read(lambda work, who: moves.undo_list(work, call.desk, who, number))

    def one(row: MovedRow) -> Callable[[Work, Principal], CaseState]:
        return lambda work, who: moves.undo_one(work, call.desk, who, number, row)

    done = [_one(call, ref, "case.assigned" if row.from_id else "case.released", one(row)) for ref, row in rows]
    call.part("undo").write(lambda work, who: moves.settle(work, call.desk, who, number), status=204)
    people = {person for _, row in rows for person in (row.from_id, row.to_id) if person is not None}
    return _result(call, w.LastMove(move=number, undo_until=call.desk.clock()), done, people, False)


# ---------------------------------------------------------------- what is on record of people


@router.get("/people")
def people(call: Caller) -> w.PeopleWork:
    """Skills, languages, shifts, absences, conflicts of interest, delegations: everybody's, or one's own alone."""

    def use(work: Work, who: Principal) -> w.PeopleWork:
        return present.people(work, call.desk.process.current(work), shifts.everybody(work, call.desk, who))

    return call.read(use)


def _told(work: Work, call: Call, who: Principal, person: int) -> w.PersonWork:
    """What is on record of one person now."""
    process = call.desk.process.current(work)
    found = [each for each in shifts.everybody(work, call.desk, who) if each.id == person]
    return present.people(work, process, found).people[0]


@router.put("/people/{person}/work", response_model=w.PersonWork)
def set_working(call: Caller, person: RowId, body: w.WorkingBody) -> Response:
    """What somebody can do, and by which calendar they work."""

    def use(work: Work, who: Principal) -> w.PersonWork:
        row = WorkingRow(person, frozenset(body.skills), frozenset(body.languages), body.calendar)
        shifts.set_working(work, call.desk, who, row)
        return _told(work, call, who, person)

    return call.write(use, body=body)


@router.put("/people/{person}/away", response_model=w.PersonWork)
def set_away(call: Caller, person: RowId, body: w.AwayBody) -> Response:
    """Away for a while, or back: balance gives nothing meanwhile."""

    def use(work: Work, who: Principal) -> w.PersonWork:
        shifts.set_away(work, call.desk, who, person, body.away)
        return _told(work, call, who, person)

    return call.write(use, body=body)


@router.post("/people/{person}/absences", response_model=w.PersonWork)
def set_absence(call: Caller, person: RowId, body: w.AbsenceBody) -> Response:
    """Absent for a time: what they hold returns to the queue when it begins."""

    def use(work: Work, who: Principal) -> w.PersonWork:
        shifts.set_absence(work, call.desk, who, person, body.start, body.until)
        return _told(work, call, who, person)

    return call.write(use, body=body)


@router.post("/people/{person}/interests", response_model=w.PersonWork)
def declare(call: Caller, person: RowId, body: w.InterestBody) -> Response:
    """A conflict of interest: the customer of a case, or a colleague whose own cases are meant, too."""

    def use(work: Work, who: Principal) -> w.PersonWork:
        customer = shifts.customer_of(work, call.desk, who, body.ref) if body.ref is not None else None
        shifts.declare(work, call.desk, who, person, body.relation, customer, body.person)
        return _told(work, call, who, person)

    return call.write(use, body=body)


@router.post("/people/{person}/delegations", response_model=w.PersonWork)
def delegate(call: Caller, person: RowId, body: w.DelegationBody) -> Response:
    """Let a colleague approve in somebody's stead: neither their own proposals nor those of whoever delegates."""

    def use(work: Work, who: Principal) -> w.PersonWork:
        shifts.delegate(work, call.desk, who, person, body.to, body.start, body.until)
        return _told(work, call, who, person)

    return call.write(use, body=body)


@router.post("/people/{what}/{number}/end", status_code=204)
def end(call: Caller, what: w.Lasting, number: RowId) -> Response:
    """End an absence, a declared interest or a delegation."""
    call.read(lambda work, who: permit(work, call.desk, who, "workload.self"))
    return call.write(lambda work, who: shifts.end(work, call.desk, who, what, number), status=204)
