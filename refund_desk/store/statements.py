"""Inserts that meet a row that is there already, in the words of either database.

Built once for each table and key: a statement that is built anew with every call costs several times
what SQLite takes to run it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import CursorResult, Insert, Table


def insert_of(dialect: str) -> Any:
    """The dialect's own `insert`. The other dialect is never loaded: a desk on SQLite starts without PostgreSQL's."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert


@lru_cache(maxsize=256)
def put(dialect: str, table: Table, key: tuple[str, ...], changed: tuple[str, ...]) -> Insert:
    """Insert a row, or change these columns of the one with the same key to the new row's."""
    new = insert_of(dialect)(table)
    made: Insert = new.on_conflict_do_update(
        index_elements=list(key), set_={name: new.excluded[name] for name in changed}
    )
    return made


@lru_cache(maxsize=256)
def add_unless_there(dialect: str, table: Table) -> Insert:
    """Insert a row unless one of its keys is taken."""
    made: Insert = insert_of(dialect)(table).on_conflict_do_nothing()
    return made


def new_id(result: CursorResult[Any]) -> int:
    """The id of the one row that was inserted."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])
