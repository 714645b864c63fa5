"""The unit of work: one transaction, and the repositories that act in it.

The edge (server or worker) opens it and commits by leaving the block; a use case never does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, text

from refund_desk.domain.audit import AuditEntry
from refund_desk.domain.cases import CaseState
from refund_desk.domain.people import Principal
from refund_desk.store.ahead import AheadCases, AheadFacts, AheadMoney, AheadPeople
from refund_desk.store.audit import AuditLog, Canonical
from refund_desk.store.cases import CaseRepo
from refund_desk.store.database import reading, writing
from refund_desk.store.exports import Exports
from refund_desk.store.facts import FactRepo
from refund_desk.store.figures import Figures
from refund_desk.store.idempotency import IdempotencyRepo
from refund_desk.store.intake import IntakeRepo
from refund_desk.store.lessons import LessonRepo
from refund_desk.store.money import MoneyRepo
from refund_desk.store.people import PeopleRepo
from refund_desk.store.reconciliation import ReconciliationRepo
from refund_desk.store.sending import SendingRepo
from refund_desk.store.sources import SourceRepo
from refund_desk.store.views import Views
from refund_desk.store.workload import WorkloadRepo

WAKE = text("NOTIFY refund_desk")
"""Tells other processes on PostgreSQL that something was committed; delivered with the commit."""


class SqlWork:
    """Repositories over one connection, each made when first asked for."""

    def __init__(self, connection: Connection, store: SqlStore) -> None:
        self.connection = connection
        self._store = store

    @cached_property
    def cases(self) -> CaseRepo:
        return CaseRepo(self.connection)

    @cached_property
    def facts(self) -> FactRepo:
        return FactRepo(self.connection)

    @cached_property
    def intake(self) -> IntakeRepo:
        return IntakeRepo(self.connection)

    @cached_property
    def money(self) -> MoneyRepo:
        return MoneyRepo(self.connection)

    @cached_property
    def sending(self) -> SendingRepo:
        return SendingRepo(self.connection)

    @cached_property
    def people(self) -> PeopleRepo:
        return PeopleRepo(self.connection)

    @cached_property
    def sources(self) -> SourceRepo:
        return SourceRepo(self.connection)

    @property
    def reconciliation(self) -> ReconciliationRepo:
        return ReconciliationRepo(self.connection)

    @cached_property
    def views(self) -> Views:
        return Views(self.connection)

    @cached_property
    def workload(self) -> WorkloadRepo:
        return WorkloadRepo(self.connection)

    @cached_property
    def exports(self) -> Exports:
        return Exports(self.connection)

    @cached_property
    def figures(self) -> Figures:
        return Figures(self.connection)

    @cached_property
    def lessons(self) -> LessonRepo:
        return LessonRepo(self.connection)

    @cached_property
    def idempotency(self) -> IdempotencyRepo:
        return IdempotencyRepo(self.connection)

    @cached_property
    def log(self) -> AuditLog:
        return AuditLog(self.connection, self._store.canonical)

    def ahead(self, cases: Sequence[CaseState]) -> SqlWork:
        """The same transaction, which reads all of these cases at once when it is asked about one."""
        made = SqlWork(self.connection, self._store)
        made.cases = AheadCases(self.connection, cases)
        made.facts = AheadFacts(self.connection, cases)
        made.money = AheadMoney(self.connection, cases)
        made.people = AheadPeople(self.connection)
        return made

    def audit(self, action: str, who: Principal, case_ref: str | None = None, **data: Any) -> None:
        """Append an entry in this transaction. Ids, field names and keyed digests only."""
        store = self._store
        self.log.append(
            AuditEntry(store.clock(), who.actor, action, case_ref, data, desk=store.desk_id, epoch=store.epoch)
        )


class SqlStore:
    """The database of a desk. `committed` is called after each write, on the writing thread."""

    def __init__(
        self, engine: Engine, canonical: Canonical, clock: Callable[[], datetime], desk_id: str = "", epoch: int = 0
    ) -> None:
        self.engine = engine
        self.canonical = canonical
        self.clock = clock
        self.desk_id = desk_id
        self.epoch = epoch
        self.committed: Callable[[], None] = lambda: None
        self._notify = engine.dialect.name == "postgresql"

    @contextmanager
    def write(self) -> Iterator[SqlWork]:
        """One write transaction; rolled back on any exception."""
        with writing(self.engine) as connection:
            yield SqlWork(connection, self)
            if self._notify:
                connection.execute(WAKE)
        self.committed()

    @contextmanager
    def read(self) -> Iterator[SqlWork]:
        """One consistent picture."""
        with reading(self.engine) as connection:
            yield SqlWork(connection, self)

    @contextmanager
    def read_long(self) -> Iterator[SqlWork]:
        """One picture for many statements, however long they take."""
        with reading(self.engine, long=True) as connection:
            yield SqlWork(connection, self)
