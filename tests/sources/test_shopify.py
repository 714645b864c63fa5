"""What is particular to Shopify: real objects of its, webhooks signed over the body, discounts and taxes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from refund_desk.domain.errors import Invalid
from refund_desk.domain.sources import Hint, OrderFacts
from refund_desk.domain.words import RecordKind
from refund_desk.sources.shopify import CONNECTOR
from refund_desk.sources.shopify_orders import item_of
from tests.fakes import shopify
from tests.fakes.house import START


def facts(row: dict[str, Any], paid: list[dict[str, Any]]) -> OrderFacts:
    item = item_of("shop", row, paid)
    assert item.problems == ()
    assert isinstance(item.what, OrderFacts)
    return item.what


def test_an_order_of_its_own_documentation_is_read(shared_set: Callable[[str], Path]) -> None:
    folder = shared_set("gateway_samples") / "shopify"
    row = json.loads((folder / "order.json").read_bytes())["order"]
    refund = json.loads((folder / "refund.json").read_bytes())["refund"]
    row["refunds"] = [refund]
    sale = {"id": 1, "kind": "sale", "status": "success", "amount": row["total_price"], "gateway": "bogus"}
    found = facts(row, [{**sale, "created_at": row["created_at"], "authorization": "a-1"}])
    said = {(one.kind, one.external_id): one.fields for one in found.sayings}
    assert found.order == "#1001"
    assert said[RecordKind.ORDER, "#1001"]["refunded"] == 20_900
    assert said[RecordKind.REFUND, "shop-refund-179259969"]["reason"] == "it broke during shipping"
    assert said[RecordKind.PAYMENT, "a-1"]["captured"] == 40_994
    assert [one.fields["unit_price"] for one in found.sayings if one.kind is RecordKind.ORDER_LINE] == [19_900] * 3


def test_tax_on_top_and_discounts_are_told_apart() -> None:
    row = shopify.order(1, shopify.START)
    row |= {"taxes_included": False, "total_tax": "2.50"}
    row["line_items"][0]["discount_allocations"] = [{"amount": "1.20"}, {"amount": "0.30"}]
    found = facts(row, [])
    order, first, *_ = found.sayings
    assert (order.fields["tax"], order.fields["paid"], first.fields["discount"]) == (250, 0, 150)


def test_a_webhook_is_signed_over_its_body() -> None:
    secret = "hush"
    body = json.dumps({"id": 820982911946154508, "order_id": 4}).encode()
    mac = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    headers = {"x-shopify-hmac-sha256": mac, "x-shopify-webhook-id": "w-1", "x-shopify-topic": "orders/updated"}
    heard = CONNECTOR.hear(headers, body, secret, START)
    assert (heard.event, heard.hints) == ("w-1", (Hint("orders", "820982911946154508"),))
    other = {**headers, "x-shopify-topic": "refunds/create"}
    assert CONNECTOR.hear(other, body, secret, START).hints == (Hint("orders", "4"),)
    for wrong in ({**headers, "x-shopify-hmac-sha256": "é"}, {}):
        with pytest.raises(Invalid, match=r"hook\.signature"):
            CONNECTOR.hear(wrong, body, secret, START)
    with pytest.raises(Invalid, match=r"hook\.signature"):
        CONNECTOR.hear(headers, body + b" ", secret, START)
