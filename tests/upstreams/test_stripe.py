"""Against stripe-stateful-mock, a re-implementation by others: charges, refunds, disputes, and a shop beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from refund_desk.domain.errors import Unavailable
from refund_desk.domain.facts import find_conflicts
from refund_desk.domain.sources import Counts
from refund_desk.sources.registry import Registry
from refund_desk.wiring import utc_now
from refund_desk.worker.sync import run
from tests.conftest import NewEngine
from tests.fakes.house import OPERATOR
from tests.fakes.sources import SourceHouse
from tests.upstreams.shop import Shop

pytestmark = pytest.mark.upstreams


@pytest.fixture
def books(gateway: str) -> Iterator[httpx.Client]:
    """The gateway's own dashboard."""
    with httpx.Client(base_url=gateway, headers={"authorization": "Bearer sk_test_desk"}, trust_env=False) as client:
        yield client


@pytest.fixture
def desk(new_engine: NewEngine, tmp_path: Path, gateway: str) -> SourceHouse:
    house = SourceHouse(new_engine("sqlite"), tmp_path, Registry(utc_now))
    house.connect("gateway", "stripe", {"url": gateway, "private": True}, {"key": "sk_test_desk"})
    return house


def sync(desk: SourceHouse, name: str = "gateway") -> Counts:
    desk.clock.now = utc_now()
    return run(desk, OPERATOR, name)


def post(books: httpx.Client, path: str, **form: Any) -> Any:
    answer = books.post(
        path, data={name.replace("__", "[") + ("]" if "__" in name else ""): v for name, v in form.items()}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_charges_refunds_and_disputes(desk: SourceHouse, books: httpx.Client) -> None:
    charge = post(books, "/v1/charges", amount=2500, currency="eur", source="tok_visa", metadata__order_code="G-1")
    assert sync(desk).new >= 1
    assert desk.said("G-1", "payment", "captured") == [2500]
    post(books, "/v1/refunds", charge=charge["id"], amount=700)
    assert sync(desk).changed == 1
    assert desk.said("G-1", "payment", "refunded") == [700]
    assert desk.said("G-1", "refund", "status") == ["succeeded"]
    disputed = post(
        books, "/v1/charges", amount=900, currency="eur", source="tok_createDispute", metadata__order_code="G-2"
    )
    until = time.monotonic() + 20  # it is opened a second later, by the gateway's own clock
    while not books.get(f"/v1/charges/{disputed['id']}").json()["dispute"] and time.monotonic() < until:
        pass
    counts = sync(desk)
    assert (counts.new, counts.quarantined) == (1, 0), counts
    assert desk.said("G-2", "dispute", "status") == ["open"]
    assert desk.said("G-2", "dispute", "amount") == [900]
    assert sync(desk).changed == 0


def test_a_charge_that_names_no_order_waits_in_quarantine(desk: SourceHouse, books: httpx.Client) -> None:
    post(books, "/v1/charges", amount=100, currency="eur", source="tok_visa")
    counts = sync(desk)
    assert counts.reasons.get("order.missing", 0) >= 1


def test_a_wrong_key_is_said_to_be_one(desk: SourceHouse, gateway: str) -> None:
    desk.connect("closed", "stripe", {"url": gateway, "private": True}, {"key": "nonsense"})
    with pytest.raises(Unavailable, match=r"source\.sign_in"):
        sync(desk, "closed")


def test_shop_and_gateway_speak_of_one_payment(desk: SourceHouse, shop: Shop) -> None:
    """The shop's word on its gateway's charge stands beside the gateway's own: one payment, and no sum is doubled."""
    settings = {"url": shop.url, "username": "superadmin", "private": True}
    desk.connect("shop", "vendure", settings, {"password": "superadmin"})
    desk.connect("books", "stripe", {**desk_settings(desk), "order_field": "metadata.order_code"}, {"key": KEY})
    made = shop.buy(9, [(20, 1)])
    shop.refund(made["id"], 300)
    sync(desk, "shop")
    sync(desk, "books")
    code = made["code"]
    assert len(desk.said(code, "payment", "captured")) == 2
    assert desk.said(code, "payment", "refunded") == [300, 300]
    with desk.read() as work:
        order = work.facts.order_by_number(code)
        assert order is not None
        records = work.facts.records(order.id)

    assert [conflict.field for conflict in find_conflicts(records) if conflict.field.startswith("order.")] == []


KEY = "sk_test_12345"


def desk_settings(desk: SourceHouse) -> dict[str, Any]:
    with desk.read() as work:
        found = work.sources.by_name("gateway")
        assert found is not None
        return {name: found.settings[name] for name in ("url", "private")}
