"""Bring a database to the newest form. (Interim: made whole; migrations follow.)"""

from __future__ import annotations

from sqlalchemy import Engine, inspect, text

from refund_desk.store import guards
from refund_desk.store.database import writing
from refund_desk.store.tables import metadata


def upgrade(engine: Engine) -> bool:
    """Make what is missing; whether anything was."""
    with engine.connect() as connection:
        if inspect(connection).has_table("desk_mark"):
            return False
    with writing(engine) as connection:
        metadata.create_all(connection)
        if connection.dialect.name == "sqlite":
            for statement in SEARCH_SQLITE:
                connection.execute(text(statement))
        else:
            connection.execute(text(SEARCH_POSTGRES))
        guards.install(connection)
    return True


SEARCH_SQLITE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_index USING fts5(tokens, content='search_doc', content_rowid='id',"
    " tokenize=\"unicode61 remove_diacritics 0\")",
    "CREATE TRIGGER IF NOT EXISTS search_doc_in AFTER INSERT ON search_doc BEGIN"
    " INSERT INTO search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER IF NOT EXISTS search_doc_out AFTER DELETE ON search_doc BEGIN"
    " INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
    "CREATE TRIGGER IF NOT EXISTS search_doc_on AFTER UPDATE ON search_doc BEGIN"
    " INSERT INTO search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens);"
    " INSERT INTO search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
)
SEARCH_POSTGRES = (
    "CREATE INDEX IF NOT EXISTS ix_search_doc_tokens ON search_doc USING gin (to_tsvector('simple', tokens))"
)
