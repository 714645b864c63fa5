"""What systems said about an order and its money, as panes show it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from refund_desk.wire.base import Amount, Time, Wire

Value = str | int | bool | Amount | None
"""A typed value of a field; its type is in the data dictionary under the field's key. Times are ISO text."""


class Said(Wire):
    """What one system said about a field."""

    system: str
    record: str = Field(description="Id of the record in that system.")
    value: Any = Field(description="str, int, bool, Amount or None; the dictionary has the type.")
    as_of: Time
    fetched_at: Time


class FieldView(Wire):
    """A field of a pane: key of the data dictionary, its leading value, and everybody who said something."""

    key: str = Field(examples=["order.paid"])
    value: Any = None
    said: list[Said] = Field(default_factory=list)
    conflict: bool = False


Link = Annotated[str | None, Field(description="Where its own system shows it; None where no address is set.")]


class SystemLink(Wire):
    """Where one system shows a record."""

    system: str
    url: str


class LineView(Wire):
    """An order line. `paid_share` is what was paid for it; `refundable` what may still go back for it."""

    id: str
    system: str = ""
    sku: str | None = None
    name: str
    quantity: int
    unit_price: Amount | None = None
    paid_share: Amount | None = None
    refundable: Amount | None = None
    refundable_quantity: int
    requested_quantity: int = 0
    link: Link = None
    perishable: bool = False
    made_to_order: bool = False
    conflict: bool = False


class MovementView(Wire):
    """A refund, dispute or ledger entry in the payment pane."""

    kind: Literal["refund", "dispute", "ledger_entry", "intent"]
    system: str
    id: str
    amount: Amount
    status: str
    at: Time | None = None
    by: str | None = None
    reason: str | None = None
    reference: str | None = None
    due_at: Time | None = None
    link: Link = None


class RecordView(Wire):
    """One record of one system (an order, a payment, a shipment …) with its fields."""

    kind: str
    system: str
    id: str
    as_of: Time
    fields: list[FieldView]
    link: Link = None


class OrderPane(Wire):
    number: str
    systems: list[str]
    as_of: Time | None = None
    fields: list[FieldView]
    lines: list[LineView]
    shipments: list[RecordView] = Field(default_factory=list)
    returns: list[RecordView] = Field(default_factory=list)
    links: list[SystemLink] = Field(default_factory=list, description="Of each system that shows the order.")


class PaymentPane(Wire):
    systems: list[str]
    as_of: Time | None = None
    payments: list[RecordView]
    movements: list[MovementView] = Field(default_factory=list)


class ConflictView(Wire):
    """Two current observations that disagree by the rule of the data dictionary."""

    field: str
    subject: str = Field(description="Order number, line id or payment id the field belongs to.")
    said: list[Said]
    rule: str
    effective: Any = Field(description="The value the money rules use while it lasts.")
