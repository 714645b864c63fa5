"""Prepared sums of the figures: what each case adds on each day, and sums by dimension, member and day.

Revision: 0007_figures
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_figures"
down_revision = "0007_reconciling"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DIMENSIONS = ("reason", "channel", "region", "product", "clause", "person", "merchant")
PARTS = (
    *("opened", "closed", "decided", "gave", "judged", "overturned"),
    *("answers", "answer_us", "decisions", "decision_us", "clocks", "missed"),
    *("paid", "no_arrival", "arrivals", "arrival_us", "reconciled"),
    *("contacts", "repeats", "duplicates", "appeals", "moves", "automatic"),
    *("asked", "in_time"),
)


def upgrade() -> None:
    op.create_table(
        "figure_case",
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in DIMENSIONS),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_figure_case_case_id"),
        sa.PrimaryKeyConstraint("case_id", "day", name="pk_figure_case"),
    )
    op.create_index("ix_figure_case_day", "figure_case", ["day"])
    _sums("figure_day", [sa.Column(part, sa.BigInteger(), nullable=False) for part in PARTS])
    _sums(
        "figure_open", [sa.Column("part", sa.Text(), nullable=False), sa.Column("n", sa.BigInteger(), nullable=False)]
    )


def _sums(table: str, columns: list[sa.Column[object]]) -> None:
    key = ["dimension", "member", "day", *(["part"] if table == "figure_open" else [])]
    op.create_table(
        table,
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("figure_open", "figure_day", "figure_case"):
        op.drop_table(table)
