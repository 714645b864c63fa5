"""SIGKILL to a child at every commit and every call, then a fresh start: one refund, nothing lost.

The points are found by walking the worker's code: each `write` block and each call to a gateway in it. A new
one that no scenario here passes through is a failure.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from urllib.parse import parse_qsl

import pytest

from refund_desk.domain.sending import Answer, Paid, Parcel, Snapshot, Terms
from refund_desk.domain.words import Decision
from refund_desk.engines.epoch_file import FileEpoch
from refund_desk.service.ports import Desk
from refund_desk.service.ports.gateways import Credentials, Listing
from refund_desk.sources.stripe_payout import StripePayout
from refund_desk.store.database import open_engine
from refund_desk.store.work import SqlWork
from refund_desk.worker import payouts as worker
from tests.fakes import bundles as b
from tests.fakes.house import START, FakeHouse
from tests.fakes.scene import Scene
from tests.money.gateway import Fault, Gateway, NoAnswer
from tests.money.player import STAFF_NEEDED
from tests.money.process import GATE, WORKER
from tests.money.run import quiet

SOURCE = Path(worker.__file__)
TERMS = Terms(GATE, timedelta(seconds=30), timedelta(hours=24), 5, timedelta(seconds=20))
CALLS = {"read", "send", "find"}


def sites() -> set[int]:
    """Lines of the worker where it commits, or asks or sends something."""
    out = set()
    for node in ast.walk(ast.parse(SOURCE.read_text("utf-8"))):
        if isinstance(node, ast.With) and any("write()" in ast.unparse(item) for item in node.items):
            out.add(node.lineno)
        named = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if named is not None and named.attr in CALLS and "_house" not in ast.unparse(named):
            out.add(node.lineno)  # type: ignore[attr-defined]
    return out


def _line() -> int:
    """Where in the worker this was called from."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == str(SOURCE):
            return frame.f_lineno
        frame = frame.f_back
    return 0


@dataclass
class Points:
    """Counts points in a child, and kills it at the n-th."""

    kill: int = 0
    seen: list[int] = field(default_factory=list)

    def __call__(self) -> None:
        self.seen.append(_line())
        if len(self.seen) == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)


class Stopping:
    """A channel that may be the last thing a process did."""

    def __init__(self, inner: StripePayout, point: Points) -> None:
        self._inner, self._point, self.terms = inner, point, inner.terms

    def read(self, paid: Paid, at: object) -> Snapshot:
        self._point()
        out = self._inner.read(paid, at)  # type: ignore[arg-type]
        self._point()
        return out

    def send(self, parcel: Parcel) -> Answer:
        self._point()
        out = self._inner.send(parcel)
        self._point()
        return out

    def find(self, parcel: Parcel) -> Listing:
        self._point()
        out = self._inner.find(parcel)
        self._point()
        return out


class House:
    def __init__(self, house: FakeHouse, point: Points) -> None:
        self._house, self._point = house, point

    @property
    def desk(self) -> Desk:
        return self._house.desk

    @contextmanager
    def write(self) -> Iterator[SqlWork]:
        with self._house.write() as work:
            yield work
            self._point()
        self._point()

    @contextmanager
    def read(self) -> Iterator[SqlWork]:
        with self._house.read() as work:
            yield work


def _child(folder: str, port: int, at: float, kill: int, told: object) -> None:
    """One process of the desk, from its start through two rounds of work."""
    with quiet():
        engine = open_engine(f"sqlite:///{folder}/desk.db", synchronous="OFF")
        house = FakeHouse(engine, Path(folder))
        house.clock.now = START + timedelta(seconds=at)
        point = Points(kill)
        channel = Stopping(StripePayout(Credentials(f"http://127.0.0.1:{port}", "sk_test_kill"), TERMS), point)
        run = worker.Payouts(House(house, point), WORKER, {GATE: channel}, FileEpoch(Path(folder) / "epoch", "desk"))
        run.begin()
        run.step()
        told.put(point.seen)  # type: ignore[attr-defined]
        engine.dispose()


