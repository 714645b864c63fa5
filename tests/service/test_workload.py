"""The board of a real desk: load, moves with results and undo, what comes back by itself, and fair take-next."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund_desk.domain.errors import Conflict, DeskError, Invalid, NotFound, Refused
from refund_desk.domain.fairness import Relation
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Decision, Role, Stage
from refund_desk.domain.workload import Duty, Options
from refund_desk.service import cases, moves, reading, shifts, workload
from refund_desk.service.ports.workload import WorkingRow
from tests.fakes import bundles as b
from tests.fakes.house import OPERATOR
from tests.fakes.scene import Scene, shipment


def a_case(scene: Scene, number: int, customer: str | None = None, **customer_parts: str) -> str:
    """A case of a customer of its own."""
    who = {"id": customer or f"C{number}", "name": f"王{number}", "phone": f"1390000{number:04d}", **customer_parts}
    return scene.case(f"R{number}", f"O{number}", customer=who)


def given(scene: Scene, ref: str, to: Principal) -> str:
    scene.do(cases.assign, scene.susan, ref, to.person_id)
    return ref


def move(scene: Scene, ref: str, of: Principal | None, to: Principal | None, number: int | None = None) -> int:
    """One case, by Susan; the number of the move."""
    number = number or scene.do(moves.begin, scene.susan).id
    of_id, to_id = (None if one is None else one.person_id for one in (of, to))
    scene.do(moves.move, scene.susan, number, ref, of_id, to_id)
    return number


def undo(scene: Scene, number: int) -> list[str]:
    """`ok` or the code of why not, of each case."""
    out = []
    for _, row in scene.do(moves.undo_list, scene.susan, number):
        try:
            scene.do(moves.undo_one, scene.susan, number, row)
            out.append("ok")
        except DeskError as error:
            out.append(error.code)
    scene.do(moves.settle, scene.susan, number)
    return out


# ---------------------------------------------------------------- the board


def test_the_board_counts_what_everybody_has(scene: Scene) -> None:
    mine, waits = (given(scene, a_case(scene, number), scene.rita) for number in (1, 2))
    a_case(scene, 3)
    scene.propose(waits, Decision.FULL, "damage_verified")
    found = scene.do(workload.board, scene.susan)
    load = {each.name: each for each in found.people}
    assert load["rita"].standing.cases == 1
    assert load["rita"].standing.load_s == pytest.approx(360)
    assert {piece.stage: piece.cases for piece in load["rita"].pieces} == {"review": 1, "approval": 1}
    assert load["susan"].standing.load_s == 120  # one approval
    assert (found.free.cases, found.bottleneck) == (1, None)
    counts = {each.stage: each.count for each in found.stages}
    assert (counts[Stage.REVIEW], counts[Stage.APPROVAL]) == (2, 1)
    scene.house.clock.forward(hours=9)
    later = scene.do(workload.board, scene.susan)
    stage = {each.stage: each for each in later.stages}[Stage.APPROVAL]
    assert (stage.median_s, stage.over, later.bottleneck) == (9 * 3600, 1, Stage.APPROVAL)
    assert scene.state(mine).assignee_id == scene.rita.person_id
    with pytest.raises(Refused):
        scene.do(workload.board, scene.rita)


def test_skills_shifts_and_absence_show_on_it(scene: Scene) -> None:
    now = scene.house.clock()
    row = WorkingRow(scene.rita.person_id, frozenset({"late"}), frozenset({"zh"}), "office")
    scene.do(shifts.set_working, scene.susan, row)
    scene.do(shifts.set_absence, scene.ray, scene.ray.person_id, now, now + timedelta(days=2))
    found = {each.name: each.worker for each in scene.do(workload.board, scene.susan).people}
    assert (found["rita"].skills, found["rita"].calendar.id) == (frozenset({"late"}), "office")
    assert found["ray"].duty(now) == (Duty.ABSENT, now + timedelta(days=2))
    scene.do(shifts.set_away, scene.rita, scene.rita.person_id, True)
    with scene.house.read() as work:
        assert work.workload.working()[scene.rita.person_id].away
        assert work.workload.working()[scene.rita.person_id].skills == frozenset({"late"})
    assert scene.entries_of("workload.away") == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (WorkingRow(0, frozenset({"juggling"})), "workload.unknown_skill"),
        (WorkingRow(0, calendar="lunar"), "workload.unknown_calendar"),
    ],
)
def test_what_nobody_knows_is_not_set(scene: Scene, row: WorkingRow, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        scene.do(
            shifts.set_working, scene.susan, WorkingRow(scene.rita.person_id, row.skills, row.languages, row.calendar)
        )


def test_nobody_sets_their_own_skills_or_takes_an_interest_back(scene: Scene) -> None:
    with pytest.raises(Refused):
        scene.do(shifts.set_working, scene.rita, WorkingRow(scene.rita.person_id))
    with pytest.raises(Refused):
        scene.do(shifts.set_away, scene.rita, scene.ray.person_id, True)
    row = scene.do(shifts.declare, scene.rita, scene.rita.person_id, Relation.KNOWN, None, scene.ray.person_id)
    with pytest.raises(Refused):
        scene.do(shifts.end, scene.rita, "interest", row.id)
    scene.do(shifts.end, scene.susan, "interest", row.id)
    with pytest.raises(NotFound):
        scene.do(shifts.end, scene.susan, "interest", row.id)
    again = scene.do(shifts.declare, scene.rita, scene.rita.person_id, Relation.KNOWN, None, scene.ray.person_id)
    assert again.id != row.id
    assert again == scene.do(
        shifts.declare, scene.rita, scene.rita.person_id, Relation.KNOWN, None, scene.ray.person_id
    )


def test_one_sees_ones_own_and_who_answers_for_the_queue_sees_all(scene: Scene) -> None:
    assert [each.name for each in scene.do(shifts.everybody, scene.rita)] == ["rita"]
    scene.ray  # noqa: B018 - hired now
    assert {each.name for each in scene.do(shifts.everybody, scene.susan)} == {"ray", "rita", "susan"}


# ---------------------------------------------------------------- moves


def test_a_case_moves_as_it_was_shown_and_is_held_till_the_end_of_the_day(scene: Scene) -> None:
    ref = given(scene, a_case(scene, 1), scene.rita)
    move(scene, ref, scene.rita, scene.ray)
    state = scene.state(ref)
    assert state.assignee_id == scene.ray.person_id
    assert state.lease_until == scene.house.clock().replace(hour=0) + timedelta(days=1)
    assert scene.entries(ref)[-2:] == ["case.assigned", "workload.moved"]
    with pytest.raises(Conflict, match=r"workload\.moved_meanwhile"):
        move(scene, ref, scene.rita, scene.ray)
    scene.house.clock.forward(hours=1)
    until = scene.do(cases.renew, scene.ray, ref)
    assert until == state.lease_until  # opening it makes it no shorter
    move(scene, ref, scene.ray, None)
    assert scene.state(ref).assignee_id is None


def test_what_cannot_be_moved_is_refused_with_why(scene: Scene) -> None:
    ref = given(scene, a_case(scene, 1), scene.rita)
    with pytest.raises(Invalid, match=r"case\.no_reviewer"):
        move(scene, ref, scene.rita, scene.susan)
    now = scene.house.clock()
    scene.do(shifts.set_absence, scene.susan, scene.ray.person_id, now, now + timedelta(days=1))
    with pytest.raises(Conflict, match=r"workload\.absent"):
        move(scene, ref, scene.rita, scene.ray)
    scene.do(cases.look, scene.rita, ref, [], 1)
    with pytest.raises(Conflict, match=r"workload\.looked_at"):
        move(scene, ref, scene.rita, None)
    scene.house.clock.forward(minutes=7)
    move(scene, ref, scene.rita, None)
    with pytest.raises(Refused):
        scene.do(moves.begin, scene.rita)


def test_a_preview_tells_before_and_after_and_changes_nothing(scene: Scene) -> None:
    refs = [given(scene, a_case(scene, number), scene.rita) for number in (1, 2)]
    scene.ray  # noqa: B018 - hired now
    found = scene.do(workload.by_hand, scene.susan, [], scene.rita.person_id, scene.ray.person_id)
    assert {one.case.ref for one in found.moves} == set(refs)
    rita, ray = scene.rita.person_id, scene.ray.person_id
    assert (found.before[rita].cases, found.after[rita].cases) == (2, 0)
    assert (found.before[ray].cases, found.after[ray].cases) == (0, 2)
    assert {scene.state(ref).assignee_id for ref in refs} == {rita}
    one = scene.do(workload.by_hand, scene.susan, refs[:1], None, ray)
    assert [m.case.ref for m in one.moves] == refs[:1]
    with pytest.raises(NotFound):
        scene.do(workload.by_hand, scene.susan, ["RC-26-999999"], None, ray)


def test_balance_takes_from_the_absent(scene: Scene) -> None:
    refs = [given(scene, a_case(scene, number), scene.rita) for number in (1, 2)]
    now = scene.house.clock()
    scene.ray  # noqa: B018 - hired now
    scene.do(shifts.set_absence, scene.susan, scene.rita.person_id, now, now + timedelta(days=1))
    found = scene.do(workload.balance, scene.susan, Options())
    assert {(one.case.ref, one.to) for one in found.moves} == {(ref, scene.ray.person_id) for ref in refs}


def test_one_undo_moves_back_what_nobody_touched(scene: Scene) -> None:
    quiet, worked, gone = (given(scene, a_case(scene, number), scene.rita) for number in (1, 2, 3))
    before = scene.state(quiet)
    number = scene.do(moves.begin, scene.susan).id
    for ref in (quiet, worked, gone):
        move(scene, ref, scene.rita, scene.ray, number)
    scene.do(cases.release, scene.ray, gone)
    scene.propose(worked, Decision.MORE_INFORMATION, "photos_needed", scene.ray, questions=("photo",))
    assert sorted(undo(scene, number)) == ["ok", "workload.touched", "workload.touched"]
    after = scene.state(quiet)
    assert (after.assignee_id, after.taken_at) == (before.assignee_id, before.taken_at)
    assert scene.entries(quiet)[-1] == "workload.move_undone"
    with pytest.raises(Conflict, match=r"workload\.undone_already"):
        scene.do(moves.undo_list, scene.susan, number)


def test_the_undo_lasts_ten_minutes_and_is_ones_own(scene: Scene) -> None:
    ref = given(scene, a_case(scene, 1), scene.rita)
    number = move(scene, ref, scene.rita, scene.ray)
    with pytest.raises(NotFound):
        scene.do(moves.undo_list, scene.leo, number)
    assert scene.do(workload.board, scene.susan).last is not None
    assert scene.do(workload.board, scene.leo).last is None
    scene.house.clock.forward(minutes=10)
    assert scene.do(workload.board, scene.susan).last is None
    with pytest.raises(Conflict, match=r"workload\.undo_over"):
        scene.do(moves.undo_list, scene.susan, number)


# ---------------------------------------------------------------- by itself


def test_absence_returns_work_to_the_queue_when_it_begins(scene: Scene) -> None:
    refs = [given(scene, a_case(scene, number), scene.rita) for number in (1, 2)]
    start = scene.house.clock() + timedelta(hours=1)
    row = scene.do(shifts.set_absence, scene.rita, scene.rita.person_id, start, start + timedelta(days=3))
    assert scene.do(moves.come_back, OPERATOR) == 0
    scene.house.clock.forward(hours=1)
    assert scene.do(moves.come_back, OPERATOR) == 2
    assert {scene.state(ref).assignee_id for ref in refs} == {None}
    assert scene.do(moves.come_back, OPERATOR) == 0
    scene.do(shifts.end, scene.rita, "absence", row.id)
    given(scene, refs[0], scene.rita)
    assert scene.do(moves.come_back, OPERATOR) == 0


def test_the_end_of_a_shift_returns_work_to_the_queue(scene: Scene) -> None:
    """The office closes at 18:30 in Beijing, 10:30 UTC; what was given at 9:00 is held until then."""
    scene.do(shifts.set_working, scene.susan, WorkingRow(scene.rita.person_id, calendar="office"))
    ref = given(scene, a_case(scene, 1), scene.rita)
    assert scene.state(ref).lease_until == scene.house.clock() + timedelta(minutes=90)
    scene.house.clock.forward(minutes=89)
    assert scene.do(cases.expire_leases, OPERATOR) == 0
    scene.house.clock.forward(minutes=2)
    assert scene.do(cases.expire_leases, OPERATOR) == 1
    assert scene.state(ref).assignee_id is None
    with scene.house.write() as work:  # what no lease holds comes back, too
        work.cases.update(scene.state(ref).id, assignee_id=scene.rita.person_id, lease_until=None)
    assert scene.do(moves.come_back, OPERATOR) == 1
    assert scene.events(ref)[-1] == "case.released"


@pytest.mark.parametrize("bad", [{"days": 0}, {"days": 400}, {"days": -1}])
def test_an_absence_has_a_sound_span(scene: Scene, bad: dict[str, int]) -> None:
    now = scene.house.clock()
    with pytest.raises(Invalid, match=r"workload\.bad_span"):
        scene.do(shifts.set_absence, scene.rita, scene.rita.person_id, now, now + timedelta(**bad))
    scene.do(shifts.set_absence, scene.rita, scene.rita.person_id, now, now + timedelta(days=1))
    with pytest.raises(Conflict, match=r"workload\.absent_already"):
        scene.do(shifts.set_absence, scene.rita, scene.rita.person_id, now, now + timedelta(days=2))


# ---------------------------------------------------------------- delegation


def test_a_deputy_approves_and_never_for_the_proposer(scene: Scene) -> None:
    """3,000 is above what a supervisor approves: the lead's deputy may, unless the lead proposed it."""
    now = scene.house.clock()
    boss = scene.person("boss", Role.LEAD, Role.REVIEWER)
    refs = [big(scene, number) for number in (1, 2)]
    scene.propose(refs[0], Decision.FULL, "damage_verified", scene.rita)
    scene.propose(refs[1], Decision.FULL, "damage_verified", boss)
    with pytest.raises(Refused, match=r"process\.not_accountable"):
        scene.approve(refs[0])
    scene.do(shifts.delegate, boss, boss.person_id, scene.susan.person_id, now, now + timedelta(days=1))
    with pytest.raises(Refused, match=r"process\.not_accountable"):
        scene.approve(refs[1])  # the lead's own proposal
    with scene.house.read() as work:
        listed, _ = reading.approvals(work, scene.desk, scene.susan)
        assert [file.state.ref for file in listed] == refs[:1]
        for ref, may in zip(refs, (True, False), strict=True):
            file = reading.read_case(work, scene.desk, scene.susan, ref)
            assert ("proposal.approve" in file.actions) is may
    scene.approve(refs[0])
    scene.house.clock.forward(days=1)
    with scene.house.read() as work:
        assert shifts.deputised(work, scene.desk, scene.susan, 0).roles == scene.susan.roles


