"""What a connector brings to the conformance suite: a system on loopback that serves its published reference.

A rig has things numbered from 0. `put` makes or changes one; `version` 0 is how it is first, a higher one is
later. Everything else is what can go wrong with a system.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Protocol

from refund_desk.domain.requests import Saying
from refund_desk.domain.words import RecordKind
from refund_desk.service import sources
from tests.fakes import (
    csv_orders,
    easypost,
    feed,
    imap,
    mall,
    medusa,
    razorpay,
    shopify,
    stripe,
    vendure,
    wechatpay,
    woocommerce,
)
from tests.fakes.faulty import Faulty, Said
from tests.fakes.sources import SourceHouse


class Rig(Protocol):
    """One system under test."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]

    @property
    def connector(self) -> str: ...
    @property
    def many(self) -> int:
        """Things enough for three pages."""

    @property
    def changes(self) -> bool:
        """Whether its things change and go; mails don't."""

    def prepare(self, desk: SourceHouse) -> None:
        """What the desk has to know before."""

    def code(self, fault: str) -> str | None:
        """What the desk says of a fault that goes on; None: this system has no such fault."""

    def put(self, number: int, version: int = 0) -> str:
        """Make or change a thing; its id in the stream."""

    def remove(self, number: int) -> None: ...
    def double(self, on: bool) -> None:
        """List everything twice."""

    def skew(self, hours: float) -> None:
        """Set the system's clock wrong, for all that happens from now on."""

    def spoil(self, number: int) -> None:
        """The thing loses a field that it always had."""

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        """Which version of a thing the desk shows; None: none."""

    def fail(self, *faults: str) -> None:
        """The next answers: `500`, `429`, `cut`, `garbage`, `slow`, `html`."""

    def wrong_secret(self) -> Mapping[str, str]: ...
    def close(self) -> None: ...


class OverHttp:
    """What rigs over HTTP have in common."""

    changes = True
    server: Faulty

    def prepare(self, desk: SourceHouse) -> None:
        """Nothing."""

    def code(self, fault: str) -> str | None:
        return HTTP_CODES[fault]

    def fail(self, *faults: str) -> None:
        self.server.faults = [FAULTS[fault] for fault in faults]

    def close(self) -> None:
        self.server.close()


HTTP_CODES: Mapping[str, str] = {
    "500": "source.status",
    "cut": "source.unreachable",
    "garbage": "source.garbage",
    "html": "source.garbage",
    "429": "source.throttled",
    "slow": "source.timeout",
}
FAULTS: Mapping[str, Said] = {
    "500": Said(500, b'{"error":"oops"}'),
    "429": Said(429, b"{}", {"retry-after": "1"}),
    "cut": Said(200, b'{"data":{"orders":{"items":[]}}}' * 50, cut=True),
    "garbage": Said(200, b"\x00\xff{{{"),
    "html": Said(200, b"<html>maintenance</html>", {"content-type": "text/html"}),
    "slow": Said(200, b"{}", after=30.0),
}


class VendureRig(OverHttp):
    """The fake shop."""

    connector = "vendure"
    many = 210

    def __init__(self) -> None:
        self.shop = vendure.Shop()
        self.server = Faulty(self.shop.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "username": vendure.USER, "private": True}
        self.secrets: Mapping[str, str] = {"password": vendure.PASSWORD}

    def put(self, number: int, version: int = 0) -> str:
        placed = vendure.START + timedelta(minutes=number, hours=self.hours)
        self.shop.orders[number] = vendure.order(number, placed, refunded=version)
        return str(number)

    def remove(self, number: int) -> None:
        del self.shop.orders[number]

    def double(self, on: bool) -> None:
        self.shop.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        row = json.loads(json.dumps(self.shop.orders[number]))
        del row["payments"][0]["amount"]
        row["updatedAt"] = vendure.text(vendure.START + timedelta(days=1))
        self.shop.orders[number] = row

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        found = [
            row[5] for row in picture["said"] if row[0] == f"V{number:05d}" and row[2:5:2] == ("order", "refunded")
        ]
        return found[0] if found else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"password": "not-the-pässword"}


class StripeRig(OverHttp):
    """The fake gateway."""

    connector = "stripe"
    many = 210

    def __init__(self) -> None:
        self.gateway = stripe.Gateway()
        self.server = Faulty(self.gateway.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "private": True}
        self.secrets: Mapping[str, str] = {"key": stripe.KEY}

    def put(self, number: int, version: int = 0) -> str:
        return self.gateway.put(number, stripe.at(number, self.hours), version)

    def remove(self, number: int) -> None:
        del self.gateway.charges[number]

    def double(self, on: bool) -> None:
        self.gateway.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        del self.gateway.charges[number]["amount"]

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = (row for row in picture["said"] if row[0] == f"V{number:05d}")
        found = [row[5] for row in mine if (row[2], row[4]) == ("payment", "refunded")]
        return found[0] if found else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"key": "sk_test_not_ours"}


