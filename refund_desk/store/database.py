"""Open a database: SQLite (WAL, foreign keys, FULL) or PostgreSQL. The only place that knows pragmas."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

WRITE = {"desk_write": True}


def open_engine(url: str, *, synchronous: str = "FULL") -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`. Nothing is connected yet.

    synchronous: SQLite's pragma; anything but FULL is for tests that may lose a write.
    """
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        hide_parameters=True,  # an error's text may end in a log: no password's hash, no customer in it
        pool_size=8,
        max_overflow=32,
        connect_args={"check_same_thread": False, "timeout": 30, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions are ours: see `_begin`
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "recursive_triggers=ON",  # INSERT OR REPLACE fires delete triggers only with it
            "busy_timeout=30000",
            "cache_size=-16384",  # KiB, per connection: a desk has several
            "mmap_size=67108864",  # counted as the process's own memory
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that has to upgrade fails at once: writers take the lock at the start.
        write = connection.get_execution_options().get("desk_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: IMMEDIATE on SQLite; committed at the end, rolled back on an exception."""
    with engine.connect().execution_options(**WRITE) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine, *, long: bool = False) -> Iterator[Connection]:
    """One read transaction: a consistent picture. long: on PostgreSQL, too, where each statement takes its own."""
    repeat = long and engine.dialect.name == "postgresql"
    options = {"isolation_level": "REPEATABLE READ"} if repeat else {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection
