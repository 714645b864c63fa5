"""Refunds through a real Vendure: once, found by our id, and known at the gateway behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from refund_desk.domain.sending import Outcome, Paid, Parcel
from refund_desk.service.ports.sources import Config
from refund_desk.sources import vendure_payout
from refund_desk.sources.channels import ONCE
from refund_desk.sources.vendure import VendureSession
from refund_desk.sources.ways import Ways
from refund_desk.wiring import utc_now
from tests.upstreams.shop import Shop

pytestmark = pytest.mark.upstreams


@pytest.fixture
def channel(shop: Shop) -> Iterator[vendure_payout.VendurePayout]:
    settings = {"url": shop.url, "username": "superadmin"}
    ways = Ways("shop", private=True, patience=ONCE)
    session = VendureSession(Config("shop", settings, {"password": "superadmin"}, utc_now, ways), ways, utc_now)
    made = vendure_payout.VendurePayout(session, replace(vendure_payout.TERMS, name="shop"))
    yield made
    made.close()


def paid_by(shop: Shop, made: dict[str, str]) -> Paid:
    query = "query($id:ID!){order(id:$id){payments{transactionId}}}"
    (payment,) = shop.admin.ask(query, id=made["id"])["order"]["payments"]
    return Paid(payment["transactionId"], made["code"])


def parcel(paid: Paid, intent: str, minor: int) -> Parcel:
    return Parcel(intent, "RC-26-000001", "d" * 32, paid.order, paid.payment, minor, "USD")


def test_a_refund_is_made_in_the_shop_and_at_its_gateway(
    shop: Shop, gateway: str, channel: vendure_payout.VendurePayout
) -> None:
    paid = paid_by(shop, shop.buy(50, [(0, 1)]))
    seen = channel.read(paid, utc_now())
    assert (seen.captured_minor > 1000, seen.refunded_minor, seen.refunds) == (True, 0, ())
    assert seen.theirs is not None
    answer = channel.send(parcel(paid, "i-1", 700))
    assert answer.outcome is Outcome.SUCCEEDED, answer
    (found,) = channel.find(parcel(paid, "i-1", 700)).found
    assert (found.id, found.minor, found.currency, found.desk) == (answer.refund, 700, "USD", "d" * 32)
    headers = {"authorization": "Bearer sk_test_shop"}
    listed = httpx.get(f"{gateway}/v1/refunds", params={"charge": paid.payment}, headers=headers).json()["data"]
    assert [(row["id"], row["amount"]) for row in listed] == [(found.reference, 700)]
    assert list(channel.find(parcel(paid, "i-2", 1)).found) == []


def test_more_than_is_left_is_a_no(shop: Shop, channel: vendure_payout.VendurePayout) -> None:
    paid = paid_by(shop, shop.buy(51, [(1, 1)]))
    captured = channel.read(paid, utc_now()).captured_minor
    assert channel.send(parcel(paid, "i-3", captured + 1)).outcome is Outcome.FAILED
    assert channel.read(paid, utc_now()).refunds == ()


def test_what_a_person_settles_later_is_pending(shop: Shop, channel: vendure_payout.VendurePayout) -> None:
    made = shop.buy(52, [(2, 1)], method="standard-payment")
    shop.settle(made["id"])
    paid = paid_by(shop, made)
    assert channel.send(parcel(paid, "i-4", 300)).outcome is Outcome.PENDING
    (waiting,) = channel.find(parcel(paid, "i-4", 300)).found
    shop.settle_refund(waiting.id.removeprefix("shop-refund-"))
    (found,) = channel.find(parcel(paid, "i-4", 300)).found
    assert (found.id, found.outcome) == (waiting.id, Outcome.SUCCEEDED)
    assert found.reference is not None
