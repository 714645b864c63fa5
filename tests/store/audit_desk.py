"""A desk with a log and nothing else, for tests of the log: entries, an integrator, a verifier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from refund_desk.domain.audit import AuditEntry
from refund_desk.engines.signing import SigningKey, canonical, verify_note
from refund_desk.service.audit import Trust, VerifyReport, verify
from refund_desk.store import guards
from refund_desk.store.audit import AuditLog
from refund_desk.store.audit_integrator import Integrator
from refund_desk.store.audit_reader import read_log
from refund_desk.store.checkpoint_files import CheckpointFiles
from refund_desk.store.database import writing

ORIGIN = "desk.test/refunds"
ACTIONS = ("case.opened", "proposal.made", "proposal.approved", "look.case")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class AuditDesk:
    """`add` entries, `settle` them under a checkpoint, `attack` with the guards off, `verify`."""

    def __init__(self, engine: Engine, folder: Path, key: SigningKey | None = None) -> None:
        self.engine = engine
        self.clock = Clock()
        self.key = key or SigningKey.generate(ORIGIN)
        self.files = CheckpointFiles(folder / "checkpoints")
        self._added = 0
        self.epoch = 0
        self.integrator = self.new_integrator()

    def new_integrator(self) -> Integrator:
        return Integrator(
            self.engine, self.key, self.files, self.clock, epoch=self.epoch, within=timedelta(seconds=1), batch=64
        )

    def entry(self) -> AuditEntry:
        number = self._added
        self._added += 1
        self.clock.move(0.001)
        return AuditEntry(
            at=self.clock.now,
            actor='local-operator:王"芳' if number % 7 == 0 else f"person:{number % 3}/account:{number % 5}",
            action=ACTIONS[number % len(ACTIONS)],
            case=None if number % 5 == 0 else f"R-{number % 11}",
            data={"amount_minor": number * 100, "currency": "CNY"},
            desk="test",
            epoch=self.epoch,
        )

    def add(self, count: int) -> None:
        with writing(self.engine) as connection:
            AuditLog(connection, canonical).append_many([self.entry() for _ in range(count)])

    def settle(self) -> None:
        self.integrator.close()

    def fill(self, *sizes: int) -> None:
        """Add that many entries, with a checkpoint after each lot."""
        for size in sizes:
            self.add(size)
            self.settle()

    def attack(self, *statements: str) -> None:
        """What somebody does who owns the database."""
        with writing(self.engine) as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            guards.remove(connection)
            for statement in statements:
                connection.execute(text(statement))

    def verify(self, *, key: bool = True, held: bool = True, known: Sequence[str] = ()) -> VerifyReport:
        notes = [*([*self.files.held(), *self.files.left()] if held else []), *known]
        with read_log(self.engine) as reader:
            return verify(reader, Trust(verify_note, self.key.vkey if key else None, notes))
