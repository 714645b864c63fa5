"""Bring a database to the schema of this program: made when empty, migrated when older, refused when newer.

Opening a database that is up to date costs one small query and doesn't import alembic. An upgrade runs
alone (the write lock of SQLite, an advisory lock on PostgreSQL) and in one transaction: it happens
whole or not at all. A SQLite file is copied first, into `backups/`; a PostgreSQL database is its
administrator's to dump.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import ProgrammingError

import refund_desk
from refund_desk.domain.errors import Conflict, Unavailable
from refund_desk.store import schema
from refund_desk.store.database import WRITE

_LOCK = 0x5244_5550  # "RDUP": of the advisory lock


def head() -> str:
    """The version that this program's tables are at."""
    return schema.HEAD


def current(engine: Engine) -> str | None:
    """The version that a database is at; None for one that was never made."""
    with engine.connect() as connection:
        return schema.version(connection)


def upgrade(engine: Engine, directory: Path | None = None, *, scripts: Path | None = None, to: str = "") -> bool:
    """Bring a database to the newest schema; whether anything had to be done.

    directory: the home, for the copy of a SQLite file (None: none is made). scripts and to: other
    migrations and another end than the program's own, for tests of upgrades to come.
    Raises Conflict `database.newer` or `database.not_ours`, and Unavailable `database.no_right`; the
    engine holds no connection then.
    """
    wanted = to or schema.HEAD
    try:
        if current(engine) == wanted:
            return False
        with alone(engine) as connection:
            return _bring(connection, engine, directory, scripts or migrations(), wanted)
    except ProgrammingError as error:
        engine.dispose()
        if getattr(error.orig, "sqlstate", None) != "42501":  # insufficient_privilege
            raise
        raise Unavailable("database.no_right", known=wanted) from error
    except BaseException:
        engine.dispose()
        raise


def _bring(connection: Connection, engine: Engine, directory: Path | None, scripts: Path, wanted: str) -> bool:
    found = schema.version(connection)
    if found == wanted:
        return False  # another process was first
    if found is None:
        if not schema.is_empty(connection):
            raise Conflict("database.not_ours", known=wanted)
        schema.create(connection)
        if wanted == schema.HEAD:
            return True
    elif found not in known(scripts):
        raise Conflict("database.newer", found=found, known=wanted)
    elif directory is not None and connection.dialect.name == "sqlite":
        copy_file(engine, directory / "backups", found)
    migrate(connection, wanted, scripts)
    return True


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """One write transaction that no other upgrade runs beside, with SQLite's references checked at its end."""
    with engine.connect().execution_options(**WRITE) as connection:
        if connection.dialect.name != "sqlite":
            with connection.begin():
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
                yield connection
            return
        # A batch migration rebuilds tables that others refer to. The pragma is deaf inside a transaction.
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.execute(text("PRAGMA foreign_key_check")).first()
                if broken is not None:
                    raise RuntimeError(f"a migration left a reference to nothing in {broken[0]}")
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


def copy_file(engine: Engine, folder: Path, version: str) -> Path:
    """Copy a SQLite file by its backup API, so that what its WAL holds is in it; the new file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    taken = sum(1 for _ in folder.glob(f"desk.{version}.*.db"))
    path = folder / f"desk.{version}.{taken + 1}.db"
    path.touch(mode=0o600)
    source = sqlite3.connect(str(engine.url.database))
    target = sqlite3.connect(path)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    return path


# ---------------------------------------------------------------- alembic, imported when it is needed


def migrations() -> Path:
    """Where the migrations are: inside the wheel, or beside the package in a checkout."""
    package = Path(refund_desk.__file__).parent
    places = (package / "migrations", package.parent / "migrations")
    for place in places:
        if (place / "env.py").is_file():
            return place
    raise FileNotFoundError(f"no migrations beside {package}")


def _config(scripts: Path) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def known(scripts: Path) -> list[str]:
    """Every version that these migrations know, oldest first."""
    from alembic.script import ScriptDirectory

    steps = ScriptDirectory.from_config(_config(scripts)).walk_revisions()
    return [step.revision for step in steps][::-1]


def migrate(connection: Connection, to: str, scripts: Path | None = None, *, down: bool = False) -> None:
    """Run migrations up (or down) to a version, "base" for none, in the connection's own transaction."""
    from alembic import command

    config = _config(scripts or migrations())
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, to)
