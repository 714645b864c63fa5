"""The figures of reconciliation: exact references a second, half a million order lines, and the eight seeds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from refund_desk.domain.reconciliation import Book, Entry, Kind, Role, Rules
from refund_desk.domain.reconciliation_run import reconcile
from tests.bench.measure import Row
from tests.reconciliation.generator import PAYMENTS, SEEDS
from tests.reconciliation.measuring import measure

ROOT = Path(__file__).resolve().parents[2]
LINES = 541_909
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
RULES = Rules({"shop": Book(Role.SHOP), "pay": Book(Role.GATEWAY)}, "CNY")


def figures() -> Iterator[Row]:
    """All of them; the rate as seconds for 120,000 lines, so that less is better."""
    yield exact(150_000)
    yield from order_lines()
    yield from seeds()


def exact(pairs: int) -> Row:
    """Lines of two sides that name one another: parsed rows in memory to matches, on one core."""
    rows = [row for number in range(pairs) for row in _pair(number)]
    begun = time.process_time()
    outcome = reconcile([Entry(*row) for row in rows], RULES, BEGIN + timedelta(days=90))
    took = time.process_time() - begun
    assert len(outcome.matches) == pairs
    assert not outcome.breaks
    note = f"{2 * pairs / took:,.0f} lines/s of processor time, making the entries included"
    seconds = took * 120_000 / (2 * pairs)
    return Row("reconcile 120,000 lines by exact reference", "s", seconds, judged=seconds, limit=1.0, note=note)


def _pair(number: int) -> Iterator[tuple[str, Kind, str, tuple[str, ...], int, str, datetime, str, str]]:
    order, at, who = (f"SO-2026-{number:07d}",), BEGIN + timedelta(seconds=number * 7), f"C{number % 5_000}"
    yield "shop", Kind.PAYMENT, f"P-{number}", order, 1_000 + number % 977, "CNY", at, who, "张伟"
    yield (
        "pay",
        Kind.PAYMENT,
        f"ch_{number}",
        order,
        1_000 + number % 977,
        "CNY",
        at + timedelta(seconds=30),
        who,
        "张*",
    )


def order_lines() -> Iterator[Row]:
    """Half a million lines of a shop with their cancellations, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.order_lines", str(LINES)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    told = json.loads(done.stdout)
    seconds, peak = float(told["seconds"]), float(told["peak_mb"])
    yield Row(f"reconcile {LINES:,} order lines", "s", seconds, judged=seconds, limit=120, note=str(told["found"]))
    yield Row(f"reconcile {LINES:,} order lines, peak memory", "MB", peak, judged=peak, limit=1_000)


def seeds() -> Iterator[Row]:
    """What was missed and what was wrong, in percent, on sets whose truth is known."""
    for seed in SEEDS:
        one = measure(seed, PAYMENTS)
        missed, wrong = 100 * (1 - one.score.recall), 100 * (1 - one.score.precision)
        yield Row(f"breaks missed, seed {seed}", "%", missed, judged=missed, limit=2.0, note=one.line())
        yield Row(f"breaks wrong, seed {seed}", "%", wrong, judged=wrong, limit=1.0)
