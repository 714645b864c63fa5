"""The case bundle: what `import` reads and `POST /v1/refund-requests` takes.

A bundle is a directory or zip with `cases.jsonl` (one `BundleCase` a line, UTF-8) and `evidence/`.
One line is one refund request with what each system says about its order. The same order may come
from several systems, in one line or in several; where they disagree, the desk finds the conflict.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from refund_desk.domain.words import EvidenceKind, Reason, RequestKind, Tender, Who
from refund_desk.wire.base import Currency, DecimalText, Direction, Id, Language, Time, Wire

Short = Annotated[str, Field(max_length=500)]
Long = Annotated[str, Field(max_length=20_000)]
Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class Wanted(Wire):
    """A line of the order that the request is about."""

    line: Id = Field(description="Id of the order line, as the order's system writes it.")
    quantity: Quantity = Field(description="Units of it.")
    units: list[Quantity] | None = Field(
        default=None, description="Which units (1-based), where the customer names them; else the first `quantity`."
    )


class BundleRequest(Wire):
    """What the customer asks."""

    system: Id = Field(description="The system that took the request.", examples=["mall"])
    id: Id
    order: Id = Field(description="Order number; joins the request to `orders` and `payments`.")
    kind: RequestKind = Field(description="What is asked for.")
    reason: Reason = Field(description="Why.")
    reason_text: Short | None = Field(default=None, description="The reason as its system words it.")
    text: Long | None = Field(default=None, description="The customer's own words.")
    created_at: Time
    amount: DecimalText | None = Field(default=None, description="What the customer asks for, where they say.")
    currency: Currency
    lines: list[Wanted] = Field(default_factory=list, max_length=2000, description="Empty: the whole order.")
    language: Language = Field(default="en", description="In which the customer is answered.")
    channel: Short | None = Field(default=None, examples=["app", "mail", "phone"], description="By which way it came.")
    want: Short | None = Field(default=None, description="For an exchange: what is wanted instead.")


class BundleCustomer(Wire):
    """Who asks. Kept apart from everything that can't be erased."""

    system: Id | None = Field(default=None, description="Whose id this is; default: the request's system.")
    id: Id
    name: Short | None = Field(default=None, description="As they call themselves.")
    email: Short | None = Field(default=None, description="Mail address.")
    phone: Short | None = Field(default=None, description="With its country code, where it is known.")
    address: Short | None = Field(default=None, description="Where parcels go, in one line.")
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="ISO 3166 code of two letters."
    )


class BundleMerchant(Wire):
    id: Id
    name: Short = Field(description="As customers see it.")


class BundleOrderLine(Wire):
    id: Id
    sku: Short | None = Field(default=None, description="Stock number.")
    name: Short = Field(description="What it is, as the customer saw it.")
    quantity: Quantity = Field(description="Units bought.")
    unit_price: DecimalText = Field(description="List price of one unit, before discounts.")
    discount: DecimalText = Field(default="0", description="Discount on this line alone, all its units.")
    paid: DecimalText | None = Field(
        default=None, description="What was paid for the line, where the system says; else the desk spreads the total."
    )
    perishable: bool = Field(default=False, description="Food, flowers: it is not sent back.")
    made_to_order: bool = Field(default=False, description="Made for this customer: it can't be sold again.")
    returned_quantity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = Field(
        default=0, description="Units that came back before."
    )


class BundleTender(Wire):
    """A means by which the order was paid besides money."""

    kind: Tender = Field(description="What it was paid by.")
    amount: DecimalText


class BundleOrder(Wire):
    """An order as one system has it."""

    system: Id
    number: Id
    as_of: Time = Field(description="When the system said so.")
    placed_at: Time
    status: Short = Field(examples=["delivered"], description="The system's own word for its state.")
    currency: Currency
    total: DecimalText | None = Field(default=None, description="Sum of the lines before order discounts and shipping.")
    paid: DecimalText | None = Field(default=None, description="What was paid in all, shipping included.")
    refunded: DecimalText | None = Field(default=None, description="What this system believes was given back.")
    shipping: DecimalText = "0"
    discount: DecimalText = Field(default="0", description="Discount on the whole order, beyond that of the lines.")
    tax: DecimalText = Field(default="0", description="Tax added on top; 0 where prices include it.")
    paid_at: Time | None = Field(default=None, description="When it was paid.")
    note: Long | None = Field(default=None, description="What the system or the customer noted on it.")
    tenders: list[BundleTender] = Field(
        default_factory=list, max_length=20, description="Means it was paid by besides money."
    )
    lines: list[BundleOrderLine] = Field(
        default_factory=list,
        max_length=2000,
        description="Its lines; without them nothing can be said about single goods.",
    )