class MedusaRig(OverHttp):
    """The other fake shop."""

    connector = "medusa"
    many = 110

    def __init__(self) -> None:
        self.shop = medusa.Shop()
        self.server = Faulty(self.shop.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "private": True}
        self.secrets: Mapping[str, str] = {"key": medusa.KEY}

    def put(self, number: int, version: int = 0) -> str:
        return self.shop.put(number, medusa.at(number, self.hours), version)

    def remove(self, number: int) -> None:
        del self.shop.rows["orders"][f"order_{number:05d}"]

    def double(self, on: bool) -> None:
        self.shop.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        del self.shop.rows["orders"][f"order_{number:05d}"]["payment_collections"][0]["payments"][0]["captures"]

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = (row for row in picture["said"] if row[0] == str(number))
        found = [row[5] for row in mine if (row[2], row[4]) == ("order", "refunded")]
        return found[0] if found else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"key": "sk_not_ours"}


class ShopifyRig(OverHttp):
    """The fake of Shopify."""

    connector = "shopify"
    many = 210

    def __init__(self) -> None:
        self.shop = shopify.Shop()
        self.server = Faulty(self.shop.answer)
        self.shop.url = self.server.url
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "private": True}
        self.secrets: Mapping[str, str] = {"token": shopify.TOKEN}

    def put(self, number: int, version: int = 0) -> str:
        return self.shop.put(number, shopify.at(number, self.hours), version)

    def remove(self, number: int) -> None:
        del self.shop.orders[number]

    def double(self, on: bool) -> None:
        self.shop.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        row = self.shop.orders[number]
        del row["line_items"][0]["price"]
        row["updated_at"] = shopify.text(shopify.at(number) + timedelta(minutes=1))

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = (row for row in picture["said"] if row[0] == f"#{number}")
        found = [row[5] for row in mine if (row[2], row[4]) == ("order", "refunded")]
        return found[0] if found else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"token": "shpat_not_ours"}


class WooRig(OverHttp):
    """The fake of WooCommerce."""

    connector = "woocommerce"
    many = 210

    def __init__(self) -> None:
        self.shop = woocommerce.Shop()
        self.server = Faulty(self.shop.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "key": woocommerce.KEY, "private": True}
        self.secrets: Mapping[str, str] = {"secret": woocommerce.SECRET}

    def put(self, number: int, version: int = 0) -> str:
        return self.shop.put(number, woocommerce.at(number, self.hours), version)

    def remove(self, number: int) -> None:
        del self.shop.orders[number]

    def double(self, on: bool) -> None:
        self.shop.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        row = self.shop.orders[number]
        del row["line_items"][0]["total"]
        row["date_modified_gmt"] = woocommerce.text(woocommerce.at(number) + timedelta(minutes=1))

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = (row for row in picture["said"] if row[0] == str(number))
        found = [row[5] for row in mine if (row[2], row[4]) == ("order", "refunded")]
        return found[0] if found else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"secret": "cs_not_ours"}


def with_parcels(desk: SourceHouse | None, *numbers: int) -> None:
    """Orders of a shop that this desk knows, each with a parcel on its way."""
    at = vendure.START - timedelta(days=1)
    if desk is None:
        return
    with desk.store.write() as work:
        for number in numbers:
            order = work.facts.ensure_order(f"V{number:05d}", "EUR", None)
            said = {"tracking": f"T{number:05d}", "status": "shipped"}
            saying = Saying("", "mall", RecordKind.SHIPMENT, f"S{number}", order.number, at, said)
            work.facts.observe(order.id, [saying], at, lambda _: b"")


class EasyPostRig(OverHttp):
    """The fake of EasyPost, and orders whose parcels it knows."""

    connector = "easypost"
    many = 210

    def __init__(self) -> None:
        self.service = easypost.Service()
        self.desk: SourceHouse | None = None
        self.server = Faulty(self.service.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "private": True}
        self.secrets: Mapping[str, str] = {"key": easypost.KEY}

    def prepare(self, desk: SourceHouse) -> None:
        self.desk = desk

    def put(self, number: int, version: int = 0) -> str:
        with_parcels(self.desk, number)
        row = easypost.tracker(number, easypost.at(number, self.hours), version)
        self.service.trackers[number] = row
        return str(row["id"])

    def remove(self, number: int) -> None:
        del self.service.trackers[number]

    def double(self, on: bool) -> None:
        self.service.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        row = self.service.trackers[number]
        del row["carrier"]
        row["updated_at"] = easypost.text(easypost.at(number) + timedelta(minutes=1))

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = [row for row in picture["said"] if row[:3] == (f"V{number:05d}", "shop", "shipment")]
        said = {row[4]: row[5] for row in mine}
        if "delivered_at" not in said:
            return 0 if mine else None
        moments = [datetime.fromisoformat(str(said[name])) for name in ("shipped_at", "delivered_at")]
        return round((moments[1] - moments[0]).total_seconds() / 60)

    def wrong_secret(self) -> Mapping[str, str]:
        return {"key": "EZTK_not_ours"}


