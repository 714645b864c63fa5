"""What a connector brings to the conformance suite: a system on loopback that serves its published reference.

A rig has things numbered from 0. `put` makes or changes one; `version` 0 is how it is first, a higher one is
later. Everything else is what can go wrong with a system.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from tests.fakes import stripe, vendure
from tests.fakes.faulty import Faulty, Said


class Rig(Protocol):
    """One system under test."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]

    @property
    def connector(self) -> str: ...
    @property
    def many(self) -> int:
        """Things enough for three pages."""

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


FAULTS: Mapping[str, Said] = {
    "500": Said(500, b'{"error":"oops"}'),
    "429": Said(429, b"{}", {"retry-after": "1"}),
    "cut": Said(200, b'{"data":{"orders":{"items":[]}}}' * 50, cut=True),
    "garbage": Said(200, b"\x00\xff{{{"),
    "html": Said(200, b"<html>maintenance</html>", {"content-type": "text/html"}),
    "slow": Said(200, b"{}", after=30.0),
}


class VendureRig:
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

    def fail(self, *faults: str) -> None:
        self.server.faults = [FAULTS[fault] for fault in faults]

    def wrong_secret(self) -> Mapping[str, str]:
        return {"password": "not-the-pässword"}

    def close(self) -> None:
        self.server.close()


class StripeRig:
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

    def fail(self, *faults: str) -> None:
        self.server.faults = [FAULTS[fault] for fault in faults]

    def wrong_secret(self) -> Mapping[str, str]:
        return {"key": "sk_test_not_ours"}

    def close(self) -> None:
        self.server.close()


RIGS: Mapping[str, Callable[[], Rig]] = {"stripe": StripeRig, "vendure": VendureRig}