class BundleRefund(Wire):
    id: Id
    amount: DecimalText
    status: Literal["pending", "succeeded", "failed", "cancelled"] = Field(
        description="The gateway's word for its state."
    )
    created_at: Time
    reason: Short | None = Field(default=None, description="Why, as the gateway has it.")
    by: Short | None = Field(default=None, description="Who made it, as the system says.")


class BundleDispute(Wire):
    id: Id
    amount: DecimalText
    status: Literal["open", "under_review", "won", "lost"] = Field(description="Where the chargeback stands.")
    opened_at: Time
    due_at: Time | None = Field(default=None, description="Until when it can be answered.")
    reason: Short | None = Field(default=None, description="The bank's reason, as it writes it.")


class BundlePayment(Wire):
    """A payment as one gateway has it."""

    system: Id
    id: Id
    order: Id
    as_of: Time
    method: Short = Field(
        examples=["card", "alipay", "wechat_pay", "paypal", "gift_card", "bank_transfer"],
        description="By what it was paid.",
    )
    account_hint: Short | None = Field(default=None, description="Last digits or a mask; never the full number.")
    status: Short = Field(examples=["captured"], description="The gateway's own word for its state.")
    currency: Currency
    captured: DecimalText
    refunded: DecimalText | None = Field(default=None, description="What the gateway says was given back.")
    fee: DecimalText | None = Field(default=None, description="What the gateway kept.")
    captured_at: Time | None = Field(default=None, description="When the money was taken.")
    arrival_days: Annotated[int, Field(strict=True, ge=0, le=90)] | None = Field(
        default=None, description="Business days within which the channel promises a refund arrives."
    )
    refunds: list[BundleRefund] = Field(
        default_factory=list, max_length=500, description="Refunds that the gateway knows."
    )
    disputes: list[BundleDispute] = Field(
        default_factory=list, max_length=50, description="Chargebacks that the gateway knows."
    )


class BundleShipment(Wire):
    system: Id
    id: Id
    order: Id
    as_of: Time
    carrier: Short | None = Field(default=None, description="Who carries it.")
    tracking: Short | None = Field(default=None, description="Waybill number.")
    status: Short = Field(examples=["delivered"], description="The carrier's own word for its state.")
    shipped_at: Time | None = Field(default=None, description="When it left.")
    delivered_at: Time | None = Field(default=None, description="When it arrived.")


class BundleReturn(Wire):
    """Goods on their way back, as the order or warehouse system has them."""

    system: Id
    id: Id
    order: Id
    as_of: Time
    status: Short = Field(description="The system's own word for its state.")
    tracking: Short | None = Field(default=None, description="Waybill number.")
    received_at: Time | None = Field(default=None, description="When it arrived.")
    note: Long | None = Field(default=None, description="What the warehouse noted.")


class BundleLedgerEntry(Wire):
    system: Id
    id: Id
    order: Id
    as_of: Time
    kind: Literal["payment", "refund", "fee", "invoice", "credit_note", "write_off"] = Field(
        description="What was booked."
    )
    amount: DecimalText
    currency: Currency
    booked_at: Time
    reference: Short | None = Field(default=None, description="Number of the invoice, credit note or bank line.")


class BundlePromise(Wire):
    """A promise already made to the customer in a message."""

    amount: DecimalText
    currency: Currency
    form: Tender = Field(default=Tender.MONEY, description="In which form it was promised.")


