"""541,909 order lines, the shared half again and again with fresh numbers, from file to matches, in its own process.

`python -m tests.bench.order_lines 541909` prints JSON. Written as CSV first; the clock runs from opening the file.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from refund_desk.domain.reconciliation import Entry
from refund_desk.domain.reconciliation_run import reconcile
from tests.bench.million_lines import peak_mb
from tests.converters.uci_online_retail import rows
from tests.reconciliation import uci

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("REFUND_DESK_DATA") or ROOT.parent / "shared" / "data") / "uci_online_retail"


def write(path: Path, count: int) -> None:
    """The shared half over and over; each copy has invoices and customers of its own."""
    half = rows(DATA / "orders_lines.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, [*half[0], "Copy"])
        out.writeheader()
        for number in range(count):
            out.writerow(half[number % len(half)] | {"Copy": f"{number // len(half)}."})


def read(path: Path) -> Iterator[Entry]:
    with path.open(encoding="utf-8", newline="") as file:
        for place, row in enumerate(csv.DictReader(file)):
            made = uci.entry(row, place, row["Copy"])
            if made is not None:
                yield made


def run(count: int, folder: Path) -> dict[str, object]:
    """Read, match, tell."""
    path = folder / "lines.csv"
    write(path, count)
    begun = time.monotonic()
    entries = list(read(path))
    parsed = time.monotonic()
    outcome = reconcile(entries, uci.RULES, datetime(2012, 1, 1, tzinfo=UTC))
    done = time.monotonic()
    codes = Counter(match.code for match in outcome.matches) + Counter(one.kind.value for one in outcome.breaks)
    return {
        "lines": count,
        "seconds": round(done - begun, 1),
        "read_s": round(parsed - begun, 1),
        "peak_mb": peak_mb(),
        "found": dict(codes),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(run(int(sys.argv[1]), Path(name))))
