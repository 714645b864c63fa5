"""A bundle of very many lines through a real import, in a process of its own: time, and the most memory it took.

`python -m tests.bench.million_lines 1000000` prints JSON. Of ten lines, one is a whole request sent again
and again, the others are broken in the ways that make intake work hardest; every 5,000th is 5 MB long.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from refund_desk.engines.bundles import open_bundle
from refund_desk.server.intake_run import run_import
from refund_desk.store import guards
from refund_desk.store.database import open_engine
from refund_desk.store.tables import metadata
from tests.fakes import bundles as b
from tests.fakes.house import OPERATOR, FakeHouse


def lines(count: int) -> Iterator[bytes]:
    whole = b.raw(b.case())
    for n in range(count):
        if n % 5_000 == 4_999:
            yield b'{"pad": "' + b"x" * (5 * 1024 * 1024) + b'"}'
        elif n % 10 == 0:
            yield whole
        elif n % 10 == 1:
            yield b"\xff\xfe %d" % n
        elif n % 10 == 2:
            yield b"[" * 500 + b"%d" % n
        else:
            yield b'{"schema": "case-bundle/1", "n": %d, "request": {"id": %d}}' % (n, n)


def run(count: int, folder: Path) -> dict[str, object]:
    """Write the bundle, import it, tell the figures. Peak memory in MB of this whole process."""
    with (folder / "cases.jsonl").open("wb") as out:
        for line in lines(count):
            out.write(line + b"\n")
    engine = open_engine(f"sqlite:///{folder / 'desk.db'}")
    with engine.begin() as connection:
        metadata.create_all(connection)
        guards.install(connection)
    house, begun = FakeHouse(engine, folder), time.monotonic()
    with open_bundle(folder) as bundle:
        counts = run_import(house, OPERATOR, bundle)
    seconds = time.monotonic() - begun
    engine.dispose()
    return {"lines": count, "seconds": round(seconds, 1), "peak_mb": peak_mb(), "counts": counts.model_dump()}


def peak_mb() -> int:
    """Most memory this process had. On Linux `getrusage` still counts whoever started it; the kernel's mark doesn't."""
    status = Path("/proc/self/status")
    if status.exists():
        return (
            int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) // 1024
        )
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(run(int(sys.argv[1]), Path(name))))
