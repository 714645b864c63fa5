"""Every test of the API runs twice: embedded on SQLite, and over a socket on PostgreSQL, as the desk ships.
The core one takes the other two ways as well, by naming them in a parameter `way`.

- `desk_api`: a desk with a session per role, twelve small cases and a clock that is set by hand.
- `any_desk`: the same, shared: for tests that leave nothing behind.
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
    "embedded on postgresql": ("embedded", True),
    "socket on sqlite": ("socket", False),
}
"""transport, and whether on PostgreSQL"""


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


@pytest.fixture(params=["embedded", "socket"])
def way(request: pytest.FixtureRequest) -> str:
    """How the desk is reached."""
    name: str = request.param
    return name


class Makers:
    """Makes desks that are copies of the filled one, and puts them away."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path, loop: LoopThread) -> None:
        self._request, self._folder, self._loop = request, folder, loop
        self._closers: list[Callable[[], None]] = []

    def make(self, way: str, **how: Any) -> DeskApi:
        transport, postgres = WAYS[way]
        name = f"desk_{uuid.uuid4().hex[:12]}"
        url = None
        if postgres:
            server: str = self._request.getfixturevalue("pg_url")
            source: Filled = self._request.getfixturevalue("filled_pg")
            _admin(server, f"CREATE DATABASE {name} TEMPLATE desk_api")
            url = _named(server, name)
            self._closers.append(lambda: _admin(server, f"DROP DATABASE {name} WITH (FORCE)"))
        else:
            source = self._request.getfixturevalue("filled")
        desk = open_copy(source, self._folder / name, url, self._loop, transport, **how)
        self._closers.append(desk.close)
        return desk

    def close(self) -> None:
        for close in reversed(self._closers):
            close()


@pytest.fixture
def new_desk(request: pytest.FixtureRequest, way: str, tmp_path: Path, client_loop: LoopThread) -> Iterator[NewDesk]:
    """Makes desks for one test."""
    makers = Makers(request, tmp_path, client_loop)
    yield lambda **how: makers.make(way, **how)
    makers.close()


@pytest.fixture
def desk_api(new_desk: NewDesk) -> DeskApi:
    """A fresh desk."""
    return new_desk()


def _shared(
    way: str, request: pytest.FixtureRequest, paths: pytest.TempPathFactory, loop: LoopThread
) -> Iterator[DeskApi]:
    makers = Makers(request, paths.mktemp("shared"), loop)
    yield makers.make(way)
    makers.close()


@pytest.fixture(scope="session")
def shared_embedded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, client_loop: LoopThread, filled: Filled
) -> Iterator[DeskApi]:
    yield from _shared("embedded", request, tmp_path_factory, client_loop)


@pytest.fixture(scope="session")
def shared_socket(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, client_loop: LoopThread, filled_pg: Filled
) -> Iterator[DeskApi]:
    """Asks for the PostgreSQL by name: it must go after this."""
    yield from _shared("socket", request, tmp_path_factory, client_loop)


@pytest.fixture
def any_desk(way: str, request: pytest.FixtureRequest) -> DeskApi:
    """A desk that other tests use, too: for those that change nothing others look at."""
    desk: DeskApi = request.getfixturevalue(f"shared_{way}")
    return desk