class FeedRig(OverHttp):
    """The fake of a documented feed: each message is a complaint about an order that the desk knows."""

    connector = "feed"
    many = 210
    changes = False

    def __init__(self) -> None:
        self.feed = feed.Feed()
        self.desk: SourceHouse | None = None
        self.server = Faulty(self.feed.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "private": True}
        self.secrets: Mapping[str, str] = {"token": feed.TOKEN}

    def prepare(self, desk: SourceHouse) -> None:
        self.desk = desk

    def put(self, number: int, version: int = 0) -> str:
        with_parcels(self.desk, number)
        at = vendure.START + timedelta(minutes=number, hours=self.hours)
        self.feed.items["messages"].append(feed.message(number, at.isoformat()))
        return f"m{number}"

    def remove(self, number: int) -> None:
        raise NotImplementedError

    def double(self, on: bool) -> None:
        self.feed.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        raise NotImplementedError

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        return 0 if ("shop", f"m{number}") in picture["messages"] else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"token": "not-the-token"}


class MallRig(OverHttp):
    """The fake of mall's tables."""

    connector = "mall"
    many = 210

    def __init__(self) -> None:
        self.tables = mall.Tables()
        self.server = Faulty(self.tables.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "private": True}
        self.secrets: Mapping[str, str] = {"token": mall.TOKEN}

    def put(self, number: int, version: int = 0) -> str:
        return self.tables.put(number, mall.at(number, self.hours), version)

    def remove(self, number: int) -> None:
        del self.tables.orders[number]

    def double(self, on: bool) -> None:
        self.tables.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        del self.tables.orders[number]["pay_amount"]

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = [row for row in picture["said"] if row[:2] == (f"V{number:05d}", "shop")]
        sent = [str(row[5]) for row in mine if (row[2], row[4]) == ("shipment", "tracking")]
        return int(sent[0].removeprefix("SF-")) if sent else 0 if mine else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"token": "not-the-token"}


class RazorpayRig(OverHttp):
    """The fake of Razorpay."""

    connector = "razorpay"
    many = 210

    def __init__(self) -> None:
        self.gateway = razorpay.Gateway()
        self.server = Faulty(self.gateway.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {"url": self.server.url, "key": razorpay.KEY, "private": True}
        self.secrets: Mapping[str, str] = {"secret": razorpay.SECRET}

    def put(self, number: int, version: int = 0) -> str:
        return self.gateway.put(number, razorpay.at(number, self.hours), version)

    def remove(self, number: int) -> None:
        del self.gateway.payments[number]

    def double(self, on: bool) -> None:
        self.gateway.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        del self.gateway.payments[number]["amount"]

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = (row for row in picture["said"] if row[0] == f"V{number:05d}")
        found = [row[5] for row in mine if (row[2], row[4]) == ("payment", "refunded")]
        return found[0] if found else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"secret": "rzp-not-ours"}


class ImapRig:
    """The fake mailbox: each mail is a complaint about an order that the desk knows."""

    connector = "imap"
    many = 110
    changes = False

    def __init__(self) -> None:
        self.box = imap.Mailbox()
        self.server = imap.Server(self.box)
        self.hours = 0.0
        where = {"host": "127.0.0.1", "port": self.server.port, "security": "none", "private": True}
        self.settings: Mapping[str, Any] = {**where, "username": imap.USER}
        self.secrets: Mapping[str, str] = {"password": imap.PASSWORD}

    def prepare(self, desk: SourceHouse) -> None:
        with desk.store.write() as work:
            for number in range(self.many + 10):
                work.facts.ensure_order(f"V{number:05d}", "EUR", None)

    def code(self, fault: str) -> str | None:
        codes = {"500": "source.answer", "cut": "source.unreachable", "garbage": "source.unreachable"}
        return {**codes, "slow": "source.timeout"}.get(fault)

    def put(self, number: int, version: int = 0) -> str:
        at = format_datetime(vendure.START + timedelta(minutes=number, hours=self.hours))
        raw = imap.mail(number, f"Order V{number:05d} is broken", "I want my money back.", date=at)
        self.box.add(raw)
        if self.box.double:
            self.box.add(raw)
        return f"m{number}@shop.test"

    def remove(self, number: int) -> None:
        raise NotImplementedError

    def double(self, on: bool) -> None:
        self.box.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        raise NotImplementedError

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        return 0 if ("shop", f"m{number}@shop.test") in picture["messages"] else None

    def fail(self, *faults: str) -> None:
        names = {"500": "no"}
        self.box.faults = [names.get(fault, fault) for fault in faults]

    def wrong_secret(self) -> Mapping[str, str]:
        return {"password": "not-the-pässword"}

    def close(self) -> None:
        self.server.close()


