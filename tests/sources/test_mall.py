"""What is particular to mall: its own demo rows, applications as cases, amounts of one unit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from refund_desk.domain.requests import RequestRecord, problems
from refund_desk.domain.sources import OrderFacts
from refund_desk.domain.words import Reason, RecordKind
from refund_desk.sources.mall_records import apply_item, order_item
from refund_desk.worker.sync import run
from tests.fakes.house import OPERATOR, START
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import MallRig


@pytest.fixture
def rig() -> Iterator[MallRig]:
    made = MallRig()
    yield made
    made.close()


def test_an_application_becomes_a_case_of_its_line(house: SourceHouse, rig: MallRig) -> None:
    house.connect("shop", "mall", rig.settings, rig.secrets)
    rig.put(1)
    rig.tables.want_back(1, "质量问题")
    counts = run(house, OPERATOR, "shop")
    assert (counts.new, counts.quarantined) == (2, 0)
    with house.read() as work:
        order = work.facts.order_by_number("V00001")
        assert order is not None
        (case,) = work.cases.of_order(order.id)
        (asked,) = work.cases.requests(case.id)
    assert (asked["reason"], asked["reason_text"]) == (Reason.DEFECTIVE, "质量问题")
    rig.tables.want_back(
        1, "质量问题", status="2", handle_time="2026-11-19 10:00:00", receive_time="2026-11-19 11:00:00"
    )
    assert run(house, OPERATOR, "shop").changed == 1
    assert house.said("V00001", "return", "status") == ["received"]
    again = run(house, OPERATOR, "shop")
    assert (again.new, again.changed, again.gone) == (0, 0, 0)


def test_its_own_demo_rows_are_read(shared_set: Callable[[str], Path]) -> None:
    root = shared_set("mall_cn")
    tables = {
        name: json.loads((root / f"oms_{name}.json").read_bytes())
        for name in ("order", "order_item", "order_return_apply")
    }
    orders = {row["order_sn"]: row for row in tables["order"]}
    lines = {number: [r for r in tables["order_item"] if r["order_sn"] == number] for number in orders}
    items = [order_item("mall", row, lines[number]) for number, row in orders.items()]
    assert [item.problems for item in items if item.problems] == []
    first = next(item.what for item in items if item.id == "201809150101000001")
    assert isinstance(first, OrderFacts)
    assert first.sayings[0].fields["total"] == 1_873_200
    assert first.sayings[0].fields["paid"] == 0, "nobody has paid: it has no time of payment"
    assert [one.kind for one in first.sayings].count(RecordKind.ORDER_LINE) == len(lines["201809150101000001"])
    asked = [
        apply_item("mall", row, orders.get(row["order_sn"]), lines.get(row["order_sn"], []))
        for row in tables["order_return_apply"]
    ]
    assert [item.problems for item in asked if item.problems] == []
    for item in asked:
        assert isinstance(item.what, RequestRecord)
        assert problems(item.what, START) == []
    assert len(asked) == 12
