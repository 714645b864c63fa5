"""`blank`: a database of each kind with nothing in it; `steps`: our migrations and one more, as a later program has."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url

from refund_desk.store.database import open_engine
from refund_desk.store.upgrade import migrations
from tests.conftest import Kind

NEXT = "9001_next"
"""Rebuilds a guarded table and one that everything refers to: what drops triggers and breaks references."""

_NEXT_STEP = f'''
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{{head}}"


def how():
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


def upgrade():
    with op.batch_alter_table("refund_case", recreate=how()) as batch:
        batch.add_column(sa.Column("mood", sa.Text()))
    with op.batch_alter_table("search_doc") as batch:
        batch.add_column(sa.Column("weight", sa.Integer()))
    with op.batch_alter_table("audit_entry", recreate=how()) as batch:
        batch.alter_column("actor", existing_type=sa.Text(), nullable=True)
    op.execute("UPDATE refund_case SET mood = 'calm'")


def downgrade():
    with op.batch_alter_table("audit_entry", recreate=how()) as batch:
        batch.alter_column("actor", existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table("search_doc") as batch:
        batch.drop_column("weight")
    with op.batch_alter_table("refund_case", recreate=how()) as batch:
        batch.drop_column("mood")
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> Kind:
    name: Kind = request.param
    return name


@pytest.fixture
def blank(kind: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database: no table, no file yet on SQLite."""
    if kind == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'desk.db'}", synchronous="OFF")
        yield engine
        engine.dispose()
        return
    url, name = request.getfixturevalue("pg_url"), f"blank_{uuid.uuid4().hex[:12]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine = open_engine(make_url(url).set(database=name).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later program: ours, and `NEXT`."""
    from refund_desk.store.schema import HEAD

    folder = tmp_path / "later"
    shutil.copytree(migrations(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{NEXT}.py").write_text(_NEXT_STEP.replace("{head}", HEAD))
    return folder