def big(scene: Scene, number: int) -> str:
    """A case of 3,000.00."""
    order = f"O{number}"
    lines = [{"id": "L1", "name": "灯", "quantity": 1, "unit_price": "3000.00"}]
    line = b.case(
        f"R{number}",
        order,
        orders=[b.order(order, paid="3000.00", lines=lines)],
        request=b.request(f"R{number}", order, amount="3000.00", lines=[{"line": "L1", "quantity": 1}]),
        payments=[b.payment(f"P-{order}", order, captured="3000.00")],
        shipments=[shipment(order)],
        customer={"id": f"C{number}", "name": f"王{number}", "phone": f"1390000{number:04d}"},
    )
    return scene.take_in(line).ref


def test_a_deputy_approves_too_and_is_somebody_else(scene: Scene) -> None:
    now = scene.house.clock()
    span = now, now + timedelta(days=1)
    for to in (scene.susan, scene.rita):
        with pytest.raises(Invalid, match=r"workload\.bad_delegate"):
            scene.do(shifts.delegate, scene.susan, scene.susan.person_id, to.person_id, *span)
    with pytest.raises(Refused):
        scene.do(shifts.delegate, scene.rita, scene.rita.person_id, scene.susan.person_id, *span)
    with pytest.raises(Invalid, match=r"workload\.nothing_to_delegate"):
        scene.do(shifts.delegate, scene.susan, scene.rita.person_id, scene.leo.person_id, *span)
    row = scene.do(shifts.delegate, scene.susan, scene.susan.person_id, scene.leo.person_id, *span)
    scene.do(shifts.end, scene.susan, "delegation", row.id)


