"""All tables, by subject: `facts` (what systems said), `cases`, `people`, `audit`, `reconciliation`,
`sources` (how we are connected), `workload` (whose work it is).
"""

from refund_desk.store.tables import audit, cases, facts, people, reconciliation, sources, workload
from refund_desk.store.tables.base import metadata

__all__ = ["audit", "cases", "facts", "metadata", "people", "reconciliation", "sources", "workload"]
