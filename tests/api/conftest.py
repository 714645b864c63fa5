"""Every test of the API runs twice: embedded on SQLite, and over a socket on PostgreSQL, as the desk ships.

- `desk_api`: a desk with a session per role, twelve small cases and a clock that is set by hand.
- `new_desk(worker=…, clock=…)`: makes further ones, or one whose worker runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from refund_desk.client.loop import LoopThread
from tests.fakes.desk_api import DeskApi, Filled, Transport, fill, open_copy

NewDesk = Callable[..., DeskApi]
WAYS: dict[str, tuple[Transport, bool]] = {
    "embedded": ("embedded", False),
    "socket": ("socket", True),
}


@pytest.fixture(scope="session")
def client_loop() -> Iterator[LoopThread]:
    """The one loop on which clients of this run live."""
    loop = LoopThread("api-tests")
    loop.start()
    yield loop
    loop.stop()


def _admin(url: str, sql: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The desk to copy, on SQLite."""
    folder = tmp_path_factory.mktemp("api")
    return fill(folder / "home", folder / "keys", None)


@pytest.fixture(scope="session")
def filled_pg(tmp_path_factory: pytest.TempPathFactory, pg_url: str) -> Filled:
    """The desk to copy, on PostgreSQL."""
    folder = tmp_path_factory.mktemp("api-pg")
    _admin(pg_url, "CREATE DATABASE desk_api")
    return fill(folder / "home", folder / "keys", _named(pg_url, "desk_api"))


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest) -> str:
    """How the desk is reached."""
    name: str = request.param
    return name


@pytest.fixture
def new_desk(request: pytest.FixtureRequest, way: str, tmp_path: Path, client_loop: LoopThread) -> Iterator[NewDesk]:
    transport, postgres = WAYS[way]
    closers: list[Callable[[], None]] = []

    def make(**how: Any) -> DeskApi:
        name = f"desk_{uuid.uuid4().hex[:12]}"
        url = None
        if postgres:
            server: str = request.getfixturevalue("pg_url")
            source: Filled = request.getfixturevalue("filled_pg")
            _admin(server, f"CREATE DATABASE {name} TEMPLATE desk_api")
            url = _named(server, name)
            closers.append(lambda: _admin(server, f"DROP DATABASE {name} WITH (FORCE)"))
        else:
            source = request.getfixturevalue("filled")
        desk = open_copy(source, tmp_path / name, url, client_loop, transport, **how)
        closers.append(desk.close)
        return desk

    yield make
    for close in reversed(closers):
        close()


@pytest.fixture
def desk_api(new_desk: NewDesk) -> DeskApi:
    return new_desk()
