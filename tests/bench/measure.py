"""Times of pairs run in turn, their median and 95th percentile, and the rows that a run prints and writes."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Timer:
    """Milliseconds of one thing, done many times."""

    ms: list[float] = field(default_factory=list)

    def run(self, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        made = work()
        self.ms.append((time.perf_counter() - start) * 1_000)
        return made

    @property
    def median(self) -> float:
        return statistics.median(self.ms)

    @property
    def p95(self) -> float:
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def alternate(times: int, *works: Callable[[], object], before: Callable[[], object] | None = None) -> list[Timer]:
    """Each work in turn, so many times over: what slows the machine slows all of them. The first turn isn't kept."""
    timers = [Timer() for _ in works]
    for turn in range(times + 1):
        for timer, work in zip(timers, works, strict=True):
            if before is not None:
                before()
            timer.run(work)
        if turn == 0:
            for timer in timers:
                timer.ms.clear()
    return timers


@dataclass(frozen=True, slots=True)
class Row:
    """A figure. value and floor in `unit`; limit: what `judged` may be at most (a ratio, or the value itself).

    judged: the number compared with the limit; None: shown, but held to nothing.
    """

    name: str
    unit: str
    median: float
    p95: float | None = None
    floor: float | None = None
    floor_p95: float | None = None
    judged: float | None = None
    limit: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool | None:
        return None if self.judged is None or self.limit is None else self.judged <= self.limit

    def to_dict(self) -> dict[str, Any]:
        names = ("name", "unit", "median", "p95", "floor", "floor_p95", "judged", "limit")
        said = {name: getattr(self, name) for name in names}
        said = {name: round(value, 4) if isinstance(value, float) else value for name, value in said.items()}
        return {**said, "holds": self.holds, "note": self.note}


def against(name: str, ours: Timer, floor: Timer, limit: float, note: str = "") -> Row:
    """Ours over its floor, both by the median."""
    ratio = ours.median / floor.median
    return Row(name, "ms", ours.median, ours.p95, floor.median, floor.p95, ratio, limit, note)


def shown(name: str, timer: Timer, note: str = "") -> Row:
    """A time that is printed beside the others and held to nothing."""
    return Row(name, "ms", timer.median, timer.p95, note=note)


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "system": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_mb": _memory_mb(),
        "load": _load(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    lines = [line for line in info.read_text("utf-8").splitlines() if line.startswith("model name")]
    return lines[0].partition(":")[2].strip() if lines else platform.machine()


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000 if hasattr(os, "sysconf") else 0


def _load() -> list[float]:
    return [round(one, 2) for one in os.getloadavg()] if hasattr(os, "getloadavg") else []


def table(rows: Sequence[Row]) -> str:
    """The rows as text, aligned."""
    head = ("figure", "median", "p95", "floor", "floor p95", "ratio or value", "limit", "", "")
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head) - 1)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in range(1, len(head) - 1)), line[-1]]
        ).rstrip()
        for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {None: "", True: "holds", False: "MISSED"}[row.holds]
    times = " ×" if row.floor is not None else ""
    return (
        row.name,
        f"{_number(row.median)} {row.unit}",
        _number(row.p95),
        _number(row.floor),
        _number(row.floor_p95),
        f"{_number(row.judged)}{times}" if row.judged is not None else "",
        _number(row.limit),
        verdict,
        row.note,
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.2f}"
