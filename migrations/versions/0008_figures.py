"""Prepared sums of the figures: what each case adds on each day, and sums by dimension, member and day; months that
were reported, and what was learnt from a figure.

Revision: 0007_figures
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_figures"
down_revision = "0007_reconciling"

INSTANT = sa.BigInteger()  # microseconds since 1970-01-01 UTC
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
    _month_report()
    _lesson()


def _month_report() -> None:
    op.create_table(
        "month_report",
        sa.Column("id", KEY, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("month", "format", "language")),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("person_id", KEY),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_month_report_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_month_report"),
    )
    op.create_index("ix_month_report_month", "month_report", ["month"])


def _lesson() -> None:
    people = ("owner_id", "made_by", "settled_by")
    op.create_table(
        "lesson",
        sa.Column("id", KEY, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("figure", "dimension", "member")),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("settled_by", KEY),
        sa.Column("settled_at", INSTANT),
        sa.Column("result", sa.Text()),
        *(sa.ForeignKeyConstraint([name], ["person.id"], name=f"fk_lesson_{name}") for name in people),
        sa.PrimaryKeyConstraint("id", name="pk_lesson"),
    )
    op.create_index("ix_lesson_status", "lesson", ["status", "due"])


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
    for table in ("lesson", "month_report", "figure_open", "figure_day", "figure_case"):
        op.drop_table(table)
