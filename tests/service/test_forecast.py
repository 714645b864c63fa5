"""The forecast of a real desk, and the case that take-next gives so that the fewest miss."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refund_desk.domain.words import Decision
from refund_desk.service import cases, forecast
from tests.fakes import bundles as b
from tests.fakes.scene import Scene


def due_in(scene: Scene, number: str, minutes: float, reason: str = "late") -> str:
    """A case whose first answer is due so many minutes from now (8 hours after it was asked)."""
    asked = scene.house.clock() - timedelta(hours=8) + timedelta(minutes=minutes)
    order = f"O{number}"
    return scene.case(number, order, request=b.request(number, order, reason=reason, created_at=asked.isoformat()))


def test_with_nobody_at_work_nothing_is_foretold(scene: Scene) -> None:
    due_in(scene, "R1", 10)
    found = scene.do(forecast.outlook, scene.susan)
    assert (found.capacity, found.cases, found.missing) == (0.0, (), 0.0)


def test_what_is_due_before_its_turn_will_miss(scene: Scene) -> None:
    """One reviewer at work and four minutes a case: three due in five minutes can't all be in time."""
    scene.held(due_in(scene, "R0", 60))
    refs = [due_in(scene, f"R{number}", 5) for number in (1, 2, 3)]
    far = due_in(scene, "R4", 300)
    found = scene.do(forecast.outlook, scene.susan)
    miss = {case.ref: expected.miss for case, expected in found.cases}
    assert found.capacity == 1.0
    assert miss[far] < 0.01
    assert sorted(miss[ref] > 0.5 for ref in refs) == [False, True, True]
    assert found.missing == pytest.approx(sum(miss.values()))
    assert [expected.miss for _, expected in found.cases] == sorted(miss.values(), reverse=True)


def test_the_forecast_moves_as_people_come(scene: Scene) -> None:
    scene.held(due_in(scene, "R0", 60))
    for number in (1, 2, 3):
        due_in(scene, f"R{number}", 9)
    alone = scene.do(forecast.outlook, scene.susan)
    scene.held(due_in(scene, "R5", 90), scene.ray)
    two = scene.do(forecast.outlook, scene.susan)
    assert (alone.capacity, two.capacity) == (1.0, 2.0)
    assert two.missing < alone.missing


def test_a_pace_is_learned_from_what_somebody_did(scene: Scene) -> None:
    for number in range(6):
        ref = scene.held(due_in(scene, f"R{number}", 400))
        scene.house.clock.forward(minutes=16)  # four times what is expected
        scene.propose(ref, Decision.DECLINE, "outside_window")
    scene.held(due_in(scene, "R9", 400))
    (rita,) = scene.do(forecast.outlook, scene.susan).crew
    assert rita.person == scene.rita.person_id
    assert rita.cases == 6
    assert rita.pace == pytest.approx((96 + 30) / (24 + 30))


def test_take_next_gives_what_can_still_be_in_time(scene: Scene) -> None:
    """One is late already and most urgent by the queue: it can't be saved, the next one can."""
    late, near, far = due_in(scene, "R1", -30), due_in(scene, "R2", 30), due_in(scene, "R3", 200)
    taken = [scene.do(cases.take_next, who) for who in (scene.rita, scene.ray)]
    assert [state.ref for state in taken if state] == [near, far]
    last = scene.do(cases.take_next, scene.rita)
    assert last is not None
    assert last.ref == late


def test_the_long_one_gives_way_where_not_all_can_be_in_time(scene: Scene) -> None:
    """Twelve minutes' work due in thirteen, and three of four minutes due soon after: the three are kept."""
    long = due_in(scene, "R1", 13, reason="counterfeit")
    short = [due_in(scene, f"R{number}", 14 + number) for number in (2, 3, 4)]
    first = scene.do(cases.take_next, scene.rita)
    assert first is not None
    assert first.ref == short[0]
    assert scene.state(long).assignee_id is None


def test_a_filtered_queue_is_planned_alone(scene: Scene) -> None:
    from refund_desk.service.ports.views import QueueFilter

    due_in(scene, "R1", 30)
    wanted = due_in(scene, "R2", 60, reason="damaged")
    found = scene.do(cases.take_next, scene.rita, QueueFilter(reason="damaged"))
    assert found is not None
    assert found.ref == wanted


def test_too_few_arrivals_say_nothing_of_the_rate(scene: Scene) -> None:
    with scene.house.read() as work:
        process = scene.desk.process.current(work)
    assert forecast.streams(process, [], scene.house.clock()) == []
    for number in range(12):
        due_in(scene, f"R{number}", 60)
    with scene.house.read() as work:
        found = forecast.streams(process, work.views.arrived(500), scene.house.clock())
    assert sum(each.rate for each in found) == pytest.approx(12 / 7 / 3600)
    assert {each.limit_s for each in found} == {8 * 3600}
