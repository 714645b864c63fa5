"""One worker process of the desk, in this one: it may die at a commit or a call, and is started afresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from refund_desk.domain.people import Principal
from refund_desk.domain.sending import Terms
from refund_desk.service.ports import Desk
from refund_desk.service.ports.gateways import Channel, Credentials, Epoch
from refund_desk.sources.stripe_payout import StripePayout
from refund_desk.store.work import SqlWork
from refund_desk.worker.payouts import Payouts
from tests.fakes.house import FakeHouse
from tests.money.checker import Broken
from tests.money.gateway import Gateway, NoAnswer

WORKER = Principal(0, 0, "worker", operator="system:worker")
GATE = "gate"


class Killed(BaseException):
    """The process is gone: nothing after this line runs in it."""


@dataclass
class Kept:
    """The epoch outside the store: lives on when the database is restored."""

    epoch: Epoch | None = None

    def read(self) -> Epoch | None:
        return self.epoch

    def write(self, epoch: Epoch) -> None:
        self.epoch = epoch


class InProcess(httpx.BaseTransport):
    """Calls the gateway without a socket; what it doesn't answer is a time-out or a cut line."""

    def __init__(self, gateway: Gateway, point: Callable[[str], None], on_send: Callable[[str], None]) -> None:
        self.gateway, self.point, self.on_send = gateway, point, on_send

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        if request.method == "POST":
            self.on_send(form.get("metadata[refund_desk_intent]", ""))
        self.point("call")
        try:
            status, headers, body = self.gateway.call(request.method, str(request.url), form, request.headers)
        except NoAnswer as lost:
            if lost.kind == "timeout":
                raise httpx.ReadTimeout("nothing heard", request=request) from lost
            raise httpx.RemoteProtocolError("cut", request=request) from lost
        self.point("answer")
        return httpx.Response(status, headers=headers, content=body)


@dataclass
class Process:
    """One worker process over the house's database. It may be killed at a commit or a call."""

    house: FakeHouse
    gateway: Gateway
    terms: Terms
    epoch: Kept
    kill: int = 0
    open: int = 0
    points: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        credentials = Credentials("http://gateway.test", "sk_test_history")
        self.channel: Channel = StripePayout(credentials, self.terms, InProcess(self.gateway, self.point, self.on_send))
        self.start()

    def start(self) -> None:
        """A fresh start of the process, as after a crash."""
        self.kill = 0
        self.payouts = Payouts(self, WORKER, {GATE: self.channel}, self.epoch)
        self.payouts.begin()

    @property
    def desk(self) -> Desk:
        return self.house.desk

    def on_send(self, intent: str) -> None:
        """Before the first byte leaves: it is on record, and no transaction is open that could hide or lose it."""
        if self.open:
            raise Broken("sent with a transaction open", intent)
        with self.house.read() as work:
            state = work.sending.known([intent])[intent]
        if state not in ("submitting", "unknown"):
            raise Broken("sent before it was on record", f"{intent} is {state}")

    def point(self, what: str) -> None:
        """A place where it may die."""
        self.points.append(what)
        if self.kill:
            self.kill -= 1
            if not self.kill:
                raise Killed

    @contextmanager
    def write(self) -> Iterator[SqlWork]:
        self.open += 1
        try:
            with self.house.write() as work:
                yield work
                self.point("commit")
        finally:
            self.open -= 1
        self.point("committed")

    @contextmanager
    def read(self) -> Iterator[SqlWork]:
        self.open += 1
        try:
            with self.house.read() as work:
                yield work
        finally:
            self.open -= 1
