"""What a payout channel brings to the door tests: a desk with one paid order, the system that pays, and its books.

Books are the system's own; nothing here reads a table of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from refund_desk.domain.words import Decision
from refund_desk.service.ports.gateways import Channel
from refund_desk.service.ports.sources import Config
from refund_desk.sources import medusa_payout, vendure_payout
from refund_desk.sources.channels import ONCE
from refund_desk.sources.medusa import MedusaSession
from refund_desk.sources.vendure import VendureSession
from refund_desk.sources.ways import Ways
from refund_desk.worker.payouts import Payouts
from tests.fakes import bundles as b
from tests.fakes import medusa, vendure
from tests.fakes.faulty import Asked, Faulty, Said
from tests.fakes.house import Clock, FakeHouse
from tests.fakes.scene import Scene
from tests.money.process import WORKER, Kept

ORDER, PAYMENT, MINOR = "O1", "ch_1", 12_900
"""Each order is of 129.00: two cups of 60.00 together as L1 twice, and a plate of 9.00."""


@dataclass(frozen=True)
class Booked:
    """A refund in the system's own books. ours: the intent that it says it is."""

    minor: int
    ours: bool
    counts: bool


class Rig(Protocol):
    """One system that pays. Its clock is the desk's."""

    name: str
    currency: str
    sent: int
    """Calls that asked for a refund and arrived."""

    def channel(self) -> Channel: ...
    def books(self) -> list[Booked]: ...
    def by_hand(self, minor: int) -> None:
        """Somebody refunds in the system's own administration."""

    def lose(self, *, booked: bool) -> None:
        """The next refund's answer is lost, after it was booked or before it arrived."""

    def fail_later(self) -> None:
        """What was paid out last fails after all."""

    def forge(self, desk: str) -> None:
        """A refund stands there that says it is ours, and that this desk doesn't know."""

    def stop(self) -> None:
        """It answers nothing any more."""

    def close(self) -> None: ...


class VendureDoor:
    """The fake shop."""

    name, currency = "shop", "EUR"

    def __init__(self, clock: Clock) -> None:
        self.shop, self.clock, self.sent = vendure.Shop(), clock, 0
        self.lost: bool | None = None
        row = vendure.order(1, vendure.START)
        row |= {"code": ORDER, "totalWithTax": MINOR}
        row["payments"][0] |= {"amount": MINOR, "transactionId": PAYMENT}
        self.shop.orders[1] = row
        self.payment = row["payments"][0]
        self.server = Faulty(self._answer)
        self.server.date = lambda: format_datetime(clock(), usegmt=True)

    def _answer(self, asked: Asked) -> Said:
        sending = b"refundOrder(" in asked.body
        if not sending or self.lost is None:
            self.sent += sending
            return self.shop.answer(asked)
        booked, self.lost = self.lost, None
        if booked:
            self.sent += 1
            self.shop.answer(asked)
        return Said(200, b'{"data":{}}' * 20, cut=True)

    def channel(self) -> Channel:
        settings = {"url": self.server.url, "username": vendure.USER, "private": True}
        ways = Ways(self.name, private=True, patience=replace(ONCE, deadline=2.0))
        config = Config(self.name, settings, {"password": vendure.PASSWORD}, self.clock, ways)
        terms = replace(vendure_payout.TERMS, name=self.name)
        self.ways = ways
        return vendure_payout.VendurePayout(VendureSession(config, ways, self.clock), terms)

    def books(self) -> list[Booked]:
        rows = self.payment["refunds"]
        return [Booked(r["total"], "refund-desk/" in r["reason"], r["state"] != "Failed") for r in rows]

    def by_hand(self, minor: int) -> None:
        self.shop.refund(self.payment, minor, "goodwill")

    def lose(self, *, booked: bool) -> None:
        self.lost = booked

    def fail_later(self) -> None:
        self.payment["refunds"][-1]["state"] = "Failed"

    def forge(self, desk: str) -> None:
        self.shop.refund(self.payment, 100, f"RC-26-000009 refund-desk/{desk}/id-of-another-time")

    def stop(self) -> None:
        self.server.close()

    def close(self) -> None:
        self.ways.close()
        self.server.close()


