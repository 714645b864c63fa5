"""What is particular to Medusa: returns become cases with their reason; decimals become minor units exactly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from refund_desk.store.tables.cases import refund_case, request
from refund_desk.worker.sync import run
from tests.fakes.house import OPERATOR
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import MedusaRig


@pytest.fixture
def rig() -> Iterator[MedusaRig]:
    made = MedusaRig()
    yield made
    made.close()


def test_a_return_becomes_a_case_with_its_reason_and_line(house: SourceHouse, rig: MedusaRig) -> None:
    house.connect("shop", "medusa", {**rig.settings, "number_prefix": "M"}, rig.secrets)
    rig.put(1)
    rig.shop.want_back(1, "damaged-in-transit")
    assert run(house, OPERATOR, "shop").new == 2
    with house.engine.connect() as connection:
        assert connection.execute(select(refund_case.c.kind, refund_case.c.reason)).all() == [
            ("return_first", "damaged")
        ]
        row = connection.execute(select(request)).one()
    assert (row.lines, row.text) == ([{"line": "item_1_0", "quantity": 1}], "cracked")
    assert house.said("M1", "return", "status") == ["requested"]
    rig.shop.rows["returns"]["return_1"] |= {"status": "received", "received_at": "2026-11-18T10:00:00.000Z"}
    assert run(house, OPERATOR, "shop").changed == 1
    assert house.said("M1", "return", "status") == ["received"]


def test_decimals_are_exact(house: SourceHouse, rig: MedusaRig) -> None:
    house.connect("shop", "medusa", rig.settings, rig.secrets)
    rig.put(1, 3333)
    order = rig.shop.rows["orders"]["order_00001"]
    order["items"][0]["unit_price"] = 19.99
    run(house, OPERATOR, "shop")
    assert sorted(house.said("1", "order_line", "unit_price")) == [1999, 2000]
    assert house.said("1", "payment", "refunded") == [3333]
    order["items"][0]["unit_price"] = 19.999
    assert run(house, OPERATOR, "shop").reasons == {"money.too_precise": 1}
