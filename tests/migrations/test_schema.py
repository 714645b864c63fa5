"""Head equals the tables in code, by both ways there, on both databases; opening costs next to nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

from refund_desk.store import schema
from refund_desk.store.database import open_engine, writing
from refund_desk.store.tables import metadata
from refund_desk.store.upgrade import current, head, known, migrate, migrations, upgrade


def _differences(connection: Connection) -> list[Any]:
    options = {"include_name": schema.in_metadata, "compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_the_constant_names_the_newest_step() -> None:
    assert known(migrations())[-1] == head()


def test_migrated_from_nothing_a_database_is_what_the_tables_say(blank: Engine) -> None:
    with writing(blank) as connection:
        migrate(connection, "head")
    with blank.connect() as connection:
        assert _differences(connection) == []
    assert current(blank) == head()


def test_a_missing_column_would_be_noticed(blank: Engine) -> None:
    upgrade(blank)
    with writing(blank) as connection:
        connection.exec_driver_sql("ALTER TABLE finding DROP COLUMN gone_at")
        connection.exec_driver_sql("DROP INDEX ix_case_free")
    with blank.connect() as connection:
        assert {change[0] for change in _differences(connection)} == {"add_column", "add_index"}


def test_both_ways_to_a_fresh_database_end_alike(blank: Engine) -> None:
    with writing(blank) as connection:
        migrate(connection, "head")
        migrated = _catalogue(connection)
        migrate(connection, "base", down=True)
        assert schema.is_empty(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
        schema.create(connection)
        assert _catalogue(connection) == migrated


def _catalogue(connection: Connection) -> set[tuple[str, ...]]:
    """What the database itself says of its tables, columns, constraints, indexes, triggers."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE name != 'alembic_version'"))
        # A table that a step has rebuilt has its name in quotes.
        return {
            (row.name, *sorted(_pieces((row.sql or "").replace(f'TABLE "{row.name}"', f"TABLE {row.name}"))))
            for row in rows
        }
    queries = (
        "SELECT table_name, column_name, data_type, is_nullable, coalesce(column_default, ''), is_identity "
        "FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT tgrelid::regclass::text, tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger "
        "WHERE NOT tgisinternal",
    )
    return {tuple(map(str, row)) for query in queries for row in connection.execute(text(query))}


def _pieces(sql: str) -> list[str]:
    """Columns and constraints of a CREATE TABLE, one a line; in which order the constraints stand means nothing."""
    return [line.strip(" ,)\t") for line in sql.splitlines() if line.strip(" ,)\t")]


def test_opening_again_changes_nothing(blank: Engine, tmp_path: Path) -> None:
    assert current(blank) is None
    assert upgrade(blank, tmp_path)
    assert not upgrade(blank, tmp_path)
    assert current(blank) == head()
    assert not (tmp_path / "backups").exists()


def test_a_fresh_file_is_made_quickly(tmp_path: Path) -> None:
    """In time of the processor: what else runs on the machine is no matter."""
    taken = []
    for number in range(3):
        engine = open_engine(f"sqlite:///{tmp_path / f'{number}.db'}")
        began = time.process_time()
        upgrade(engine, tmp_path)
        taken.append(time.process_time() - began)
        engine.dispose()
    assert min(taken) < 0.15


@pytest.mark.parametrize("times", [1, 2])
def test_start_up_does_not_import_alembic(tmp_path: Path, times: int) -> None:
    script = (
        "import sys; from pathlib import Path; from refund_desk.store.database import open_engine;"
        "from refund_desk.store.upgrade import upgrade; engine = open_engine(f'sqlite:///{sys.argv[1]}/desk.db');"
        f"done = [upgrade(engine, Path(sys.argv[1])) for _ in range({times})]; assert done[0];"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60)
