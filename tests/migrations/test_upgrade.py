"""Upgrades with data in place: nothing lost, a copy kept, all or nothing, and never over a newer desk."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.exc import DBAPIError

from refund_desk.domain.errors import Conflict, Unavailable
from refund_desk.store import guards
from refund_desk.store.database import open_engine, writing
from refund_desk.store.schema import HEAD, in_metadata
from refund_desk.store.tables import metadata
from refund_desk.store.upgrade import alone, current, known, migrate, migrations, upgrade
from refund_desk.store.views import Views
from tests.migrations.conftest import NEXT
from tests.migrations.rows import dump, fill
from tests.store.append_only import ROWS, attacks


def _search(connection: Connection, words: str) -> list[int]:
    return list(Views(connection).search(words))


def test_up_and_down_with_data(blank: Engine, later: Path, tmp_path: Path) -> None:
    upgrade(blank)
    with writing(blank) as connection:
        fill(connection)
    with blank.connect() as connection:
        before = dump(connection)
        assert _search(connection, "tokens") == [1]
    assert upgrade(blank, tmp_path, scripts=later, to=NEXT)
    with blank.connect() as connection:
        assert dump(connection) == before
        assert connection.execute(text("SELECT mood FROM refund_case")).scalar_one() == "calm"
        assert guards.installed(connection) == []
    with alone(blank) as connection:
        migrate(connection, HEAD, later, down=True)
        assert dump(connection) == before
        assert guards.installed(connection) == []
        connection.exec_driver_sql("DELETE FROM search_doc")
        assert _search(connection, "tokens") == []
    assert current(blank) == HEAD


def test_down_to_nothing_with_data_and_up_again(blank: Engine) -> None:
    upgrade(blank)
    with alone(blank) as connection:
        fill(connection)
        migrate(connection, "base", down=True)
        names = [name for name in blank.dialect.get_table_names(connection) if in_metadata(name, "table")]
        assert names == []
        migrate(connection, "head")
        fill(connection)
    assert current(blank) == HEAD


def test_the_guards_stand_after_every_step(blank: Engine, later: Path) -> None:
    """Up one by one, then down one by one; after each, everything that could change a row is refused."""
    versions = known(later)
    assert versions == [*known(migrations()), NEXT]
    path = [(version, False) for version in versions] + [(version, True) for version in versions[-2::-1]]
    for version, down in path:
        with alone(blank) as connection:
            migrate(connection, version, later, down=down)
        for name in guards.APPEND_ONLY:
            _refuses(blank, metadata.tables[name])


def _refuses(engine: Engine, table: Table) -> None:
    names = ", ".join(f'"{name}"' for name in ROWS[table.name])
    values = ", ".join(f":{name}" for name in ROWS[table.name])
    with engine.connect() as connection:
        postgres = engine.dialect.name == "postgresql"
        lift = "SET session_replication_role = replica" if postgres else "PRAGMA defer_foreign_keys = ON"
        connection.exec_driver_sql(lift)
        connection.execute(text(f"INSERT INTO {table.name} ({names}) VALUES ({values})"), ROWS[table.name])
        for sql in attacks(table, engine.dialect.name):
            nested = connection.begin_nested()
            with pytest.raises(DBAPIError, match=f"{guards.MESSAGE}: {table.name}"):
                connection.execute(text(sql), ROWS[table.name])
            nested.rollback()
        connection.rollback()


def test_a_file_is_copied_before_it_is_upgraded(tmp_path: Path, later: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'desk.db'}", synchronous="OFF")
    upgrade(engine, tmp_path)
    with writing(engine) as connection:
        fill(connection)  # stays in the write-ahead log: a plain copy of the file would miss it
        before = dump(connection)
    upgrade(engine, tmp_path, scripts=later, to=NEXT)
    engine.dispose()
    (copy,) = (tmp_path / "backups").iterdir()
    assert copy.stat().st_mode & 0o077 == 0
    old = open_engine(f"sqlite:///{copy}")
    assert current(old) == HEAD
    with old.connect() as connection:
        assert dump(connection) == before
    old.dispose()


def test_no_copy_replaces_an_earlier_one(tmp_path: Path, later: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'desk.db'}", synchronous="OFF")
    for _ in range(2):
        upgrade(engine, tmp_path)
        upgrade(engine, tmp_path, scripts=later, to=NEXT)
        with alone(engine) as connection:
            migrate(connection, HEAD, later, down=True)
    engine.dispose()
    assert len(list((tmp_path / "backups").iterdir())) == 2


def test_a_newer_database_is_refused_and_left_alone(blank: Engine, later: Path, tmp_path: Path) -> None:
    upgrade(blank)
    upgrade(blank, scripts=later, to=NEXT)
    with pytest.raises(Conflict) as refused:
        upgrade(blank, tmp_path)
    assert refused.value.code == "database.newer"
    assert refused.value.params == {"found": NEXT, "known": HEAD}
    assert current(blank) == NEXT
    assert not (tmp_path / "backups").exists()


def test_somebody_elses_database_is_refused(blank: Engine) -> None:
    with writing(blank) as connection:
        connection.exec_driver_sql("CREATE TABLE customers (id INTEGER)")
    with pytest.raises(Conflict) as refused:
        upgrade(blank)
    assert refused.value.code == "database.not_ours"
    assert current(blank) is None


def test_a_step_that_fails_leaves_everything_as_it_was(blank: Engine, later: Path) -> None:
    upgrade(blank)
    with writing(blank) as connection:
        fill(connection)
        before = dump(connection)
    step = later / "versions" / f"{NEXT}.py"
    step.write_text(step.read_text().replace("'calm'\")", "'calm'\")\n    raise OSError('power cut')"))
    with pytest.raises(OSError, match="power cut"):
        upgrade(blank, scripts=later, to=NEXT)
    assert current(blank) == HEAD
    with blank.connect() as connection:
        assert dump(connection) == before
        assert guards.installed(connection) == []
        if blank.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_a_step_that_breaks_a_reference_is_not_committed(tmp_path: Path, later: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'desk.db'}", synchronous="OFF")
    upgrade(engine)
    with writing(engine) as connection:
        fill(connection)
    step = later / "versions" / f"{NEXT}.py"
    step.write_text(step.read_text().replace("UPDATE refund_case SET mood = 'calm'", "DELETE FROM customer"))
    with pytest.raises(RuntimeError, match="reference to nothing"):
        upgrade(engine, scripts=later, to=NEXT)
    assert current(engine) == HEAD
    engine.dispose()


def test_two_that_start_at_once_make_one_schema(blank: Engine) -> None:
    done: list[bool] = []
    ready = threading.Barrier(2)

    def start() -> None:
        ready.wait()
        done.append(upgrade(blank))

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, True]
    with writing(blank) as connection:
        fill(connection)


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_the_service_role_opens_but_neither_upgrades_nor_changes_the_log(blank: Engine, later: Path) -> None:
    """A team serves as a role that owns nothing; its administrator upgrades as the owner, before."""
    upgrade(blank)
    role = f"service_{blank.url.database}"
    with blank.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        guards.grant_service(connection, role)
    service = open_engine(blank.url.set(username=role).render_as_string(hide_password=False))
    try:
        assert not upgrade(service)
        with pytest.raises(Unavailable) as refused:
            upgrade(service, scripts=later, to=NEXT)
        assert refused.value.code == "database.no_right"
        for sql in ("DELETE FROM audit_entry", "TRUNCATE audit_leaf", "DROP TABLE audit_entry"):
            with service.connect() as connection, pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                connection.exec_driver_sql(sql)
    finally:
        service.dispose()
        with blank.begin() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")


def test_a_file_that_is_no_database_stays_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    path.write_bytes(b"not a database, " * 64)
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises((DBAPIError, sqlite3.DatabaseError), match="not a database"):
        upgrade(engine)
    assert path.read_bytes() == b"not a database, " * 64
