"""The data dictionary: every field a system can say something about.

type: money (minor units in the record's currency), integer, boolean, text, time.
rule: what a disagreement between two systems means:
  same    the systems must agree; a difference is a conflict, the first source's value leads
  higher  as `same`, and while it lasts money rules use the higher value
  lower   as `same`, and money rules use the lower value
  free    each system has its own; never a conflict
The label in both languages is `field.<key>` of the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from refund_desk.domain.words import RecordKind

FieldType = Literal["money", "integer", "boolean", "text", "time"]
Rule = Literal["same", "higher", "lower", "free"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `key` is `<kind>.<name>`; `unit` is what a number counts; `source` is who can say it."""

    key: str
    kind: RecordKind
    name: str
    type: FieldType
    unit: str
    source: str
    rule: Rule


def _fields(kind: RecordKind, source: str, rows: str) -> list[Field]:
    """Rows of `name type rule [unit]`, one a line."""
    out = []
    for row in rows.strip().splitlines():
        name, kind_of, rule, *unit = row.split()
        default = {"money": "minor units", "time": "UTC"}.get(kind_of, "")
        out.append(
            Field(f"{kind.value}.{name}", kind, name, kind_of, " ".join(unit) or default, source, rule)  # type: ignore[arg-type]
        )
    return out


FIELDS: tuple[Field, ...] = tuple(
    _fields(
        RecordKind.ORDER,
        "order system",
        """
        placed_at time same
        status text same
        currency text same ISO 4217
        total money same
        paid money lower
        refunded money higher
        shipping money lower
        discount money same
        tax money same
        paid_at time free
        note text free
        points money free
        store_credit money free
        coupon money free
        """,
    )
    + _fields(
        RecordKind.ORDER_LINE,
        "order system",
        """
        sku text free
        name text free
        quantity integer lower units
        unit_price money same
        discount money same
        paid money lower
        perishable boolean free
        made_to_order boolean free
        returned_quantity integer higher units
        """,
    )
    + _fields(
        RecordKind.SHIPMENT,
        "order system, carrier",
        """
        carrier text free
        tracking text free
        status text same
        shipped_at time free
        delivered_at time same
        """,
    )
    + _fields(
        RecordKind.RETURN,
        "order system, warehouse",
        """
        status text same
        tracking text same
        received_at time same
        note text free
        """,
    )
    + _fields(
        RecordKind.PAYMENT,
        "payment gateway",
        """
        method text free
        account_hint text free
        status text same
        currency text same ISO 4217
        captured money lower
        refunded money higher
        fee money free
        captured_at time free
        arrival_days integer free business days
        """,
    )
    + _fields(
        RecordKind.REFUND,
        "payment gateway",
        """
        amount money same
        status text same
        created_at time free
        reason text free
        by text free
        reference text free
        """,
    )
    + _fields(
        RecordKind.DISPUTE,
        "payment gateway",
        """
        amount money same
        status text same
        opened_at time free
        due_at time free
        reason text free
        """,
    )
    + _fields(
        RecordKind.LEDGER_ENTRY,
        "finance",
        """
        kind text same
        amount money same
        currency text same ISO 4217
        booked_at time free
        reference text free
        """,
    )
)

BY_KEY: dict[str, Field] = {field.key: field for field in FIELDS}
