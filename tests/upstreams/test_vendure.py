"""Against a real Vendure and a Stripe-shaped gateway: the first sync, and what is done in the shop afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from refund_desk.domain.errors import NotFound, Unavailable
from refund_desk.domain.sources import Counts
from refund_desk.server.intake_run import take_one
from refund_desk.sources.registry import Registry
from refund_desk.store.tables.facts import evidence, message
from refund_desk.wiring import utc_now
from refund_desk.worker.sync import run
from tests.conftest import NewEngine
from tests.fakes import bundles as b
from tests.fakes.house import OPERATOR
from tests.fakes.sources import SourceHouse
from tests.upstreams.conftest import picture
from tests.upstreams.shop import Shop

pytestmark = pytest.mark.upstreams


@pytest.fixture
def desk(new_engine: NewEngine, tmp_path: Path, shop: Shop) -> SourceHouse:
    house = SourceHouse(new_engine("sqlite"), tmp_path, Registry(utc_now))
    house.clock.now = utc_now()
    settings = {"url": shop.url, "username": "superadmin", "private": True, "evidence_field": "evidence"}
    house.connect("shop", "vendure", settings, {"password": "superadmin"})
    return house


def sync(desk: SourceHouse) -> Counts:
    desk.clock.now = utc_now()
    return run(desk, OPERATOR, "shop")


def one(desk: SourceHouse, order: str, kind: str, field: str) -> Any:
    """The one word that the desk has on a field."""
    found = desk.said(order, kind, field)
    assert len(found) == 1, (order, kind, field, found)
    return found[0]


def test_the_first_sync_has_every_order_in_every_state(desk: SourceHouse, shop: Shop) -> None:
    delivered = shop.buy(1, [(0, 1), (4, 2)])
    shop.ship(delivered["id"], "DHL-1", "Shipped", "Delivered")
    cancelled = shop.buy(2, [(8, 1)])
    shop.cancel(cancelled["id"])
    authorised = shop.buy(3, [(10, 1)], method="standard-payment")
    counts = sync(desk)
    assert counts.quarantined == 0
    assert counts.new >= 3
    code = delivered["code"]
    assert one(desk, code, "order", "status") == "delivered"
    assert one(desk, code, "shipment", "tracking") == "DHL-1"
    assert one(desk, code, "shipment", "delivered_at")
    paid, lines = one(desk, code, "order", "paid"), desk.said(code, "order_line", "paid")
    assert paid == sum(lines) + one(desk, code, "order", "shipping") > 0
    assert one(desk, code, "payment", "captured") == paid
    assert one(desk, cancelled["code"], "order", "status") == "cancelled"
    assert one(desk, cancelled["code"], "order_line", "quantity") == 1
    assert one(desk, authorised["code"], "payment", "status") == "authorised"
    assert one(desk, authorised["code"], "order", "paid") == 0
    again = sync(desk)
    assert (again.new, again.changed, again.gone) == (0, 0, 0)


def test_what_is_done_in_the_shop_is_on_the_desk_within_one_sync(desk: SourceHouse, shop: Shop, tmp_path: Path) -> None:
    """None of it moves the order's `updatedAt`, but for what is said."""
    made = shop.buy(4, [(6, 3)], method="standard-payment")
    code = made["code"]
    sync(desk)
    asks(desk, "R1", code)

    shop.note(made["id"], "Customer says it arrived broken")
    assert sync(desk).changed == 1
    assert any(text == "Customer says it arrived broken" for _, text in letters(desk))

    shop.settle(made["id"])
    assert sync(desk).changed == 1
    assert one(desk, code, "payment", "status") == "captured"

    shop.ship(made["id"], "DHL-4", "Shipped")
    assert sync(desk).changed == 1
    assert one(desk, code, "shipment", "status") == "shipped"

    refund = shop.refund(made["id"], 1000)
    assert refund["state"] == "Pending"
    assert sync(desk).changed == 1
    assert one(desk, code, "refund", "status") == "pending"
    assert one(desk, code, "order", "refunded") == 1000

    shop.settle_refund(refund["id"])
    assert sync(desk).changed == 1
    assert one(desk, code, "refund", "status") == "succeeded"

    shop.evidence(made["id"], "cracked.png", picture(tmp_path))
    assert sync(desk).changed == 1
    with desk.engine.connect() as connection:
        rows = connection.execute(select(evidence.c.name, evidence.c.media_type, evidence.c.status)).all()
    assert [tuple(row) for row in rows] == [("cracked.png", "image/png", "waiting")]
    assert sync(desk).changed == 0


def asks(desk: SourceHouse, number: str, order: str) -> None:
    """Somebody wants their money back for an order of the shop."""
    request = b.request(number, order, system="web", currency="USD", amount=None, lines=[])
    line = {**b.case(number, order), "request": request, "orders": []}
    assert take_one(desk, OPERATOR, b.raw(line), "api", nothing).result == "new"


def nothing(file: str) -> bytes:
    raise NotFound("evidence.missing", file=file)


def letters(desk: SourceHouse) -> list[tuple[str, str]]:
    with desk.engine.connect() as connection:
        return [(row.direction, row.text) for row in connection.execute(select(message.c.direction, message.c.text))]


def test_pictures_and_notes_wait_for_their_case(desk: SourceHouse, shop: Shop, tmp_path: Path) -> None:
    made = shop.buy(5, [(2, 1)])
    shop.note(made["id"], "please be kind")
    shop.evidence(made["id"], "cracked.png", picture(tmp_path))
    sync(desk)
    assert letters(desk) == []
    asks(desk, "R2", made["code"])
    sync(desk)
    assert ("note", "please be kind") in letters(desk)
    with desk.engine.connect() as connection:
        assert connection.execute(select(evidence.c.name)).scalars().all() == ["cracked.png"]


def test_a_refund_through_the_gateway_has_its_number(desk: SourceHouse, shop: Shop) -> None:
    made = shop.buy(6, [(20, 2)])
    shop.refund(made["id"], 500)
    sync(desk)
    assert str(one(desk, made["code"], "refund", "reference")).startswith("re_")
    assert one(desk, made["code"], "refund", "status") == "succeeded"
    with desk.read() as work:
        order = work.facts.order_by_number(made["code"])
        assert order is not None
        payment = next(r for r in work.facts.records(order.id) if r.kind.value == "payment")
    assert payment.external_id.startswith("ch_")


def test_a_session_that_is_over_is_renewed_and_a_wrong_password_said(desk: SourceHouse, shop: Shop) -> None:
    settings = {"url": shop.url, "username": "superadmin", "private": True}
    desk.connect("closed", "vendure", settings, {"password": "not the one"})
    with pytest.raises(Unavailable, match=r"source\.sign_in"):
        run(desk, OPERATOR, "closed")
    desk.connect("public", "vendure", {**settings, "private": False}, {"password": "superadmin"})
    with pytest.raises(Unavailable, match=r"source\.address"):
        run(desk, OPERATOR, "public")
