"""A very long file in a process of its own: every line gets its word, the process stays up and small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LINES = 10_000


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read the POSIX way")
def test_memory_stays_constant() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.million_lines", str(LINES)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    counts = told["counts"]
    assert (counts["read"], counts["new"], counts["quarantined"]) == (LINES, 1, LINES * 9 // 10)
    assert counts["reasons"]["line.too_long"] == LINES // 5_000
    assert counts["reasons"]["json.broken"] == counts["reasons"]["text.not_utf8"] == LINES // 10
    assert told["peak_mb"] < 250  # 500 is the promise; a leak of a few bytes a line would show here