class MedusaDoor:
    """The other fake shop. What it paid out has no state that could change."""

    name, currency = "shop2", "EUR"

    def __init__(self, clock: Clock) -> None:
        self.shop, self.clock, self.sent = medusa.Shop(), clock, 0
        self.lost: bool | None = None
        self.shop.put(1, medusa.START, 0)
        self.payment = self.shop.rows["orders"]["order_00001"]["payment_collections"][0]["payments"][0]
        self.payment |= {"id": PAYMENT, "amount": MINOR / 100}
        self.payment["captures"][0]["amount"] = MINOR / 100
        self.server = Faulty(self._answer)
        self.server.date = lambda: format_datetime(clock(), usegmt=True)

    def _answer(self, asked: Asked) -> Said:
        sending = asked.method == "POST"
        if not sending or self.lost is None:
            self.sent += sending
            return self.shop.answer(asked)
        booked, self.lost = self.lost, None
        if booked:
            self.sent += 1
            self.shop.answer(asked)
        return Said(200, b'{"payment":{}}' * 20, cut=True)

    def channel(self) -> Channel:
        settings = {"url": self.server.url, "private": True}
        self.ways = Ways(self.name, private=True, patience=replace(ONCE, deadline=2.0))
        session = MedusaSession(
            Config(self.name, settings, {"key": medusa.KEY}, self.clock, self.ways), self.ways, self.clock
        )
        return medusa_payout.MedusaPayout(session, self.clock, replace(medusa_payout.TERMS, name=self.name))

    def books(self) -> list[Booked]:
        rows = self.payment["refunds"]
        return [Booked(round(r["amount"] * 100), "refund-desk/" in r["note"], counts=True) for r in rows]

    def by_hand(self, minor: int) -> None:
        self.shop.refund(self.payment, minor / 100, "goodwill")

    def lose(self, *, booked: bool) -> None:
        self.lost = booked

    def fail_later(self) -> None:
        pytest.skip("a refund of Medusa has no state that could change")

    def forge(self, desk: str) -> None:
        self.shop.refund(self.payment, 1, f"RC-26-000009 refund-desk/{desk}/id-of-another-time")

    def stop(self) -> None:
        self.server.close()

    def close(self) -> None:
        self.ways.close()
        self.server.close()


DOORS: Mapping[str, Callable[[Clock], Rig]] = {"medusa": MedusaDoor, "vendure": VendureDoor}


@dataclass
class Desk:
    """A staffed desk that pays through one system."""

    scene: Scene
    rig: Rig
    epoch: Kept = field(default_factory=Kept)

    def __post_init__(self) -> None:
        self.channel = self.rig.channel()
        self.house: FakeHouse = self.scene.house
        with self.house.write() as work:
            work.people.set_mark("desk_id", "d" * 32)
        self.payouts = self.process()

    def process(self) -> Payouts:
        """A worker process, started afresh."""
        made = Payouts(self.house, WORKER, {self.rig.name: self.channel}, self.epoch)
        made.begin()
        return made

    def approved(self, number: str, line: str, minor: int) -> str:
        """A case about one line, decided and approved, its money reserved; its reference."""
        asked = {"lines": [{"line": line, "quantity": 1}], "currency": self.rig.currency, "amount": None}
        parts: dict[str, Any] = {
            "request": b.request(number, ORDER, **asked),
            "orders": [b.order(ORDER, currency=self.rig.currency)],
            "payments": [b.payment(PAYMENT, ORDER, system=self.rig.name, currency=self.rig.currency)],
        }
        ref = self.scene.case(number, ORDER, **parts)
        lines = ((line, 1, minor),)
        self.scene.propose(ref, Decision.PARTIAL, "part_of_order", lines=lines)
        self.scene.approve(ref)
        return ref

    def wait(self, **delta: float) -> int:
        """Time passes, then the worker looks."""
        self.house.clock.forward(**delta)
        return self.payouts.step()

    def intent(self, ref: str) -> Any:
        (found,) = self.scene.intents(ref)
        return found

    def alarms(self) -> list[str]:
        with self.house.read() as work:
            return [one.code for one in work.sending.alarms()]


def desk(folder: Path, engine: Any, name: str) -> Desk:
    """A desk on a database, with the system of that name."""
    house = FakeHouse(engine, folder)
    return Desk(Scene(house), DOORS[name](house.clock))


__all__ = ["DOORS", "MINOR", "ORDER", "PAYMENT", "Booked", "Desk", "Rig", "desk"]
