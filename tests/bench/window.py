"""Figures of the window: how soon it is there, how fast a case opens, whether it ever stands, what memory it takes.

Every measurement is a process of its own, offscreen, its bytecode cached. It tells what it does line by line, and
the clock runs here, from before the process is made.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench import desk
from tests.bench.measure import Row, Timer, against

ROOT = Path(__file__).resolve().parents[2]
STARTS = 7
PATIENCE_S = 240.0
MOST_MB, OPEN_MS, GAP_MS = 300, 100, 16


def _child(kind: str, home: Path | None = None, token: str = "") -> dict[str, dict[str, Any]]:
    """What a child said, by its word, each with the milliseconds since before it was made as `ms`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [sys.executable, "-m", "tests.bench.window_child", kind, *([str(home)] if home else [])]
    pipe = subprocess.PIPE
    begun = time.perf_counter()
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    patience = threading.Timer(PATIENCE_S, child.kill)
    patience.start()
    said: dict[str, dict[str, Any]] = {}
    with child, ThreadPoolExecutor(1) as aside:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        errors = aside.submit(child.stderr.read)
        child.stdin.write(token + "\n")
        child.stdin.flush()
        for line in child.stdout:
            told = json.loads(line)
            said[told.pop("what")] = {**told, "ms": (time.perf_counter() - begun) * 1_000}
        if child.wait() != 0:
            raise RuntimeError(f"the window's process ended with {child.returncode}: {errors.result()[-4_000:]}")
    patience.cancel()
    return said


def start(cases: int, opened: int) -> Iterator[Row]:
    """Shell painted and first queue painted, each against its floor, in turn."""
    home = desk.home(cases, opened)
    token = desk.token_of(home, desk.WINDOW)
    times = {name: Timer() for name in ("bare", "imports", "shell", "queue")}
    for turn in range(STARTS + 1):
        bare, imports, ours = _child("bare"), _child("imports"), _child("start", home, token)
        if turn == 0:  # writes bytecode, warms the disk
            continue
        times["bare"].ms.append(bare["window"]["ms"])
        times["imports"].ms.append(imports["imports"]["ms"])
        times["shell"].ms.append(ours["shell"]["ms"])
        times["queue"].ms.append(ours["queue"]["ms"])
    yield against("start: shell painted / bare window", times["shell"], times["bare"], 1.5)
    yield against("start: first queue painted / window and imports", times["queue"], times["imports"], 1.5)


def work(cases: int, opened: int) -> Iterator[Row]:
    """Cases opened by key, ten seconds of scrolling with pictures loading, memory: one window, one sitting."""
    home = desk.home(cases, opened)
    idle = _child("idle")["done"]["gaps"]
    done = _child("work", home, desk.token_of(home, desk.WINDOW))["done"]
    note = f"20 messages, 6 images, {len(done['opened'])} cases, nothing fetched ahead"
    for name, times in (("painted", done["opened"]), ("painted with its images", done["pictured"])):
        timer = Timer(times)
        yield Row(f"case: Enter to {name}", "ms", timer.median, timer.p95, judged=timer.p95, limit=OPEN_MS, note=note)
    yield _gaps("scrolling 10 s: longest gap of the event loop", done["gaps"], idle)
    now, peak = done["rss_mb"], done["peak_mb"]
    yield Row("memory of the window's process", "MB", now, judged=peak, limit=MOST_MB, note="now, and its peak")


def _gaps(name: str, gaps: Sequence[float], idle: Sequence[float]) -> Row:
    """Median of the gaps above eight milliseconds, and the longest."""
    many = sum(gap > GAP_MS for gap in gaps)
    note = f"{many} above {GAP_MS} ms; an idle window's longest: {max(idle, default=0.0)} ms"
    longest = max(gaps, default=0.0)
    return Row(name, "ms", statistics.median(gaps) if gaps else 0.0, judged=longest, limit=GAP_MS, note=note)
