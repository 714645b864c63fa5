"""The unit of work: one transaction, and the repositories that act in it.

The edge (server or worker) opens it and commits by leaving the block; a use case never does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine

from refund_desk.store.audit import AuditLog
from refund_desk.store.cases import CaseRepo
from refund_desk.store.database import reading, writing
from refund_desk.store.facts import FactRepo
from refund_desk.store.people import PeopleRepo


class SqlWork:
    """Repositories over one connection. `write` says whether the transaction may change anything."""

    def __init__(self, connection: Connection, write: bool, canonical: Callable[[Any], bytes]) -> None:
        self.connection = connection
        self.write = write
        self._canonical = canonical

    @cached_property
    def cases(self) -> CaseRepo:
        return CaseRepo(self.connection)

    @cached_property
    def facts(self) -> FactRepo:
        return FactRepo(self.connection)

    @cached_property
    def people(self) -> PeopleRepo:
        return PeopleRepo(self.connection)


class SqlStore:
    """The database of a desk. `committed` is called after each write, on the writing thread."""

    def __init__(self, engine: Engine, canonical: Callable[[Any], bytes]) -> None:
        self.engine = engine
        self._canonical = canonical
        self.committed: Callable[[], None] = lambda: None

    @contextmanager
    def write(self) -> Iterator[SqlWork]:
        """One write transaction; rolled back on any exception."""
        with writing(self.engine) as connection:
            yield SqlWork(connection, True, self._canonical)
        self.committed()

    @contextmanager
    def read(self) -> Iterator[SqlWork]:
        """One consistent picture."""
        with reading(self.engine) as connection:
            yield SqlWork(connection, False, self._canonical)
