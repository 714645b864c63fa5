"""What is particular to the Stripe shape: disputes have a life of their own, refunds may fail later."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from refund_desk.domain.sources import Heard, Hint
from refund_desk.sources.stripe import CONNECTOR, INTENT
from refund_desk.worker.sync import run
from tests.fakes import stripe
from tests.fakes.house import OPERATOR
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import StripeRig


@pytest.fixture
def gateway() -> Iterator[StripeRig]:
    made = StripeRig()
    yield made
    made.close()


def test_a_dispute_is_read_again_with_every_run(house: SourceHouse, gateway: StripeRig) -> None:
    house.connect("pay", "stripe", gateway.settings, gateway.secrets)
    gateway.put(1)
    gateway.gateway.dispute(1, "needs_response")
    assert run(house, OPERATOR, "pay").new == 1
    assert house.said("V00001", "dispute", "status") == ["open"]
    gateway.gateway.dispute(1, "lost")
    assert run(house, OPERATOR, "pay").changed == 1
    assert house.said("V00001", "dispute", "status") == ["lost"]
    assert run(house, OPERATOR, "pay").changed == 0


def test_a_refund_that_fails_later_is_given_back_no_more(house: SourceHouse, gateway: StripeRig) -> None:
    house.connect("pay", "stripe", gateway.settings, gateway.secrets)
    id = gateway.put(1, 700)
    run(house, OPERATOR, "pay")
    gateway.gateway.refunds[id][0]["status"] = "failed"
    gateway.gateway.charges[1]["amount_refunded"] = 0
    assert run(house, OPERATOR, "pay").changed == 1
    assert house.said("V00001", "payment", "refunded") == [0]


def test_a_refund_of_ours_is_known_by_its_metadata(house: SourceHouse, gateway: StripeRig) -> None:
    """What the channel wrote into it, sync reads back: it is no refund of somebody else's."""
    house.connect("pay", "stripe", gateway.settings, gateway.secrets)
    ours, theirs = gateway.put(1, 700), gateway.put(2, 800)
    gateway.gateway.refunds[ours][0]["metadata"] = {INTENT: "0192-of-ours", "refund_desk": "d"}
    gateway.gateway.refunds[theirs][0]["metadata"] = {}
    assert run(house, OPERATOR, "pay").new == 2
    assert house.said("V00001", "refund", "reference") == ["0192-of-ours"]
    assert house.said("V00002", "refund", "reference") == ["re_2"]


def test_a_webhook_names_the_payment_that_is_asked_about() -> None:
    secret, now = "whsec_of_the_desk", stripe.START
    body = json.dumps({"id": "evt_1", "data": {"object": {"object": "refund", "charge": "ch_7"}}}).encode()
    at = str(int(now.timestamp()))
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    heard = CONNECTOR.hear({"stripe-signature": f"t={at},v1={mac}"}, body, secret, now)
    assert heard == Heard("evt_1", (Hint("charges", "ch_7"),), ("ch_7",))
