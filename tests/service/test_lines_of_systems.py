"""Order lines that several systems list by ids of their own: what is given back is given back once."""

from __future__ import annotations

from typing import Any

import pytest

from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Decision
from tests.fakes import bundles as b
from tests.fakes.scene import Scene

CUP: dict[str, Any] = {"sku": "A1", "name": "cup", "quantity": 1, "unit_price": "120.00"}
POT: dict[str, Any] = {"sku": "B1", "name": "pot", "quantity": 1, "unit_price": "880.00"}
GIFT: dict[str, Any] = {"sku": "C1", "name": "gift", "quantity": 1, "unit_price": "0.00"}


def order(system: str, **lines: dict[str, Any]) -> dict[str, Any]:
    """An order of 1000.00 as a system has it: id of a line = what it is."""
    return b.order(system=system, paid="1000.00", lines=[{"id": number, **line} for number, line in lines.items()])


def cup_paid_back(scene: Scene, told: dict[str, Any], line: str) -> str:
    asked = b.request(lines=[{"line": line, "quantity": 1}], amount="120.00")
    ref = scene.case(orders=[told], request=asked, payments=[b.payment("P-O1", captured="1000.00")])
    scene.propose(ref, Decision.PARTIAL, "part_of_order", lines=((line, 1, None),))
    scene.approve(ref)
    scene.pay(ref)
    return ref


def second(scene: Scene, line: str, *told: dict[str, Any]) -> str:
    """The same loss, asked for again through another system."""
    asked = b.request("R2", system="erp", lines=[{"line": line, "quantity": 1}], amount="120.00")
    return scene.case("R2", request=asked, orders=list(told), payments=[])


@pytest.mark.parametrize("skus", [True, False])
def test_a_longer_list_of_another_system_pays_nothing_twice(scene: Scene, skus: bool) -> None:
    lines: list[dict[str, Any]] = [dict(line) for line in (CUP, POT, GIFT)]
    if not skus:
        for line in lines:
            del line["sku"]
    cup, pot, gift = lines
    cup_paid_back(scene, order("mall", L1=cup, L2=pot), "L1")
    ref = second(scene, "X1", order("erp", X1=cup, X2=pot, X3=gift))
    for name in ("X1", "L1"):
        with pytest.raises(DeskError):
            scene.propose(ref, Decision.PARTIAL, "part_of_order", lines=((name, 1, None),))
    left = {c.line: c.minor for c in scene.file(ref).book.lines}
    assert left["L1"] == 12000, "what was given back for L1 stays in sight: its system still leads"


def test_an_id_that_means_another_line_elsewhere_counts_on_both(scene: Scene) -> None:
    cup_paid_back(scene, order("mall", **{"1": CUP, "2": POT}), "1")
    ref = second(scene, "2", order("erp", **{"1": POT, "2": CUP, "3": GIFT}))
    with pytest.raises(DeskError, match=r"ceiling\.line"):
        scene.propose(ref, Decision.PARTIAL, "part_of_order", lines=(("2", 1, 12000),))


def test_a_request_by_an_id_of_another_system_is_about_the_leading_line(scene: Scene) -> None:
    scene.case(orders=[order("mall", L1=CUP, L2=POT, L3=GIFT)], payments=[b.payment("P-O1", captured="1000.00")])
    ref = second(scene, "X1", order("erp", X1=CUP, X2=POT))
    assert scene.propose(ref, Decision.PARTIAL, "part_of_order").params["amount"] == 12000


TWO: dict[str, Any] = {"sku": "A1", "name": "cup", "quantity": 2, "unit_price": "60.00", "paid": "120.00"}
ONE: dict[str, Any] = {"sku": "A1", "name": "cup, as a gift", "quantity": 1, "unit_price": "60.00", "paid": "60.00"}


@pytest.mark.parametrize(
    "others", [[], [{"L1": TWO, "L2": ONE}], [{"L2": ONE, "L1": TWO}], [{"X1": TWO, "X2": ONE}], [{"L2": ONE}]]
)
def test_two_lines_of_one_sku_keep_their_own_quantity_and_price(scene: Scene, others: list[dict[str, Any]]) -> None:
    told = [{**order(f"s{n}", **lines), "paid": "180.00"} for n, lines in enumerate([{"L1": TWO, "L2": ONE}, *others])]
    ref = scene.case(orders=told, payments=[b.payment("P-O1", captured="180.00")])
    file = scene.file(ref)
    assert {(s.line, s.quantity, s.minor) for s in file.shares.lines} == {("L1", 2, 12000), ("L2", 1, 6000)}
    assert [c for c in file.conflicts if c.field.startswith("order_line.")] == []
