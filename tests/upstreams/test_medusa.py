"""Against a real Medusa: what is done in the shop is on the desk, and returns and claims become cases."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import NullPool, create_engine, make_url, select

from refund_desk.domain.errors import Unavailable
from refund_desk.domain.sending import Outcome, Paid, Parcel
from refund_desk.domain.sources import Counts
from refund_desk.service.ports.sources import Config
from refund_desk.sources import medusa_payout
from refund_desk.sources.channels import ONCE
from refund_desk.sources.medusa import MedusaSession
from refund_desk.sources.registry import Registry
from refund_desk.sources.ways import Ways
from refund_desk.store.tables.cases import refund_case, request
from refund_desk.wiring import utc_now
from refund_desk.worker.sync import run
from tests.conftest import NewEngine
from tests.fakes.house import OPERATOR
from tests.fakes.sources import SourceHouse
from tests.upstreams.medusa_shop import EMAIL, PASSWORD, MedusaShop
from tests.upstreams.running import free_port, installed, over_tcp

pytestmark = pytest.mark.upstreams


def _once(folder: Path, env: dict[str, str], *words: str) -> None:
    done = subprocess.run(
        ["node", "node_modules/.bin/medusa", *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]


@pytest.fixture(scope="module")
def medusa(pg_url: str) -> Iterator[MedusaShop]:
    """A shop with a database of its own."""
    folder, name, port = installed("medusa"), f"medusa_{uuid.uuid4().hex[:8]}", free_port()
    with create_engine(pg_url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as admin:
        admin.exec_driver_sql(f"CREATE DATABASE {name}")
    place = Path(str(make_url(pg_url).query["host"])) / ".s.PGSQL.5432"
    with over_tcp(place) as database:
        env = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        env |= {"DATABASE_URL": f"postgres://postgres@127.0.0.1:{database}/{name}", "NODE_ENV": "development"}
        env |= {"MEDUSA_DISABLE_TELEMETRY": "true"}
        _once(folder, env, "db:migrate", "--execute-safe-links")
        _once(folder, env, "user", "-e", EMAIL, "-p", PASSWORD)
        command = ["node", "node_modules/.bin/medusa", "start", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            _answers(url, process)
            shop = MedusaShop(url)
            yield shop
            shop.close()
        finally:
            process.terminate()
            process.wait(30)


def _answers(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health", timeout=5, trust_env=False).status_code == 200:
                return
    raise RuntimeError("medusa did not start")


@pytest.fixture
def desk(new_engine: NewEngine, tmp_path: Path, medusa: MedusaShop) -> SourceHouse:
    house = SourceHouse(new_engine("sqlite"), tmp_path, Registry(utc_now))
    settings = {"url": medusa.url, "private": True, "number_prefix": "M"}
    house.connect("shop", "medusa", settings, {"key": medusa.key})
    return house


def sync(desk: SourceHouse) -> Counts:
    desk.clock.now = utc_now()
    return run(desk, OPERATOR, "shop")


def one(desk: SourceHouse, order: str, kind: str, field: str) -> Any:
    found = desk.said(order, kind, field)
    assert len(found) == 1, (order, kind, field, found)
    return found[0]


def test_what_is_done_in_the_shop_is_on_the_desk_within_one_sync(desk: SourceHouse, medusa: MedusaShop) -> None:
    order = medusa.buy("ama@example.com", (0, 2), (1, 1))
    code = f"M{order['display_id']}"
    counts = sync(desk)
    assert (counts.new, counts.quarantined) == (1, 0), counts
    assert one(desk, code, "payment", "status") == "authorised"
    medusa.capture(order)
    assert sync(desk).changed == 1
    assert one(desk, code, "order", "paid") == 2 * 3990 + 12900 + 500
    medusa.ship(order)
    assert sync(desk).changed == 1
    assert one(desk, code, "shipment", "tracking") == "T-1"
    medusa.refund(order, 39.9)
    assert sync(desk).changed == 1
    assert one(desk, code, "refund", "amount") == 3990
    back = medusa.want_back(order)
    sync(desk)
    with desk.engine.connect() as connection:
        row = connection.execute(select(request).where(request.c.external_id == back)).one()
        case = connection.execute(select(refund_case.c.kind, refund_case.c.reason)).one()
    assert (row.lines[0]["quantity"], row.text) == (1, "cracked")
    assert tuple(case) == ("return_first", "damaged")
    assert one(desk, code, "return", "status") == "requested"
    assert sync(desk).changed == 0


def test_a_claim_becomes_a_case(desk: SourceHouse, medusa: MedusaShop) -> None:
    order = medusa.buy("lukas@example.com", (1, 1))
    medusa.capture(order)
    medusa.ship(order)
    claim = medusa.claim(order)
    counts = sync(desk)
    assert counts.quarantined == 0, counts
    with desk.engine.connect() as connection:
        row = connection.execute(select(request).where(request.c.external_id == claim)).one()
    assert (row.reason, row.reason_text) == ("defective", "production_failure")


def test_a_refund_goes_out_through_the_shop_once(medusa: MedusaShop) -> None:
    """By our channel: found by our id, and a no where more is asked than was taken."""
    order = medusa.buy("mia@example.com", (0, 1))
    medusa.capture(order)
    number = order["payment_collections"][0]["payments"][0]["id"]
    ways = Ways("shop", private=True, patience=ONCE)
    config = Config("shop", {"url": medusa.url}, {"key": medusa.key}, utc_now, ways)
    channel = medusa_payout.MedusaPayout(MedusaSession(config, ways, utc_now), utc_now)
    paid = Paid(number, f"M{order['display_id']}")
    before = channel.read(paid, utc_now())
    assert (before.captured_minor, before.refunded_minor, before.currency) == (3990 + 500, 0, "EUR")
    parcel = Parcel("i-1", "RC-26-000001", "d" * 32, paid.order, number, 1995, "EUR")
    answer = channel.send(parcel)
    assert answer.outcome is Outcome.SUCCEEDED, answer
    (found,) = channel.find(parcel).found
    assert (found.id, found.minor, found.desk) == (answer.refund, 1995, "d" * 32)
    assert channel.send(replace(parcel, intent="i-2", minor=4000)).outcome is Outcome.FAILED
    assert channel.read(paid, utc_now()).refunded_minor == 1995
    channel.close()


def test_a_wrong_key_is_said_to_be_one(desk: SourceHouse, medusa: MedusaShop) -> None:
    desk.connect("closed", "medusa", {"url": medusa.url, "private": True}, {"key": "sk_nonsense"})
    with pytest.raises(Unavailable, match=r"source\.sign_in"):
        run(desk, OPERATOR, "closed")