class Bench:
    """A desk's folder, and a gateway on loopback that outlives every process of the desk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at = folder, 0.0
        self.gateway = Gateway(settling_s=30, key_life_s=86400)
        self.gateway.now = START.timestamp()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.gateway))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._context = multiprocessing.get_context("fork")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forward(self, seconds: float) -> None:
        self.at += seconds
        self.gateway.forward(seconds)

    def run(self, kill: int = 0) -> list[int]:
        """A process of the desk; the points it passed. With kill: it must have died there."""
        told = self._context.Queue()
        child = self._context.Process(
            target=_child, args=(str(self.folder), self._server.server_address[1], self.at, kill, told)
        )
        child.start()
        seen: list[int] = [] if kill else told.get(timeout=120)
        child.join(timeout=120)
        assert child.exitcode == (-signal.SIGKILL if kill else 0)
        return seen

    def states(self) -> list[str]:
        engine = open_engine(f"sqlite:///{self.folder}/desk.db", synchronous="OFF")
        with engine.connect() as connection:
            found = [row[0] for row in connection.exec_driver_sql("SELECT state FROM refund_intent ORDER BY id")]
        engine.dispose()
        return found


def _handler(gateway: Gateway) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            try:
                with lock:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    status, more, raw = gateway.call(self.command, self.path, dict(parse_qsl(body)), headers)
            except NoAnswer:
                self.connection.close()
                return
            self.send_response_only(status)
            for name, value in {**more, "content-length": str(len(raw)), "connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    return Handler


@pytest.fixture(scope="module")
def approved(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed database in which one refund of 60.00 is approved and may leave."""
    folder = tmp_path_factory.mktemp("approved")
    shutil.copyfile(sqlite_template, folder / "desk.db")
    engine = open_engine(f"sqlite:///{folder}/desk.db", synchronous="OFF")
    scene = Scene(FakeHouse(engine, folder))
    for name in STAFF_NEEDED:
        getattr(scene, name)
    with scene.house.write() as work:
        work.people.set_mark("desk_id", "desk")
    ref = scene.case(payments=[b.payment("ch_1", "O1", system=GATE)], shipments=[])
    scene.propose(ref, Decision.PARTIAL, "part_of_order", lines=(("L1", 1, None),))
    scene.approve(ref)
    engine.dispose()
    return folder / "desk.db"


@pytest.fixture
def bench(approved: Path, tmp_path: Path) -> Iterator[Bench]:
    shutil.copyfile(approved, tmp_path / "desk.db")
    made = Bench(tmp_path)
    made.gateway.pay("ch_1", "CNY", 12900)
    made.forward(11)
    yield made
    made.close()


def anew(bench: Bench, approved: Path) -> None:
    """The same desk before anything left; the gateway, too."""
    for file in bench.folder.glob("desk.db*"):
        file.unlink()
    (bench.folder / "epoch").unlink(missing_ok=True)
    shutil.copyfile(approved, bench.folder / "desk.db")
    gateway = bench.gateway
    gateway.refunds.clear()
    gateway.keys.clear()
    gateway.send_faults.clear()
    gateway.read_faults.clear()


def settle(bench: Bench) -> None:
    """Fresh starts, until it is settled: exactly one refund, and the desk says so."""
    for seconds in (61, 61, 130, 300, 3600):
        bench.forward(seconds)
        bench.run()
        if bench.states() == ["succeeded"]:
            break
    assert bench.states() == ["succeeded"]
    assert [one.minor for one in bench.gateway.refunds] == [6000]


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE, Fault.ERROR_AFTER])
def test_killed_at_every_point_of_sending(bench: Bench, approved: Path, fault: Fault) -> None:
    bench.gateway.send_faults.append(fault)
    points = len(bench.run())
    assert points >= 10
    for kill in range(1, points + 1):
        anew(bench, approved)
        bench.gateway.send_faults.append(fault)
        bench.run(kill)
        settle(bench)


def test_killed_at_every_point_of_asking(bench: Bench, approved: Path) -> None:
    """An unknown outcome, and then the process dies while it asks, reads again and sends again."""

    def unknown() -> None:
        anew(bench, approved)
        bench.gateway.send_faults.append(Fault.TIMEOUT_BEFORE)
        bench.run()
        bench.forward(61)
        assert bench.states() == ["unknown"]

    unknown()
    points = len(bench.run())
    for kill in range(1, points + 1):
        unknown()
        bench.run(kill)
        settle(bench)


def test_every_point_of_the_worker_is_passed(bench: Bench, approved: Path) -> None:
    seen: set[int] = set()
    bench.gateway.read_faults.append(Fault.ERROR_BEFORE)  # a question without an answer, before sending
    seen |= set(bench.run())
    bench.forward(11)
    bench.gateway.send_faults.append(Fault.TIMEOUT_BEFORE)
    seen |= set(bench.run())
    bench.forward(61)
    bench.gateway.read_faults.append(Fault.ERROR_BEFORE)  # and one while asking
    seen |= set(bench.run())
    bench.forward(61)
    seen |= set(bench.run())
    bench.forward(30 * 86400)  # promised, and nothing shows that it arrived
    seen |= set(bench.run())
    old = bench.folder / "epoch"
    kept = old.read_text("utf-8")
    anew(bench, approved)  # put back to before: payouts halt, and payments are read again
    old.write_text(kept, "utf-8")
    seen |= set(bench.run())
    anew(bench, approved)
    sends = len(bench.run())
    anew(bench, approved)
    bench.run(sends - 3)  # in the middle of sending: the next one takes it over
    bench.forward(61)
    seen |= set(bench.run())
    assert sites() - seen == set()
