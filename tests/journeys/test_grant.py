"""A team's PostgreSQL: the service's role is granted by command, serves, and can't change the log."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from refund_desk import wiring
from refund_desk.settings import Settings
from refund_desk.store.guards import APPEND_ONLY
from tests.fakes.shell import Shell


class Place:
    """A database and a role for the service, both new."""

    def __init__(self, server: str) -> None:
        self.name = f"desk_{uuid.uuid4().hex[:12]}"
        self.role = f"service_{self.name}"
        self._server = server
        self.admin(f"CREATE DATABASE {self.name}", f"CREATE ROLE {self.role} LOGIN PASSWORD 'x'")

    def admin(self, *statements: str, database: str | None = None) -> None:
        url = make_url(self._server) if database is None else make_url(self._server).set(database=database)
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            for sql in statements:
                connection.exec_driver_sql(sql)

    def url(self, role: str | None = None) -> str:
        place = make_url(self._server).set(database=self.name)
        place = place.set(username=role, password="x") if role else place
        return place.render_as_string(hide_password=False)

    def close(self) -> None:
        self.admin(f"DROP DATABASE {self.name} WITH (FORCE)", f"DROP ROLE {self.role}")


@pytest.fixture
def place(pg_url: str) -> Iterator[Place]:
    made = Place(pg_url)
    yield made
    made.close()


def test_the_granted_role_serves_and_changes_no_entry(shell: Shell, place: Place, tmp_path: Path) -> None:
    assert "SQLite has no roles" in shell_after_upgrade(shell)
    shell.env["REFUND_DESK_DATABASE_URL"] = place.url()
    assert "Run refund-desk db upgrade first" in shell("db", "grant", place.role, code=1).stderr
    shell("db", "upgrade")
    assert "has no role nobody" in shell("db", "grant", "nobody", code=1).stderr
    assert "6 append-only tables" in shell("db", "grant", place.role).stdout
    settings = Settings(home=tmp_path / "team", key_dir=tmp_path / "keys")
    house = wiring.team(place.url(place.role), settings.data_dir, settings, wiring.Parts(worker=False))
    with house.write() as work:
        work.audit("case.opened", wiring.WORKER)
        work.people.lock_accounts()
    house.integrate()
    house.close()
    assert house.files.latest() is not None
    engine = create_engine(place.url(place.role).replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    for table in APPEND_ONLY:
        for sql in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"ALTER TABLE {table} DISABLE TRIGGER ALL"):
            with engine.connect() as connection, pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                connection.exec_driver_sql(sql)
    shell.env["REFUND_DESK_DATABASE_URL"] = place.url(place.role)
    assert "Only the owner of the tables gives rights" in shell("db", "grant", place.role, code=1).stderr


def shell_after_upgrade(shell: Shell) -> str:
    """What a grant says on the home's SQLite."""
    shell("db", "upgrade")
    return shell("db", "grant", "anybody", code=1).stderr