class BundleMessage(Wire):
    system: Id
    id: Id
    channel: Short = Field(examples=["mail", "chat", "phone", "app"], description="Where it was said.")
    direction: Direction = Field(description="in: from the customer; out: to them; note: internal.")
    who: Who = Field(description="Who said it.")
    name: Short | None = Field(default=None, description="Name of whoever said it.")
    sent_at: Time
    text: Long = Field(description="Every word, as it was said.")
    language: Language | None = Field(default=None, description="In which it was said.")
    attachments: list[Short] = Field(default_factory=list, max_length=50, description="`evidence[].file` it carried.")
    promise: BundlePromise | None = Field(
        default=None, description="What the message promised the customer, if anything."
    )


class BundleEvidence(Wire):
    file: Short = Field(description="Path inside the bundle, below `evidence/`.", examples=["evidence/9f1c.jpg"])
    name: Short | None = Field(default=None, description="Name of the file as it was sent.")
    kind: EvidenceKind = Field(default=EvidenceKind.PHOTO, description="What the file shows.")
    who: Who = Field(default=Who.CUSTOMER, description="Who sent it.")
    sent_at: Time | None = Field(default=None, description="When it was sent.")


class BundleCase(Wire):
    """One line of cases.jsonl."""

    schema_: Literal["case-bundle/1"] = Field(alias="schema", description="Version of this shape.")
    request: BundleRequest = Field(description="What the customer asks, and about which order.")
    customer: BundleCustomer | None = Field(default=None, description="Who asks; left out where nobody knows.")
    merchant: BundleMerchant | None = Field(default=None, description="Who sells on a platform.")
    orders: list[BundleOrder] = Field(
        default_factory=list, max_length=20, description="The order, once for each system that knows it."
    )
    payments: list[BundlePayment] = Field(
        default_factory=list,
        max_length=100,
        description="Payments of the order, once for each gateway that knows them.",
    )
    shipments: list[BundleShipment] = Field(
        default_factory=list, max_length=100, description="Parcels to the customer."
    )
    returns: list[BundleReturn] = Field(default_factory=list, max_length=100, description="Parcels back.")
    ledger: list[BundleLedgerEntry] = Field(
        default_factory=list, max_length=500, description="What finance has booked."
    )
    messages: list[BundleMessage] = Field(
        default_factory=list, max_length=1000, description="What was said, in any channel."
    )
    evidence: list[BundleEvidence] = Field(
        default_factory=list, max_length=200, description="Files that came with it, with what they are."
    )


class ImportCounts(Wire):
    """What a run of import did. read = new + unchanged + updated + quarantined."""

    read: int = 0
    new: int = 0
    unchanged: int = 0
    updated: int = 0
    quarantined: int = 0
    reasons: dict[str, int] = Field(default_factory=dict, description="Quarantine reason code → records.")
    findings: dict[str, int] = Field(default_factory=dict, description="Finding code → cases it is now on.")


class QuarantineReason(Wire):
    """Why a record was not taken. `path` is the place of the bad field, as in `orders[0].lines[2].paid`."""

    path: str
    code: str
    params: dict[str, str | int | bool | list[str]] = Field(default_factory=dict)


class QuarantineRow(Wire):
    id: int
    at: Time
    source: str
    line: int | None = None
    request: str | None = Field(default=None, description="`system/id` of the request, where it could be read.")
    status: Literal["open", "taken", "dropped"]
    reasons: list[QuarantineReason]


class QuarantineRecord(QuarantineRow):
    raw: str = Field(description="The record as it came; base64 where it is not UTF-8.")
    raw_base64: bool = False


class RequestTaken(Wire):
    """What became of one request that was sent."""

    result: Literal["new", "unchanged", "updated"]
    ref: str = Field(description="Its case.", examples=["RC-26-004182"])
    findings: list[str] = Field(default_factory=list, description="Codes of what is odd about the case now.")


class QuarantinePage(Wire):
    rows: list[QuarantineRow]
    next: int | None = Field(default=None, description="`after` of the next page.")


class Retry(Wire):
    """Take a quarantined record in again: as it is, or corrected."""

    record: str | None = Field(default=None, max_length=4_194_304, description="The corrected line, as JSON text.")
