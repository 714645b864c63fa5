"""What is particular to WooCommerce: webhooks signed over the body, orders thrown away, subtotals that don't divide."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from refund_desk.domain.errors import Invalid
from refund_desk.domain.sources import Hint, OrderFacts
from refund_desk.sources.woocommerce import CONNECTOR
from refund_desk.sources.woocommerce_orders import item_of
from refund_desk.worker.sync import run
from tests.fakes import woocommerce
from tests.fakes.house import OPERATOR, START
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import WooRig


def test_a_webhook_is_signed_over_its_body() -> None:
    body = json.dumps({"id": 727, "status": "processing"}).encode()
    mac = base64.b64encode(hmac.new(b"hush", body, hashlib.sha256).digest()).decode()
    headers = {"x-wc-webhook-signature": mac, "x-wc-webhook-delivery-id": "d-1", "x-wc-webhook-resource": "order"}
    heard = CONNECTOR.hear(headers, body, "hush", START)
    assert (heard.event, heard.hints) == ("d-1", (Hint("orders", "727"),))
    assert CONNECTOR.hear({**headers, "x-wc-webhook-resource": "product"}, body, "hush", START).hints == ()
    for given, content in ((headers, body + b" "), ({**headers, "x-wc-webhook-signature": "ü"}, body), ({}, body)):
        with pytest.raises(Invalid, match=r"hook\.signature"):
            CONNECTOR.hear(given, content, "hush", START)


def test_an_order_that_was_thrown_away_is_gone(house: SourceHouse) -> None:
    rig = WooRig()
    try:
        house.connect("shop", "woocommerce", rig.settings, rig.secrets)
        rig.put(1)
        run(house, OPERATOR, "shop")
        row = rig.shop.orders[1]
        row["status"] = "trash"
        answer = rig.shop._list
        rig.shop._list = lambda query: [one for one in answer(query) if one.get("status") != "trash"]  # type: ignore[method-assign]
        assert run(house, OPERATOR, "shop").gone == 1
        assert run(house, OPERATOR, "shop").gone == 0
    finally:
        rig.close()


def test_a_line_comes_to_its_total_whatever_a_unit_costs() -> None:
    row = woocommerce.order(1, woocommerce.START)
    row["line_items"][0] |= {"quantity": 3, "subtotal": "10.00", "total": "8.00"}
    item = item_of("shop", row, [], "")
    assert isinstance(item.what, OrderFacts)
    line = item.what.sayings[1].fields
    assert line["quantity"] * line["unit_price"] - line["discount"] == 800
