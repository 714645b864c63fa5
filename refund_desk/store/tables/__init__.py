"""All tables, by subject: `facts` (what systems said), `cases`, `people`, `audit`, `reconciliation`,
`sources` (how we are connected), `workload` (whose work it is), `figures` (prepared sums).
"""

from refund_desk.store.tables import audit, cases, facts, figures, people, reconciliation, sources, workload
from refund_desk.store.tables.base import metadata

__all__ = ["audit", "cases", "facts", "figures", "metadata", "people", "reconciliation", "sources", "workload"]
