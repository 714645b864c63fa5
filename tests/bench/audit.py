"""The figure of audit verification: a log of many entries, against reading its rows and hashing each once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from refund_desk import wiring
from refund_desk.domain.audit import AuditEntry
from refund_desk.service.audit import VerifyReport, verify
from refund_desk.settings import Settings
from refund_desk.store.audit_reader import read_log
from tests.bench.desk import cache_dir
from tests.bench.measure import Row, against, alternate

CHUNK = 1_024
ACTIONS = ("case.taken", "proposal.made", "proposal.approved", "intent.reserved", "decision.made", "look.case")
TURNS = 3
_ROWS = """SELECT l.position, l.entry_id, l.hash, e.bytes, e.at, e.action, e.case_ref, e.actor FROM audit_leaf l
JOIN audit_entry e ON e.id = l.entry_id WHERE l.position >= ? AND l.position < ? ORDER BY l.position"""


def _entry(number: int, begun: datetime) -> AuditEntry:
    return AuditEntry(
        at=begun + timedelta(milliseconds=number),
        actor=f"person:{number % 40}/account:{number % 40}",
        action=ACTIONS[number % len(ACTIONS)],
        case=f"RC-26-{number % 90_000:06d}",
        data={"number": number % 3, "amount": number % 90_000, "currency": "CNY", "digest": f"{number:064x}"},
        desk="0" * 32,
    )


@contextmanager
def _log(entries: int) -> Iterator[tuple[wiring.House, Path]]:
    """A desk with a log of that length, every entry placed, checkpoints on the way; made once."""
    folder = cache_dir() / f"log-{entries}"
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    settings = Settings(key_dir=folder / "keys")
    house = wiring.embedded(folder / "home", settings, wiring.Parts(worker=False))
    try:
        if not ready.exists():
            begun = datetime.now(UTC)
            for start in range(0, entries, 10_000):
                with house.write() as work:
                    work.log.append_many(_entry(n, begun) for n in range(start, min(entries, start + 10_000)))
                house.integrator.step()
            house.integrate()
            ready.touch()
        yield house, folder / "home/desk.db"
    finally:
        house.close()


def verification(entries: int) -> Iterator[Row]:
    """`audit verify` over the whole log."""
    with _log(entries) as (house, database):

        def ours() -> VerifyReport:
            with read_log(house.engine) as reader:
                report = verify(reader, house.trust())
            assert report.ok, report
            assert report.origin_proven
            return report

        size = ours().size
        service, bare = alternate(TURNS, ours, lambda: _read_and_hash(database, size))
    yield against(f"audit verification, {size:,} entries", service, bare, 3)


def _read_and_hash(database: Path, size: int) -> None:
    """The same rows, and one SHA-256 each."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA mmap_size=268435456")
    for low in range(0, size, CHUNK):
        for row in db.execute(_ROWS, (low, low + CHUNK)).fetchall():
            sha256(row[3]).digest()
    db.close()
