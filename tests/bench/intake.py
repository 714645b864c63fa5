"""The figure of intake: a very long file, imported in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Row

ROOT = Path(__file__).resolve().parents[2]
MOST_MB = 500


def long_file(lines: int) -> Iterator[Row]:
    """Lines a second, and the most memory the child had."""
    command = [sys.executable, "-m", "tests.bench.million_lines", str(lines)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    counts = told["counts"]
    speed = lines / max(0.1, told["seconds"])
    note = ", ".join(f"{name} {counts[name]:,}" for name in ("new", "unchanged", "quarantined"))
    yield Row(f"import of {lines:,} lines", "lines/s", speed, note=note)
    peak = float(told["peak_mb"])
    yield Row(f"import of {lines:,} lines, peak memory", "MB", peak, judged=peak, limit=MOST_MB)
