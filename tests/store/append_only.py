"""Ways to change a row that is written once, for tests of the guards and of every migration step."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, text

ROWS: dict[str, dict[str, Any]] = {
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


def columns(table: Table) -> tuple[str, str]:
    """Names and placeholders of a row of the table."""
    row = ROWS[table.name]
    return ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)


def fill(connection: Connection, table: Table) -> None:
    """One row, straight in; what it refers to is not the matter here."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    else:
        connection.exec_driver_sql("SET session_replication_role = replica")
    names, values = columns(table)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) VALUES ({values})"), ROWS[table.name])


def attacks(table: Table, dialect: str) -> list[str]:
    """Statements that must all be refused; their parameters are `ROWS`."""
    names, values = columns(table)
    key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    plain = f"INSERT INTO {table.name} ({names}) VALUES ({values})"
    first = next(iter(table.primary_key.columns)).name
    found = [
        f"UPDATE {table.name} SET {first} = {first}",
        f"DELETE FROM {table.name}",
        f"{plain} ON CONFLICT ({key}) DO UPDATE SET {first} = excluded.{first}",
    ]
    if dialect == "sqlite":
        found += [
            plain.replace("INSERT", "INSERT OR REPLACE", 1),
            f"UPDATE OR REPLACE {table.name} SET {first} = {first}",
        ]
    else:
        found += [f"TRUNCATE {table.name} CASCADE", f"DELETE FROM {table.name} WHERE false"]
    return found
