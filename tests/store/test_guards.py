"""The append-only tables refuse every way of changing a row, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, insert, text
from sqlalchemy.exc import DBAPIError

from refund_desk.store import guards
from refund_desk.store.tables import metadata
from tests.conftest import NewEngine

_ROWS: dict[str, dict[str, Any]] = {
    "audit_entry": {"id": 1, "bytes": b"{}", "at": 0, "action": "a", "case_ref": None, "actor": "x"},
    "audit_leaf": {"position": 0, "entry_id": 1, "hash": b"h"},
    "audit_subtree": {"level": 8, "index": 0, "hash": b"h"},
    "audit_checkpoint": {"size": 1, "root": b"r", "note": "n", "at": 0},
    "case_event": {
        "id": 1, "case_id": 1, "round": 1, "at": 0, "type": "t", "aspect": "thread", "version": 1,
        "person_id": None, "data": "{}",
    },
    "intent_event": {"id": 1, "intent_id": "i", "at": 0, "state": "s", "person_id": None, "data": "{}"},
}  # fmt: skip


def _columns(table: Table) -> tuple[str, str]:
    row = _ROWS[table.name]
    return ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)


def _fill(connection: Connection, table: Table) -> None:
    """One row, straight in; what it refers to is not the matter here."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    else:
        connection.exec_driver_sql("SET session_replication_role = replica")
    names, values = _columns(table)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) VALUES ({values})"), _ROWS[table.name])


@pytest.fixture(params=guards.APPEND_ONLY)
def table(request: pytest.FixtureRequest) -> Table:
    return metadata.tables[request.param]


def _attacks(table: Table, dialect: str) -> list[str]:
    names, values = _columns(table)
    key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    plain = f"INSERT INTO {table.name} ({names}) VALUES ({values})"
    first = next(iter(table.primary_key.columns)).name
    attacks = [
        f"UPDATE {table.name} SET {first} = {first}",
        f"DELETE FROM {table.name}",
        f"{plain} ON CONFLICT ({key}) DO UPDATE SET {first} = excluded.{first}",
    ]
    if dialect == "sqlite":
        attacks += [
            plain.replace("INSERT", "INSERT OR REPLACE", 1),
            f"UPDATE OR REPLACE {table.name} SET {first} = {first}",
        ]
    else:
        attacks += [f"TRUNCATE {table.name} CASCADE", f"DELETE FROM {table.name} WHERE false"]
    return attacks


def test_every_change_is_refused(engine: Engine, table: Table) -> None:
    for sql in _attacks(table, engine.dialect.name):
        with engine.connect() as connection:
            _fill(connection, table)
            with pytest.raises(DBAPIError, match=f"{guards.MESSAGE}: {table.name}"):
                connection.execute(text(sql), _ROWS[table.name])
            connection.rollback()


def test_replace_by_another_unique_key_is_refused(new_engine: NewEngine) -> None:
    leaf = metadata.tables["audit_leaf"]
    with new_engine("sqlite").connect() as connection:
        _fill(connection, leaf)
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
    names, values = _columns(entry)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE ROLE {role}")
            guards.grant_service(connection, role)
            connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
            connection.execute(text(f"INSERT INTO audit_entry ({names}) VALUES ({values})"), _ROWS["audit_entry"])
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
