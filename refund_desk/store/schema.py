"""The schema that tables alone don't give: search on both databases, guards, and the mark of its version.

A fresh database is made here in one go, since running every migration would cost alembic's import at the
first start; a test holds that both ways end in the same schema. Later steps are in `migrations/`.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from refund_desk.store import guards
from refund_desk.store.tables import metadata

HEAD = "0009_parcels"
"""The migration that this program's tables stand at; a test compares it with the newest file there."""

# The tokens are made by us (`domain.tokens`): the tokenizer only has to split at spaces. FTS5 keeps its text
# in `search_doc`; triggers carry every change over, which needs the old text to take it out again.
_SEARCH_SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='search_doc', content_rowid='id',"
    ' tokenize="unicode61 remove_diacritics 0")',
    "CREATE TRIGGER search_doc_in AFTER INSERT ON search_doc BEGIN"
    " INSERT INTO search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER search_doc_out AFTER DELETE ON search_doc BEGIN"
    " INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
    "CREATE TRIGGER search_doc_on AFTER UPDATE ON search_doc BEGIN"
    " INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens);"
    " INSERT INTO search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
)
_SEARCH_POSTGRES = ("CREATE INDEX ix_search_doc_tokens ON search_doc USING gin (to_tsvector('simple', tokens))",)

_VERSION_TABLE = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def create(connection: Connection) -> None:
    """Make the whole schema in an empty database and mark it as `HEAD`. Commits nothing."""
    metadata.create_all(connection, checkfirst=False)
    for statement in _SEARCH_SQLITE if connection.dialect.name == "sqlite" else _SEARCH_POSTGRES:
        connection.exec_driver_sql(statement)
    guards.install(connection)
    connection.exec_driver_sql(_VERSION_TABLE)
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def in_metadata(name: str | None, kind: str, _parents: object = None) -> bool:
    """Whether a table or index found in a database is one that the tables in code speak of."""
    if kind == "table":
        return name != "alembic_version" and not (name or "").startswith("search_index")
    return name != "ix_search_doc_tokens"


def version(connection: Connection) -> str | None:
    """The mark of a database's version; None where it has none."""
    there = (
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
        if connection.dialect.name == "sqlite"
        else "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
    )
    if connection.execute(text(there)).first() is None:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def is_empty(connection: Connection) -> bool:
    """Whether a database has no table at all (of the current schema)."""
    query = (
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version' AND name NOT LIKE 'sqlite%'"
        if connection.dialect.name == "sqlite"
        else "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename != 'alembic_version'"
    )
    return connection.execute(text(query)).first() is None
