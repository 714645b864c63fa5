"""A thousand orders at first, then an hour's worth: how long each took is printed, what was asked is asserted."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from refund_desk.domain.sources import Counts
from refund_desk.sources.registry import Registry
from refund_desk.wiring import utc_now
from refund_desk.worker.sync import run
from tests.conftest import NewEngine
from tests.fakes.house import OPERATOR
from tests.fakes.sources import SourceHouse
from tests.upstreams.shop import Shop

pytestmark = pytest.mark.upstreams

ORDERS = int(os.environ.get("REFUND_DESK_SHOP_ORDERS", "1000"))


def test_a_thousand_orders_and_then_an_hours_worth(new_engine: NewEngine, tmp_path: Path, shop: Shop) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: shop.buy(number % 40, [(number % 30, 1)]), range(ORDERS)))
    desk = SourceHouse(new_engine("sqlite"), tmp_path, Registry(utc_now))
    settings = {"url": shop.url, "username": "superadmin", "private": True}
    desk.connect("shop", "vendure", settings, {"password": "superadmin"})

    def timed() -> tuple[float, Counts]:
        desk.clock.now = utc_now()
        began = time.monotonic()
        counts = run(desk, OPERATOR, "shop")
        return time.monotonic() - began, counts

    first, counts = timed()
    assert counts.new >= ORDERS
    for number in range(10):
        shop.buy(number, [(number, 1)])
        shop.refund(made[number]["id"], 100)
        shop.note(made[number + 10]["id"], "a note")
    hour, counts = timed()
    assert (counts.new, counts.changed) == (10, 10)  # a note of an order without a case waits for one
    idle, counts = timed()
    assert (counts.new, counts.changed) == (0, 0)
    print(
        f"\n{ORDERS} orders: {first:.1f} s; then 10 new, 10 refunds and 10 notes: {hour:.1f} s; nothing: {idle:.1f} s"
    )
