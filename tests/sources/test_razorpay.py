"""What is particular to Razorpay: `notes` that is a list, refunds still pending, webhooks over the body."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from refund_desk.domain.errors import Invalid
from refund_desk.domain.sources import Hint
from refund_desk.sources.razorpay import CONNECTOR, item_of, mark_of
from refund_desk.worker.sync import run
from tests.fakes.house import OPERATOR, START
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import RazorpayRig


def test_a_refund_that_fails_later_is_seen(house: SourceHouse) -> None:
    rig = RazorpayRig()
    try:
        house.connect("pay", "razorpay", rig.settings, rig.secrets)
        id = rig.put(1, 700)
        rig.gateway.refunds[id][0]["status"] = "pending"
        run(house, OPERATOR, "pay")
        assert house.said("V00001", "refund", "status") == ["pending"]
        rig.gateway.refunds[id][0]["status"] = "failed"
        assert run(house, OPERATOR, "pay").changed == 1
        assert house.said("V00001", "refund", "status") == ["failed"]
    finally:
        rig.close()


def test_a_payment_that_names_no_order_is_nobodys() -> None:
    rig = RazorpayRig()
    rig.close()
    rig.put(1)
    row = rig.gateway.payments[1] | {"notes": []}
    item = item_of("pay", row, [], "order")
    assert [problem.code for problem in item.problems] == ["order.missing"]
    assert mark_of(row) == "captured/True/0/None"


def test_a_webhook_is_signed_over_its_body() -> None:
    about = {"refund": {"entity": {"id": "rfnd_1", "payment_id": "pay_1"}}, "payment": {"entity": {"id": "pay_1"}}}
    body = json.dumps({"event": "refund.processed", "payload": about}).encode()
    mac = hmac.new(b"hush", body, hashlib.sha256).hexdigest()
    headers = {"x-razorpay-signature": mac, "x-razorpay-event-id": "e-1"}
    heard = CONNECTOR.hear(headers, body, "hush", START)
    assert (heard.event, heard.hints, heard.payments) == ("e-1", (Hint("payments", "pay_1"),), ("pay_1",))
    for given, content in ((headers, body + b" "), ({"x-razorpay-signature": "ü"}, body), ({}, body)):
        with pytest.raises(Invalid, match=r"hook\.signature"):
            CONNECTOR.hear(given, content, "hush", START)
