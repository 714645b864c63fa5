"""Orders are reconciled by themselves: whose a match or break is, and orders that a run left with something open.

Revision: 0007_reconciling
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0007_reconciling"
down_revision = "0006_workload"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = ("reconciliation_match", "reconciliation_break")


def _how() -> Literal["always", "never"]:
    """SQLite makes the table anew: added to the old one, columns would stand in no order."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


def upgrade() -> None:
    for name in _TABLES:
        with op.batch_alter_table(name, recreate=_how()) as table:
            table.add_column(sa.Column("order_id", KEY))
            table.create_foreign_key(f"fk_{name}_order_id", "shop_order", ["order_id"], ["id"])
        op.create_index(f"ix_{name}_order", name, ["order_id"])
    op.create_table(
        "reconciliation_open",
        sa.Column("order_id", KEY, sa.ForeignKey("shop_order.id"), primary_key=True),
    )


def downgrade() -> None:
    op.drop_table("reconciliation_open")
    for name in _TABLES:
        op.drop_index(f"ix_{name}_order", table_name=name)
        with op.batch_alter_table(name, recreate=_how()) as table:
            table.drop_constraint(f"fk_{name}_order_id", type_="foreignkey")
            table.drop_column("order_id")