# ---------------------------------------------------------------- fair take-next


def kept(scene: Scene, ref: str, who: Principal) -> str | None:
    """The rule that keeps a case from somebody: the same in take and in assign, and take-next passes over it."""
    why = None
    for step, actor, args in ((cases.take, who, ()), (cases.assign, scene.susan, (who.person_id,))):
        try:
            with scene.house.store.write() as work:
                step(work, scene.desk, actor, ref, *args)
                raise Undone
        except Undone:
            found = None
        except Refused as refused:
            found = str(refused.params["why"])
        assert args == () or found == why
        why = found
    return why


class Undone(Exception):
    """Rolls a try back."""


def test_ones_own_case_and_those_of_declared_people_are_kept(scene: Scene) -> None:
    own, known, plain = (a_case(scene, number) for number in (1, 2, 3))
    with scene.house.read() as work:
        customers = [work.cases.by_ref(ref).customer_id for ref in (own, known)]
    scene.do(shifts.declare, scene.rita, scene.rita.person_id, Relation.OWN, customers[0], None)
    scene.do(shifts.declare, scene.rita, scene.rita.person_id, Relation.KNOWN, customers[1], None)
    assert [kept(scene, ref, scene.rita) for ref in (own, known, plain)] == ["own", "declared", None]
    assert [kept(scene, ref, scene.ray) for ref in (own, known, plain)] == [None, None, None]
    scene.do(shifts.declare, scene.ray, scene.ray.person_id, Relation.KNOWN, None, scene.rita.person_id)
    assert kept(scene, own, scene.ray) == "declared"
    taken = scene.do(cases.take_next, scene.rita)
    assert taken is not None
    assert taken.ref == plain
    assert scene.do(cases.take_next, scene.rita) is None
    assert scene.do(workload.by_hand, scene.susan, [own], None, scene.rita.person_id).skipped[0].why.code == (
        "workload.kept.own"
    )