class WeChatRig(OverHttp):
    """The fake of WeChat Pay: what is paid before its bills are fetched is in them, what is paid later is notified."""

    connector = "wechatpay"
    many = 30
    changes = False

    def __init__(self) -> None:
        self.pay = wechatpay.Pay()
        self.server = Faulty(self.pay.answer)
        self.hours = 0.0
        self.desk: SourceHouse | None = None
        where = {"url": self.server.url, "private": True, "since": "2026-11-14"}
        self.settings: Mapping[str, Any] = {**where, "mchid": wechatpay.MCHID, "serial": wechatpay.SERIAL}
        self.secrets: Mapping[str, str] = {"key": wechatpay.private(wechatpay.MERCHANT), "hook": wechatpay.HOOK}

    def prepare(self, desk: SourceHouse) -> None:
        self.desk, self.pay.clock = desk, desk.clock

    def put(self, number: int, version: int = 0) -> str:
        at = vendure.START - timedelta(days=1 + number % 3, hours=self.hours)
        self.pay.payments[number] = wechatpay.Payment(number, at)
        if self.pay.served:
            self.notify(f"evt-{number}", "TRANSACTION.SUCCESS", {"transaction_id": self.pay.payments[number].id})
        return self.pay.payments[number].id

    def notify(self, event: str, kind: str, about: Mapping[str, Any]) -> None:
        """As the platform posts it."""
        assert self.desk is not None
        body = wechatpay.notification(event, kind, about)
        headers = wechatpay.signed(body, self.desk.clock())
        found = self.desk.connectors.hear("wechatpay", headers, body, wechatpay.HOOK, self.desk.clock())
        with self.desk.store.write() as work:
            connection = work.sources.by_name("shop")
            assert connection is not None
            sources.heard(work, self.desk.desk, connection, found)

    def remove(self, number: int) -> None:
        raise NotImplementedError

    def double(self, on: bool) -> None:
        self.pay.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        raise NotImplementedError

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = [row for row in picture["said"] if row[0] == f"V{number:05d}"]
        return 0 if any((row[2], row[4], row[5]) == ("payment", "captured", 3500) for row in mine) else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"key": wechatpay.private(wechatpay.STRANGER), "hook": wechatpay.HOOK}


class CsvRig(OverHttp):
    """The file of orders."""

    connector = "csv_orders"
    many = 410

    def __init__(self) -> None:
        self.file = csv_orders.File()
        self.server = Faulty(self.file.answer)
        self.hours = 0.0
        self.settings: Mapping[str, Any] = {
            "url": f"{self.server.url}/orders.csv",
            "columns": csv_orders.COLUMNS.text(),
            "private": True,
        }
        self.secrets: Mapping[str, str] = {"token": csv_orders.TOKEN}

    def put(self, number: int, version: int = 0) -> str:
        at = csv_orders.START + timedelta(minutes=number, hours=self.hours)
        return self.file.put(number, at, version)

    def remove(self, number: int) -> None:
        del self.file.orders[number]

    def double(self, on: bool) -> None:
        self.file.double = on

    def skew(self, hours: float) -> None:
        self.hours = hours

    def spoil(self, number: int) -> None:
        first, *others = self.file.orders[number]
        self.file.orders[number] = [first.replace("10.00", "1o.00"), *others]

    def version_of(self, picture: Mapping[str, list[tuple[Any, ...]]], number: int) -> int | None:
        mine = (row for row in picture["said"] if row[0] == f"V{number:05d}")
        found = [row[5] for row in mine if (row[2], row[4]) == ("order", "refunded")]
        return found[0] if found else None

    def wrong_secret(self) -> Mapping[str, str]:
        return {"token": "another"}


RIGS: Mapping[str, Callable[[], Rig]] = {
    "csv_orders": CsvRig,
    "easypost": EasyPostRig,
    "feed": FeedRig,
    "imap": ImapRig,
    "mall": MallRig,
    "medusa": MedusaRig,
    "razorpay": RazorpayRig,
    "shopify": ShopifyRig,
    "stripe": StripeRig,
    "vendure": VendureRig,
    "wechatpay": WeChatRig,
    "woocommerce": WooRig,
}
