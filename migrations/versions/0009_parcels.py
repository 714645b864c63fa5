"""Parcels by their number: an index over what systems say of tracking numbers.

Revision: 0009_parcels
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_parcels"
down_revision = "0008_figures"


def upgrade() -> None:
    op.create_index(
        "ix_observation_tracking",
        "observation",
        ["value"],
        sqlite_where=sa.text("field = 'tracking' AND current = 1"),
        postgresql_where=sa.text("field = 'tracking' AND current"),
    )


def downgrade() -> None:
    op.drop_index("ix_observation_tracking", table_name="observation")
