"""A row in every table, whatever its columns are, and what a database holds, for comparing before and after."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Integer, LargeBinary, insert, select

from refund_desk.store.tables import metadata
from refund_desk.store.tables.base import Instant, Json

_AT = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)


def _value(column: Column[Any]) -> Any:
    kind = column.type
    if column.foreign_keys:
        return _value(next(iter(column.foreign_keys)).column)
    if isinstance(kind, Instant):
        return _AT
    if isinstance(kind, Json):
        return {"词": [1, None, "破损"]}
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer | BigInteger):
        return 1
    if isinstance(kind, LargeBinary):
        return b"\x00\xff" + column.name.encode()
    return f"{column.name} 退款"


def fill(connection: Connection) -> None:
    """One row in each table, each referring to the others' first."""
    for table in metadata.sorted_tables:
        connection.execute(insert(table).values({column.name: _value(column) for column in table.columns}))


def dump(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that code speaks of."""
    return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in metadata.sorted_tables}
