"""All tables, by subject: `facts` (what systems said), `cases`, `people`, `audit`."""

from refund_desk.store.tables import audit, cases, facts, people
from refund_desk.store.tables.base import metadata

__all__ = ["audit", "cases", "facts", "metadata", "people"]
