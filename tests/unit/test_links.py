"""Addresses of records in their own systems: what is taken, what is refused, and what an id can't do to them."""

from __future__ import annotations

import pytest

from refund_desk.domain.errors import Invalid
from refund_desk.domain.links import address_problem, link_to
from refund_desk.domain.words import RecordKind
from refund_desk.engines import links

SHOP = {"shop": {RecordKind.ORDER: "https://shop.example/admin/orders/{id}?tab=1#top"}}


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("SO-1", "https://shop.example/admin/orders/SO-1?tab=1#top"),
        ("a b/../&x=1#?", "https://shop.example/admin/orders/a%20b%2F..%2F%26x%3D1%23%3F?tab=1#top"),
        ("订单 1", "https://shop.example/admin/orders/%E8%AE%A2%E5%8D%95%201?tab=1#top"),
        ("{id}", "https://shop.example/admin/orders/%7Bid%7D?tab=1#top"),
    ],
)
def test_an_id_stays_one_part_of_the_address(number: str, wanted: str) -> None:
    assert link_to(SHOP, "shop", RecordKind.ORDER, number) == wanted


def test_what_has_no_address_has_no_link() -> None:
    assert link_to(SHOP, "shop", RecordKind.PAYMENT, "P1") is None
    assert link_to(SHOP, "pay", RecordKind.ORDER, "O1") is None
    assert link_to(SHOP, "shop", RecordKind.ORDER, "..") is None, "it would lead up"
    assert link_to(SHOP, "shop", RecordKind.ORDER, "") is None


def test_a_parcel_is_found_by_the_number_of_its_carrier() -> None:
    carrier = {"sf": {RecordKind.SHIPMENT: "https://sf.example/track?n={tracking}"}}
    assert link_to(carrier, "sf", RecordKind.SHIPMENT, "sf-1", "SF 12") == "https://sf.example/track?n=SF%2012"
    assert link_to(carrier, "sf", RecordKind.SHIPMENT, "sf-1") is None


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://shop.example:8080/o/{id}", None),
        ("https://shop.example/o?id={id}&again={id}", None),
        ("javascript:alert({id})", "link.scheme"),
        ("file:///etc/{id}", "link.scheme"),
        ("shop.example/{id}", "link.scheme"),
        ("https:///orders/{id}", "link.not_address"),
        ("https://me:secret@shop.example/{id}", "link.not_address"),
        ("https://shop.example/a b/{id}", "link.not_address"),
        ("https://shop.example\\@evil.example/{id}", "link.not_address"),
        ("https://shop.example:x/{id}", "link.not_address"),
        ("https://шоп.example/{id}", "link.not_address"),
        ("https://{id}.example/", "link.place_in_host"),
        ("https://shop.example:{id}/", "link.place_in_host"),
        ("https://shop.example/orders", "link.no_place"),
        ("https://shop.example/{order}", "link.unknown_place"),
        ("https://shop.example/{tracking}", "link.unknown_place"),
        ("https://shop.example/{id", "link.unknown_place"),
        ("https://shop.example/{{id}}", "link.unknown_place"),
        ("https://shop.example/{id}" + "x" * 500, "link.too_long"),
    ],
)
def test_addresses(address: str, code: str | None) -> None:
    assert address_problem(RecordKind.ORDER, address) == code


def test_every_mistake_of_the_settings_is_told_with_its_place() -> None:
    content = {"shop": {"order": "ftp://x/{id}", "basket": "https://x/{id}", "payment": 5}, "erp": []}
    with pytest.raises(Invalid) as error:
        links.read(content)
    found = {problem["path"]: problem["code"] for problem in error.value.params["problems"]}
    assert found == {
        "links[shop][order]": "link.scheme",
        "links[shop][basket]": "file.unknown_word",
        "links[shop][payment]": "file.not_text",
        "links[erp]": "file.not_mapping",
    }
    assert links.read({"shop": {"order": SHOP["shop"][RecordKind.ORDER]}}) == SHOP