def test_same_surname_and_address_or_payment_account(scene: Scene) -> None:
    home = {"address": "杭州市 文一路 1 号"}
    mine = a_case(scene, 1, name="李静", **home)
    relative, neighbour = a_case(scene, 2, name="李强", **home), a_case(scene, 3, name="赵强", **home)
    card = [b.payment("P-O4", "O4", account_hint="*4242", method="card")]
    other = scene.case("R4", "O4", customer={"id": "C4", "name": "钱一"}, payments=card)
    again = [b.payment("P-O5", "O5", account_hint="*4242", method="card")]
    scene.case("R5", "O5", customer={"id": "C1", "name": "李静", **home}, payments=again)
    with scene.house.read() as work:
        customer = work.cases.by_ref(mine).customer_id
    scene.do(shifts.declare, scene.rita, scene.rita.person_id, Relation.OWN, customer, None)
    found = [kept(scene, ref, scene.rita) for ref in (mine, relative, neighbour, other)]
    assert found == ["own", "same_address", None, "same_payment"]


def test_the_same_customer_twice_running_goes_to_somebody_else(scene: Scene) -> None:
    scene.ray  # noqa: B018 - hired now
    first = a_case(scene, 1, "C7")
    scene.propose(first, Decision.DECLINE, "outside_window", scene.rita)
    second = a_case(scene, 2, "C7")
    assert kept(scene, second, scene.rita) == "same_customer"
    assert kept(scene, second, scene.ray) is None
    assert scene.do(cases.take_next, scene.rita) is None
    scene.propose(second, Decision.DECLINE, "outside_window", scene.ray)
    third = a_case(scene, 3, "C7")
    assert kept(scene, third, scene.rita) is None  # the last one was Ray's
    assert kept(scene, third, scene.ray) == "same_customer"


