"""What is particular to the Stripe shape: disputes have a life of their own, refunds may fail later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from refund_desk.worker.sync import run
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
