"""Work of people: skills, shifts, absences, conflicts of interest, delegations; hand-outs and moves of cases.

Revision: 0006_workload
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_workload"
down_revision = "0005_clocks"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()  # microseconds since 1970-01-01 UTC
JSON = sa.Text()
LISTED = {"ix_case_load": ["assignee_id", "stage", "due_at"], "ix_case_age": ["stage", "stage_at"]}


def upgrade() -> None:
    """Make the tables, and find quickly who looks at what right now."""
    op.create_table(
        "working",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("languages", JSON, nullable=False),
        sa.Column("calendar", sa.Text()),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", KEY),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_working_person_id"),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name="fk_working_changed_by"),
        sa.PrimaryKeyConstraint("person_id", name="pk_working"),
    )
    op.create_table(
        "absence",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=False),
        sa.Column("set_by", KEY),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", KEY),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_absence_person_id"),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name="fk_absence_set_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name="fk_absence_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_absence"),
    )
    op.create_index("ix_absence_until", "absence", ["until_at"])
    op.create_table(
        "interest",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("customer_id", KEY),
        sa.Column("other_id", KEY),
        sa.Column("set_by", KEY),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", KEY),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_interest_person_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_interest_customer_id"),
        sa.ForeignKeyConstraint(["other_id"], ["person.id"], name="fk_interest_other_id"),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name="fk_interest_set_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name="fk_interest_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_interest"),
    )
    op.create_index("ix_interest_person", "interest", ["person_id"])
    op.create_table(
        "delegation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("from_id", KEY, nullable=False),
        sa.Column("to_id", KEY, nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=False),
        sa.Column("set_by", KEY),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", KEY),
        sa.ForeignKeyConstraint(["from_id"], ["person.id"], name="fk_delegation_from_id"),
        sa.ForeignKeyConstraint(["to_id"], ["person.id"], name="fk_delegation_to_id"),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name="fk_delegation_set_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name="fk_delegation_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_delegation"),
    )
    op.create_index("ix_delegation_to", "delegation", ["to_id", "until_at"])
    op.create_table(
        "handout",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("picked", sa.Integer(), nullable=False),
        sa.Column("declined", sa.Integer(), nullable=False),
        sa.Column("given_s", sa.BigInteger(), nullable=False),
        sa.Column("picked_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_handout_person_id"),
        sa.PrimaryKeyConstraint("person_id", "day", name="pk_handout"),
    )
    op.create_table(
        "case_move",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("undo_until", INSTANT, nullable=False),
        sa.Column("undone_at", INSTANT),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_case_move_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_move"),
    )
    op.create_index("ix_case_move_person", "case_move", ["person_id", "id"])
    op.create_table(
        "case_moved",
        sa.Column("move_id", KEY, nullable=False),
        sa.Column("case_id", KEY, nullable=False),
        sa.Column("from_id", KEY),
        sa.Column("to_id", KEY),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", INSTANT),
        sa.Column("taken_at", INSTANT),
        sa.ForeignKeyConstraint(["move_id"], ["case_move.id"], name="fk_case_moved_move_id"),
        sa.ForeignKeyConstraint(["case_id"], ["refund_case.id"], name="fk_case_moved_case_id"),
        sa.ForeignKeyConstraint(["from_id"], ["person.id"], name="fk_case_moved_from_id"),
        sa.ForeignKeyConstraint(["to_id"], ["person.id"], name="fk_case_moved_to_id"),
        sa.PrimaryKeyConstraint("move_id", "case_id", name="pk_case_moved"),
    )
    op.create_index("ix_last_look_at", "last_look", ["at"])
    for name, columns in LISTED.items():
        op.create_index(
            name, "refund_case", columns, sqlite_where=sa.text("open = 1"), postgresql_where=sa.text("open")
        )


def downgrade() -> None:
    """Drop them, dependants first."""
    for name in LISTED:
        op.drop_index(name, table_name="refund_case")
    op.drop_index("ix_last_look_at", table_name="last_look")
    for table in ("case_moved", "case_move", "handout", "delegation", "interest", "absence", "working"):
        op.drop_table(table)
