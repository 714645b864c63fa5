"""Statements, their rows, and what reconciliation found.

Revision: 0004_reconciliation
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_reconciliation"
down_revision = "0003_sending"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970-01-01 UTC
JSON = sa.Text()


def upgrade() -> None:
    """Make the tables of reconciliation."""
    op.create_table(
        "statement",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("fresh", sa.Integer(), nullable=False),
        sa.Column("bad", JSON, nullable=False),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("person_id", KEY),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_statement_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_statement"),
        sa.UniqueConstraint("source", "digest", name="uq_statement_source_digest"),
    )
    op.create_table(
        "reconciliation_match",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("here", JSON, nullable=False),
        sa.Column("there", JSON, nullable=False),
        sa.Column("terms", JSON, nullable=False),
        sa.Column("difference", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("gone_at", INSTANT),
        sa.Column("undone_at", INSTANT),
        sa.Column("undone_by", KEY),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name="fk_reconciliation_match_undone_by"),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation_match"),
        sa.UniqueConstraint("digest", name="uq_reconciliation_match_digest"),
    )
    op.create_table(
        "statement_row",
        sa.Column("id", KEY, nullable=False),
        sa.Column("statement_id", KEY, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("refs", JSON, nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("fee", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text()),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name="fk_statement_row_statement_id"),
        sa.PrimaryKeyConstraint("id", name="pk_statement_row"),
        sa.UniqueConstraint("source", "kind", "external_id", name="uq_statement_row_source_kind_external_id"),
    )
    op.create_index("ix_statement_row_statement", "statement_row", ["statement_id"])
    op.create_table(
        "reconciliation_break",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("here", JSON, nullable=False),
        sa.Column("there", JSON, nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("case_id", KEY),
        sa.Column("owner_id", KEY),
        sa.Column("settled_at", INSTANT),
        sa.Column("settled_by", KEY),
        sa.Column("resolution", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_reconciliation_break_case_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_reconciliation_break_owner_id"),
        sa.ForeignKeyConstraint(["settled_by"], ["person.id"], name="fk_reconciliation_break_settled_by"),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation_break"),
        sa.UniqueConstraint("digest", name="uq_reconciliation_break_digest"),
    )
    op.create_index("ix_reconciliation_break_status", "reconciliation_break", ["status", "id"])
    op.create_index("ix_reconciliation_break_case", "reconciliation_break", ["case_id"])


def downgrade() -> None:
    """Drop them, dependants first."""
    for table in ("reconciliation_break", "statement_row", "reconciliation_match", "statement"):
        op.drop_table(table)
