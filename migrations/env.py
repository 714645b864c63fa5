"""How a migration runs: in the transaction of whoever called, on SQLite in batch mode, guards after each step.

Only `refund_desk.store.upgrade` calls it, with its connection. To change the schema: change
`refund_desk/store/tables`, write the next file in `versions/` with op.create_table, op.batch_alter_table …
(both databases, up and down, importing nothing of the program: a step never changes again), and name it in
`refund_desk.store.schema.HEAD`. The tests in tests/migrations say what is still missing.
"""

from __future__ import annotations

from typing import Any

from alembic import context

from refund_desk.store import guards
from refund_desk.store.schema import in_metadata
from refund_desk.store.tables import metadata


def after_step(ctx: Any, **_: Any) -> None:
    """A batch migration drops triggers without a word: make them again, whatever the step did."""
    guards.install(ctx.connection)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=in_metadata,
    on_version_apply=after_step,
    render_as_batch=True,
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