def test_who_is_alone_serves_a_customer_again(scene: Scene) -> None:
    scene.propose(a_case(scene, 1, "C7"), Decision.DECLINE, "outside_window", scene.rita)
    assert kept(scene, a_case(scene, 2, "C7"), scene.rita) is None


def test_what_is_given_picked_and_declined_is_counted(scene: Scene) -> None:
    """Two given: one put back, one worked on and then put back; one chosen by hand and put back."""
    for number in (1, 2, 3):
        a_case(scene, number)
    first = scene.do(cases.take_next, scene.rita)
    assert first is not None
    scene.do(cases.release, scene.rita, first.ref)
    second = scene.do(cases.take_next, scene.rita)
    assert second is not None
    scene.do(workload_note, scene.rita, second.ref)
    scene.do(cases.release, scene.rita, second.ref)
    scene.do(cases.take, scene.rita, first.ref)
    scene.do(cases.release, scene.rita, first.ref)
    (row,) = (each for each in scene.do(workload.board, scene.susan).people if each.name == "rita")
    assert row.handout is not None
    assert (row.handout.given, row.handout.picked, row.handout.declined) == (2, 1, 1)
    assert (row.handout.given_s, row.handout.picked_s) == (720, 360)
    third = scene.do(cases.take_next, scene.rita)
    assert third is not None
    scene.house.clock.forward(minutes=21)
    scene.do(cases.expire_leases, OPERATOR)  # left lying
    (row,) = (each for each in scene.do(workload.board, scene.susan).people if each.name == "rita")
    assert row.handout is not None
    assert row.handout.declined == 2


def workload_note(work: object, desk: object, who: Principal, ref: str) -> None:
    from refund_desk.service import thread

    thread.say(work, desk, who, ref, "note", "looked into it")  # type: ignore[arg-type]


def test_why_here_still_explains_the_choice(scene: Scene) -> None:
    ref = a_case(scene, 1)
    scene.do(cases.take_next, scene.rita)
    with scene.house.read() as work:
        assert reading.why_here(work, scene.desk, scene.rita, ref)[1][0].code == "why.due"
