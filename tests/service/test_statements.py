"""Lists cost a number of statements that does not grow with what they list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from refund_desk.domain.people import Principal
from refund_desk.domain.words import Decision, Role
from refund_desk.server.approvals import approval_row
from refund_desk.service import cases, consultations, reading
from refund_desk.service.casefile import open_file
from refund_desk.service.ports.views import QueueFilter
from tests.fakes import bundles as b
from tests.fakes.house import FakeHouse
from tests.fakes.scene import Scene
from tests.store.many import statements


@pytest.fixture
def desk(house: FakeHouse) -> Scene:
    """Six cases that wait for approval, six with a question, six free ones."""
    scene = Scene(house)
    add(scene, 0, 6)
    return scene


def add(scene: Scene, first: int, number: int) -> None:
    for n in range(first, first + number):
        scene.propose(scene.case(f"A{n}", f"OA{n}", customer={"id": f"CA{n}"}), Decision.FULL, "damage_verified")
        ref = scene.case(f"B{n}", f"OB{n}", customer={"id": f"CB{n}"})
        scene.held(ref)
        versions = scene.state(ref).versions
        scene.do(consultations.ask, scene.rita, ref, [Role.FINANCE], "May we?", True, versions)
        scene.case(f"C{n}", f"OC{n}", customer={"id": f"CC{n}"})


def cost(scene: Scene, read: Callable[..., Any], who: Principal, *args: Any) -> int:
    """Statements of one read; the second time, for what is compiled or loaded once is no matter."""
    for _ in range(2):
        with statements(scene.house.engine) as seen, scene.house.read() as work:
            read(work, scene.desk, who, *args)
    return len(seen)


def test_a_page_of_the_queue(desk: Scene) -> None:
    def page(size: int, wanted: QueueFilter) -> int:
        return cost(desk, reading.queue, desk.rita, wanted, None, size)

    assert page(2, QueueFilter()) == page(18, QueueFilter()) <= 6
    assert page(18, QueueFilter(text="杯子", chip="unassigned")) <= 7


@pytest.mark.parametrize("who", ["rita", "susan", "fiona", "walt"])
def test_for_me(desk: Scene, who: str) -> None:
    person = getattr(desk, who)
    few = cost(desk, reading.for_me, person)
    add(desk, 10, 6)
    assert cost(desk, reading.for_me, person) == few
    assert few <= 30


def test_the_approval_list_with_its_rows(desk: Scene) -> None:
    def rows(work: Any, at: Any, who: Principal) -> int:
        files, _ = reading.approvals(work, at, who)
        ahead = work.ahead([file.state for file in files])
        return len([approval_row(ahead, at, who, file) for file in files])

    few = cost(desk, rows, desk.susan)
    add(desk, 10, 6)
    assert cost(desk, rows, desk.susan) == few <= 24


def test_what_was_read_ahead_is_what_the_database_says(scene: Scene) -> None:
    """Also of cases that share an order or a customer, and of one that wasn't in the list."""
    add(scene, 0, 2)
    second = scene.case("R2", "OA0", request=b.request("R2", "OA0", reason="late"), customer={"id": "CA0"})
    scene.propose(second, Decision.PARTIAL, "part_of_order", lines=(("L2", 1, None),))
    scene.approve(second)
    other = scene.case("X", "OX")
    with scene.house.read() as work:
        ids = [n for n in range(1, 20) if n != scene.state(other).id]
        states = work.cases.several(ids)
        assert len(states) == 7
        ahead = work.ahead(states)
        for state in [*states, scene.state(other)]:
            assert open_file(ahead, scene.desk, state, scene.susan) == open_file(work, scene.desk, state, scene.susan)
            assert ahead.facts.evidence(state.id) == work.facts.evidence(state.id)
            assert ahead.facts.opened(state.id, 1) == work.facts.opened(state.id, 1)
            assert ahead.cases.events(state.id, 3) == work.cases.events(state.id, 3)
            assert ahead.facts.customer(state.customer_id or 0) == work.facts.customer(state.customer_id or 0)
        assert ahead.people.names([1, 2, 99]) == ahead.people.names([1, 2, 99]) == work.people.names([1, 2, 99])


def test_a_case(desk: Scene) -> None:
    ref = desk.case("D1", "OD1")
    few = cost(desk, reading.read_case, desk.rita, ref)
    desk.held(ref)
    for n in range(5):
        desk.do(cases.renew, desk.rita, ref)
        versions = desk.state(ref).versions
        desk.do(consultations.ask, desk.rita, ref, [Role.RISK], f"Question {n}?", False, versions)
    assert cost(desk, reading.read_case, desk.rita, ref) == few
    assert few <= 32
