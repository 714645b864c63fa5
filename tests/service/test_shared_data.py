"""Real data through the whole of intake: how many go through, what is odd in them, and that twice changes nothing.

The counts are those of the sets; where a plain count over the source file says the same, it is compared.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from refund_desk.engines.bundles import open_bundle
from refund_desk.server.intake_run import run_import
from refund_desk.store.tables import metadata
from refund_desk.store.tables.cases import refund_case, request
from refund_desk.store.tables.facts import evidence
from refund_desk.wire.bundle import ImportCounts
from tests.converters import mall_cn, tau_retail, uci_online_retail
from tests.fakes.house import OPERATOR, FakeHouse

Convert = Callable[[Path, Path], int]


class Taken:
    """A set, converted and imported twice."""

    def __init__(self, house: FakeHouse, data: Path, folder: Path, convert: Convert) -> None:
        self.house, self.bundle = house, folder / "bundle"
        self.lines = convert(data, self.bundle)
        self.counts = self._run()
        before = self._sizes()
        self.again = self._run()
        self.grew = {name: size for name, size in self._sizes().items() if before[name] != size}

    def _run(self) -> ImportCounts:
        with open_bundle(self.bundle) as bundle:
            return run_import(self.house, OPERATOR, bundle)

    def _sizes(self) -> dict[str, int]:
        with self.house.engine.connect() as connection:
            return {
                t.name: connection.execute(select(func.count()).select_from(t)).scalar_one()
                for t in metadata.sorted_tables
            }

    def scalar(self, query: Any) -> Any:
        with self.house.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def cases(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.bundle / "cases.jsonl").read_text("utf-8").splitlines()]


_GROUP = {
    **dict.fromkeys(("damaged", "defective", "missing_item", "wrong_item", "not_as_described"), "quality"),
    **dict.fromkeys(("changed_mind", "ordered_by_mistake", "cancelled_before_shipping"), "mind"),
    "not_received": "delivery",
    "other": "other",
}


def losses(lines: list[dict[str, Any]]) -> int:
    """How many cases there must be: a request that shares a unit of a line, for a like reason, is no new one."""
    known: set[Any] = set()
    new = 0
    for line in lines:
        asked = line["request"]
        about = [
            (w["line"], min(unit, 21)) for w in asked["lines"] for unit in w.get("units") or range(1, w["quantity"] + 1)
        ]
        keys = {(asked["order"], _GROUP[asked["reason"]], *unit) for unit in about or [("*", 0)]}
        new += not keys & known
        known |= keys
    return new


@pytest.fixture
def taken(house: FakeHouse, shared_data: Path, tmp_path: Path) -> Callable[[Convert], Taken]:
    return lambda convert: Taken(house, shared_data, tmp_path, convert)


def unchanged(it: Taken) -> bool:
    """The second run read the same and wrote nothing at all."""
    second = it.again
    same = (second.new, second.updated, second.quarantined, second.unchanged) == (0, 0, 0, it.lines)
    return same and it.grew == {} and second.findings == it.counts.findings


def test_tau_retail_is_the_control_set(taken: Callable[[Convert], Taken]) -> None:
    it = taken(tau_retail.convert)
    assert it.lines == 427
    assert it.counts == ImportCounts(read=427, new=349, updated=78)  # clean: no finding, no quarantine
    assert it.counts.new == losses(it.cases()) == it.scalar(select(func.count()).select_from(refund_case))
    assert it.scalar(select(func.count()).select_from(request)) == 427
    assert it.scalar(select(func.sum(refund_case.c.conflicts))) == 0
    assert it.scalar(select(func.count()).select_from(evidence)) == 124
    assert unchanged(it)


def test_mall_cn(taken: Callable[[Convert], Taken]) -> None:
    it = taken(mall_cn.convert)
    assert it.counts == ImportCounts(
        read=12,
        new=12,
        findings={
            "order.discount_exceeds_price": 3,  # the order without lines still has its coupon
            "order.no_lines": 3,
            "order.shipped_without_waybill": 3,
            "order.sums_disagree": 3,
            "request.above_line_value": 2,
            "request.amount_zero": 1,
            "shipment.waybill_implausible": 3,
        },
    )
    assert it.scalar(select(func.count()).select_from(evidence)) == 2  # one comma-joined string of two pictures
    with it.house.read() as work:
        zero = work.cases.find_by_keys(["mall|201809150101000001|21|1|quality"])
        assert {f["code"] for f in work.cases.findings(zero[0])} >= {"request.amount_zero", "order.sums_disagree"}
    assert unchanged(it)


def test_uci_online_retail(taken: Callable[[Convert], Taken], shared_data: Path) -> None:
    it = taken(uci_online_retail.convert)
    assert it.lines == 620
    assert it.counts == ImportCounts(
        read=620,
        new=615,
        updated=5,
        findings={
            "customer.missing": 91,
            "order.lines_alike": 35,
            "order.unlisted": 132,
            "request.above_line_value": 103,
            "request.before_sale": 21,
            "request.line_unlisted": 68,
            "request.quantity_above_bought": 14,
        },
    )
    with (shared_data / "uci_online_retail" / "cancellations_with_match_class.csv").open(newline="") as file:
        source = list(csv.DictReader(file))
    assert len({row["InvoiceNo"] for row in source if not row["CustomerID"]}) == 91
    assert it.counts.new == losses(it.cases())
    assert unchanged(it)
