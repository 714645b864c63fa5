"""The board, previews of moves and what is on record of people, for the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from refund_desk.domain import workload as rules
from refund_desk.domain.fairness import Relation
from refund_desk.domain.process import Process, Why
from refund_desk.domain.words import Stage
from refund_desk.server import present as p
from refund_desk.service.ports import Work
from refund_desk.service.ports.workload import Handout, MoveRow, Piece
from refund_desk.service.shifts import PersonFacts
from refund_desk.service.workload import Board, PersonLoad
from refund_desk.wire import workload as w
from refund_desk.wire.base import Coded, PersonRef, Text2

Names = Mapping[int, str]


def standing(found: rules.Standing) -> w.Standing:
    return w.Standing(
        cases=found.cases, load_s=round(found.load_s), left_s=round(found.left_s), missing=round(found.missing, 2)
    )


def _count(piece: Piece) -> w.StageCount:
    return w.StageCount(stage=Stage(piece.stage), count=piece.cases, late=piece.late, soon=piece.soon)


def _handout(found: Handout | None) -> w.HandoutView:
    if found is None:
        return w.HandoutView(given=0, picked=0, declined=0)
    return w.HandoutView(
        given=found.given,
        picked=found.picked,
        declined=found.declined,
        given_minutes=found.given_s / found.given / 60 if found.given else None,
        picked_minutes=found.picked_s / found.picked / 60 if found.picked else None,
    )


def _person(board: Board, each: PersonLoad) -> w.PersonOnBoard:
    duty, until = each.worker.duty(board.at)
    return w.PersonOnBoard(
        person=PersonRef(id=each.id, name=each.name),
        roles=sorted(each.roles),
        skills=sorted(each.worker.skills),
        languages=sorted(each.worker.languages),
        duty=duty,
        until=until,
        reviews=each.worker.reviews,
        standing=standing(each.standing),
        counts=[_count(piece) for piece in each.pieces],
        handout=_handout(each.handout),
    )


def board(process: Process, found: Board) -> w.Board:
    return w.Board(
        at=found.at,
        people=[_person(found, each) for each in found.people],
        stages=[
            w.StageOnBoard(
                stage=each.stage,
                label=_label(process, each.stage),
                count=each.count,
                median_s=round(each.median_s),
                limit_s=found.limits[each.stage],
                over=each.over,
                bottleneck=each.stage is found.bottleneck,
            )
            for each in found.stages
        ],
        free=_count(found.free),
        missing=round(found.missing, 2),
        last=last(found.last),
    )


def _label(process: Process, stage: Stage) -> Text2:
    label = process.stage(stage).label
    return Text2(zh=label.zh, en=label.en)


def last(row: MoveRow | None) -> w.LastMove | None:
    return None if row is None else w.LastMove(move=row.id, undo_until=row.undo_until)


def plan(work: Work, found: rules.Plan) -> w.MovePreview:
    people: set[int | None] = {person for move in found.moves for person in (move.of, move.to)}
    people |= {each.case.holder for each in found.skipped} | {each.why.params.get("person") for each in found.skipped}
    names = work.people.names([person for person in people if person is not None])
    return w.MovePreview(
        moves=[
            w.PlannedMove(
                ref=move.case.ref,
                reason=move.case.reason.value,
                language=move.case.language,
                of=p.person(move.of, names),
                to=p.person(move.to, names),
            )
            for move in found.moves
        ],
        skipped=[
            w.SkippedMove(ref=each.case.ref, of=p.person(each.case.holder, names), why=_why(each.why, names))
            for each in found.skipped
        ],
        people=[
            w.BeforeAfter(person=p.known(person, names), before=standing(before), after=standing(found.after[person]))
            for person, before in found.before.items()
        ],
    )


def _why(why: Why, names: Names) -> Coded:
    """Persons are named; everything else is as the rules said it."""
    params = dict(why.params)
    if "person" in params:
        params["person"] = names.get(params["person"], "")
    return Coded(code=why.code, params=params)


def standings(found: Mapping[int, rules.Standing]) -> list[w.PersonStanding]:
    return [w.PersonStanding(person=person, standing=standing(each)) for person, each in found.items()]


# ---------------------------------------------------------------- what is on record


def people(work: Work, process: Process, found: Sequence[PersonFacts]) -> w.PeopleWork:
    others = {row.other for each in found for row in each.interests} | {
        row.to_id for each in found for row in each.delegations
    }
    names = work.people.names([person for person in others if person is not None])
    masked = _masked(work, (row.customer for each in found for row in each.interests))
    return w.PeopleWork(
        people=[_facts(each, names, masked) for each in found],
        calendars=[
            w.CalendarRef(id=each.id, label=Text2(zh=each.label.zh, en=each.label.en) if each.label else None)
            for each in process.calendars.values()
        ],
    )


def _masked(work: Work, customers: Iterable[int | None]) -> dict[int, str]:
    return {number: str(work.facts.customer(number)["masked"] or "") for number in set(customers) if number}


def _facts(each: PersonFacts, names: Names, masked: Names) -> w.PersonWork:
    return w.PersonWork(
        person=PersonRef(id=each.id, name=each.name),
        roles=sorted(each.roles),
        skills=sorted(each.working.skills),
        languages=sorted(each.working.languages),
        calendar=each.working.calendar,
        away=each.working.away,
        absences=[w.AbsenceView(id=row.id, start=row.from_at, until=row.until_at) for row in each.absences],
        interests=[
            w.InterestView(
                id=row.id,
                relation=Relation(row.relation),
                customer=masked.get(row.customer) if row.customer else None,
                person=p.person(row.other, names),
            )
            for row in each.interests
        ],
        delegations=[
            w.DelegationView(id=row.id, to=p.known(row.to_id, names), start=row.from_at, until=row.until_at)
            for row in each.delegations
        ],
    )
