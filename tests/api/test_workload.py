"""The board over HTTP: moves with one result per case, repeated by the same key, and their undo."""

from __future__ import annotations

from datetime import timedelta

from refund_desk.client.api import new_key
from refund_desk.domain.errors import Conflict
from refund_desk.wire import workload as w
from tests.fakes.desk_api import DeskApi


def person(desk: DeskApi, login: str) -> int:
    return desk.ask(login, lambda api: api.me()).person.id


def holder(desk: DeskApi, ref: str) -> int | None:
    with desk.house.read() as work:
        return work.cases.by_ref(ref).assignee_id


def test_moves_tell_of_each_case_and_are_undone_together(any_desk: DeskApi) -> None:
    desk = any_desk
    one, two = person(desk, "reviewer"), person(desk, "reviewer2")
    refs = [desk.ref(number) for number in (4, 5, 6)]
    for ref in refs[:2]:
        desk.ask("reviewer", lambda api, ref=ref: api.take(ref, new_key()))  # type: ignore[misc]
    planned = desk.ask("supervisor", lambda api: api.preview_move(w.MoveAsked(of=one, to=two)))
    assert {move.ref for move in planned.moves} == set(refs[:2])
    items = [w.MoveItem(ref=ref, of=one, to=two) for ref in refs]  # the third is nobody's
    key = new_key()
    body = w.MoveMany(items=items)
    result = desk.ask("supervisor", lambda api: api.move_cases(body, key))
    assert [row.ok for row in result.rows] == [True, True, False]
    assert result.rows[2].what.code == "error.workload.moved_meanwhile"
    assert {each.person: each.standing.cases for each in result.people} == {one: 0, two: 2}
    assert desk.ask("supervisor", lambda api: api.move_cases(body, key)).move == result.move  # nothing twice
    assert len(desk.entries("workload.moved")) == 2
    board = desk.ask("supervisor", lambda api: api.board())
    assert board.last is not None
    assert board.last.move == result.move
    undone = desk.ask("supervisor", lambda api: api.undo_move(result.move, new_key()))
    assert [row.ok for row in undone.rows] == [True, True]
    assert {holder(desk, ref) for ref in refs[:2]} == {one}
    assert len(desk.entries("workload.move_undone")) == 2
    try:
        desk.ask("supervisor", lambda api: api.undo_move(result.move, new_key()))
    except Conflict as error:
        assert error.code == "workload.undone_already"  # noqa: PT017 - the class is asserted, too
    else:
        raise AssertionError("undone twice")


def test_what_is_on_record_of_people_is_told_and_changed(any_desk: DeskApi) -> None:
    desk = any_desk
    one, chief, lead = (person(desk, login) for login in ("reviewer", "supervisor", "lead"))
    body = w.WorkingBody(skills=["damaged"], languages=["zh"], calendar="office")
    told = desk.ask("supervisor", lambda api: api.set_working(one, body))
    assert (told.skills, told.languages, told.calendar) == (["damaged"], ["zh"], "office")
    now = desk.house.desk.clock()
    span = {"start": now, "until": now + timedelta(days=1)}
    told = desk.ask("reviewer", lambda api: api.set_absence(one, w.AbsenceBody(**span)))
    assert len(told.absences) == 1
    interest = w.InterestBody(relation="known", ref=desk.ref(7))
    told = desk.ask("reviewer", lambda api: api.declare_interest(one, interest))
    assert told.interests[0].customer is not None
    assert "*" in told.interests[0].customer  # masked
    told = desk.ask("supervisor", lambda api: api.delegate(chief, w.DelegationBody(to=lead, **span)))
    assert told.delegations[0].to.id == lead
    assert desk.ask("reviewer", lambda api: api.set_away(one, True)).away
    mine = desk.ask("reviewer", lambda api: api.people_work())
    assert [each.person.id for each in mine.people] == [one]
    assert {each.id for each in mine.calendars} >= {"always", "office"}
    desk.ask("reviewer", lambda api: api.end_lasting("absence", told_id(mine)))
    assert desk.ask("reviewer", lambda api: api.people_work()).people[0].absences == []


def told_id(mine: w.PeopleWork) -> int:
    return mine.people[0].absences[0].id
