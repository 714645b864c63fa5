"""The append-only tables refuse every way of changing a row, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, Table, insert, text
from sqlalchemy.exc import DBAPIError

from refund_desk.domain.errors import DeskError, Invalid, Unavailable
from refund_desk.store import guards
from refund_desk.store.tables import metadata
from tests.conftest import NewEngine
from tests.store.append_only import ROWS, attacks, columns, fill


@pytest.fixture(params=guards.APPEND_ONLY)
def table(request: pytest.FixtureRequest) -> Table:
    return metadata.tables[request.param]


def test_every_change_is_refused(engine: Engine, table: Table) -> None:
    for sql in attacks(table, engine.dialect.name):
        with engine.connect() as connection:
            fill(connection, table)
            with pytest.raises(DBAPIError, match=f"{guards.MESSAGE}: {table.name}"):
                connection.execute(text(sql), ROWS[table.name])
            connection.rollback()


def test_replace_by_another_unique_key_is_refused(new_engine: NewEngine) -> None:
    leaf = metadata.tables["audit_leaf"]
    with new_engine("sqlite").connect() as connection:
        fill(connection, leaf)
        with pytest.raises(DBAPIError, match=guards.MESSAGE):
            connection.execute(insert(leaf).prefix_with("OR REPLACE").values(position=7, entry_id=1, hash=b"x"))


def test_a_missing_or_emptied_guard_is_named(engine: Engine) -> None:
    with engine.begin() as connection:
        assert guards.installed(connection) == []
        guards.remove(connection)
        missing = guards.installed(connection)
        assert any("audit_entry" in name for name in missing)
        guards.install(connection)
        assert guards.installed(connection) == []
        _disarm(connection)
        assert any("audit_leaf" in name for name in guards.installed(connection))


def _disarm(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TRIGGER append_only_audit_leaf_delete")
        connection.exec_driver_sql(
            "CREATE TRIGGER append_only_audit_leaf_delete BEFORE DELETE ON audit_leaf BEGIN SELECT 1; END"
        )
    else:
        connection.exec_driver_sql("ALTER TABLE audit_leaf DISABLE TRIGGER append_only_audit_leaf")


def test_the_service_role_may_add_and_nothing_else(new_engine: NewEngine) -> None:
    engine = new_engine("postgresql")
    entry = metadata.tables["audit_entry"]
    role = f"service_{engine.url.database}"
    names, values = columns(entry)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE ROLE {role}")
            guards.grant_service(connection, role)
            connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
            connection.execute(text(f"INSERT INTO audit_entry ({names}) VALUES ({values})"), ROWS["audit_entry"])
        for sql in (
            "UPDATE audit_entry SET action = 'b'",
            "DELETE FROM audit_entry",
            "TRUNCATE audit_entry",
            "DROP TRIGGER append_only_audit_entry ON audit_entry",
            "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
            "DROP TABLE audit_entry",
        ):
            with engine.connect() as connection:
                connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
                with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                    connection.exec_driver_sql(sql)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")


class Roles:
    """A PostgreSQL with roles of its own, which go with it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._made: list[str] = []

    def make(self, name: str, more: str = "") -> str:
        role = f"{name}_{self.engine.url.database}"
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE ROLE {role} {more}")
        self._made.append(role)
        return role

    def grant(self, role: str) -> str | None:
        """What the grant is refused for."""
        try:
            with self.engine.begin() as connection:
                guards.grant_service(connection, role)
        except DeskError as error:
            return error.code
        return None

    def close(self) -> None:
        with self.engine.begin() as connection:
            for role in reversed(self._made):
                connection.exec_driver_sql(f"DROP OWNED BY {role}")
                connection.exec_driver_sql(f"DROP ROLE {role}")


@pytest.fixture
def roles(new_engine: NewEngine) -> Iterator[Roles]:
    made = Roles(new_engine("postgresql"))
    yield made
    made.close()


def test_a_role_that_could_change_the_log_is_not_granted(roles: Roles) -> None:
    service, group = roles.make("service"), roles.make("writers")
    assert roles.grant("nobody_at_all") == "database.no_role"
    assert roles.grant(roles.make("root", "SUPERUSER")) == "database.role_owns"
    with roles.engine.begin() as connection:
        connection.exec_driver_sql(f"GRANT DELETE ON audit_leaf TO {group}")
        connection.exec_driver_sql(f"GRANT {group} TO {service}")
    assert roles.grant(service) == "database.role_has_more"
    with roles.engine.begin() as connection:
        may = "SELECT has_table_privilege(:role, 'refund_case', 'SELECT')"
        assert not connection.execute(text(may), {"role": service}).scalar()  # nothing was changed
        connection.exec_driver_sql(f"REVOKE {group} FROM {service}")
    assert roles.grant(service) is None
    assert roles.grant(service) is None  # and again


def test_only_the_owner_grants_and_only_on_postgresql(roles: Roles, new_engine: NewEngine) -> None:
    service, other = roles.make("service"), roles.make("other")
    with roles.engine.connect() as connection:
        connection.exec_driver_sql(f"SET LOCAL ROLE {other}")
        with pytest.raises(Unavailable, match=r"database\.not_owner"):
            guards.grant_service(connection, service)
    with new_engine("sqlite").connect() as connection, pytest.raises(Invalid, match=r"database\.grant_engine"):
        guards.grant_service(connection, service)
