"""The database itself refuses to change what is append-only, on both engines.

`install(connection)` makes the triggers; every migration step ends with it, because a batch migration
on SQLite rebuilds the table and drops them without a word. What slips past a naive trigger, and how it
is met here:

- SQLite: `INSERT OR REPLACE`, `UPDATE OR REPLACE` and upsert. A BEFORE INSERT trigger raises when a row
  with the same key, primary or unique, is there; it runs before SQLite resolves the conflict, so it does
  not depend on `PRAGMA recursive_triggers` (which we set as well).
- PostgreSQL: `TRUNCATE` passes row triggers and an upsert is an UPDATE in disguise, so the trigger is one
  per statement for UPDATE, DELETE and TRUNCATE. It is ENABLE ALWAYS: `session_replication_role` does not
  switch it off. It fires for the table's owner as well.

What no trigger can stop: an owner or superuser who drops the trigger or the table, or edits the file.
That is the attacker of the audit log; signed checkpoints outside the database find it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Table, UniqueConstraint, text

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Unavailable
from refund_desk.store.tables import metadata

APPEND_ONLY: tuple[str, ...] = (
    "audit_entry",
    "audit_leaf",
    "audit_subtree",
    "audit_checkpoint",
    "case_event",
    "intent_event",
)
"""Tables whose rows are written once."""

MESSAGE = "append-only"
"""What the database says when it refuses; the table's name follows."""

_PG_FUNCTION = "refuse_change"
_PG_BODY = f"""
begin
  raise exception using message = '{MESSAGE}: ' || tg_table_name, errcode = 'restrict_violation';
end
"""


def install(connection: Connection) -> None:
    """Make, or make again, every guard whose table exists. Idempotent; commits nothing."""
    tables = _present(connection)
    if connection.dialect.name == "sqlite":
        for name, ddl in _sqlite_triggers(tables):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            connection.exec_driver_sql(ddl)
        return
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {_PG_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $guard${_PG_BODY}$guard$"
    )
    for table in tables:
        trigger = _pg_trigger(table)
        connection.exec_driver_sql(
            f"CREATE OR REPLACE TRIGGER {trigger} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_PG_FUNCTION}()"
        )
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {trigger}")


def remove(connection: Connection) -> None:
    """Take the guards off: for a migration that must rebuild a guarded table, and for tests of an attack."""
    for table in _present(connection):
        if connection.dialect.name == "sqlite":
            for name, _ in _sqlite_triggers([table]):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {_pg_trigger(table)} ON {table.name}")


def installed(connection: Connection) -> list[str]:
    """Names of the guards that are missing, switched off or say something else; empty when all stand.

    A guarded table that does not exist counts as missing its guards.
    """
    wanted = [metadata.tables[name] for name in APPEND_ONLY]
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        standing = {row.name: row.sql for row in rows}
        return [name for name, ddl in _sqlite_triggers(wanted) if standing.get(name) != ddl]
    rows = connection.execute(
        text(
            "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgenabled = 'A' AND t.tgtype = :kind "
            "AND c.relnamespace = current_schema()::regnamespace"
        ),
        {"kind": _PG_KIND},
    )
    standing = {row.tgname: row.prosrc for row in rows}
    return [name for name in map(_pg_trigger, wanted) if standing.get(name) != _PG_BODY]


def grant_service(connection: Connection, role: str) -> None:
    """PostgreSQL: the rights of the role that serves. It owns nothing, and of what is append-only it may
    read and add rows, so that it can neither change a row nor take a guard off.

    Raises Invalid `database.grant_engine` on SQLite, NotFound `database.no_role`, Conflict
    `database.role_owns` (it is, or belongs to, an owner of the tables) or `database.role_has_more` (it
    may change append-only rows by another way, such as PUBLIC), Unavailable `database.not_owner` where we
    may not grant. Nothing is committed.
    """
    if connection.dialect.name != "postgresql":
        raise Invalid("database.grant_engine")
    _check_role(connection, role)
    name = connection.dialect.identifier_preparer.quote(role)
    for table in metadata.tables.values():
        rights = "SELECT, INSERT" if table.name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        connection.exec_driver_sql(f"REVOKE ALL ON {table.name} FROM {name}")
        connection.exec_driver_sql(f"GRANT {rights} ON {table.name} TO {name}")
    connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {name}")  # to see whether an upgrade waits
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
    more = [table for table in APPEND_ONLY if connection.execute(_MAY_CHANGE, {"role": role, "name": table}).scalar()]
    if more:
        raise Conflict("database.role_has_more", name=role, tables=more)


_OURS = (
    "SELECT {what} FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace "
    "AND c.relname = ANY(:names)"
)
_THEIR_TABLES = text(_OURS.format(what="bool_or(pg_has_role(:role, c.relowner, 'MEMBER'))"))
_MY_TABLES = text(_OURS.format(what="bool_and(pg_has_role(current_user, c.relowner, 'USAGE'))"))
_MAY_CHANGE = text("SELECT has_table_privilege(:role, :name, 'UPDATE, DELETE, TRUNCATE')")
"""Whether any of the three."""


def _check_role(connection: Connection, role: str) -> None:
    names = {"names": list(metadata.tables)}
    if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first() is None:
        raise NotFound("database.no_role", name=role)
    if not connection.execute(_MY_TABLES, names).scalar():
        raise Unavailable("database.not_owner")
    if connection.execute(_THEIR_TABLES, {**names, "role": role}).scalar():
        raise Conflict("database.role_owns", name=role)


_PG_KIND = 2 | 8 | 16 | 32
"""pg_trigger.tgtype: before (2), delete (8), update (16), truncate (32); no row bit, so per statement."""


def _present(connection: Connection) -> list[Table]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if connection.dialect.name == "sqlite"
        else "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    there = set(connection.execute(text(query)).scalars())
    return [metadata.tables[name] for name in APPEND_ONLY if name in there]


def _pg_trigger(table: Table) -> str:
    return f"append_only_{table.name}"


def _sqlite_triggers(tables: list[Table]) -> Iterator[tuple[str, str]]:
    """(name, DDL) of the three triggers of each table."""
    for table in tables:
        refuse = f"SELECT RAISE(ABORT, '{MESSAGE}: {table.name}')"
        for verb in ("update", "delete"):
            name = f"append_only_{table.name}_{verb}"
            yield name, f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table.name} BEGIN {refuse}; END"
        name = f"append_only_{table.name}_insert"
        lookups = (f"SELECT 1 FROM {table.name} WHERE {same}" for same in _same_key(table))  # noqa: S608 - our own names
        taken = " OR ".join(f"EXISTS ({lookup})" for lookup in lookups)
        yield name, f"CREATE TRIGGER {name} BEFORE INSERT ON {table.name} WHEN {taken} BEGIN {refuse}; END"


def _same_key(table: Table) -> list[str]:
    """For each key of the table, the condition that a row has the new row's."""
    keys = [[column.name for column in table.primary_key.columns]]
    keys += [[c.name for c in rule.columns] for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    keys += [[c.name for c in index.columns] for index in table.indexes if index.unique]
    return [" AND ".join(f'"{name}" = NEW."{name}"' for name in key) for key in sorted(keys)]
