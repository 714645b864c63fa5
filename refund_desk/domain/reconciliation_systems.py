"""What connected systems say of orders, as lines to hold against one another. Pure.

The order system is one side: its own payments and refunds where it lists them, else the totals of the order. Other
systems' payments and refunds are the gateway's side; what finance booked is the ledger's. Where two order
systems know an order, the one that named it first speaks for it: that they disagree is a conflict of the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from refund_desk.domain.facts import Record
from refund_desk.domain.reconciliation import Entry, Kind, Role, State
from refund_desk.domain.words import RecordKind

KINDS = (RecordKind.ORDER, RecordKind.PAYMENT, RecordKind.REFUND, RecordKind.LEDGER_ENTRY)
"""Records that a run reads."""
_BOOKED = {"payment": Kind.PAYMENT, "refund": Kind.REFUND}
_STATES = {
    "pending": State.PENDING,
    "processing": State.PENDING,
    "requires_action": State.PENDING,
    "failed": State.FAILED,
    "canceled": State.FAILED,
    "cancelled": State.FAILED,
    "voided": State.FAILED,
}
_TENDERS = ("points", "store_credit", "coupon")


@dataclass(frozen=True, slots=True)
class OrderSaid:
    """Everything said of one order. account: the customer's id in their system."""

    id: int
    number: str
    currency: str
    account: str
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class SystemLine:
    """A line with its side. record: what it was made of; seen_at: when it was last heard, by our clock."""

    role: Role
    entry: Entry
    record: int
    seen_at: datetime


def lines_of(said: OrderSaid) -> list[SystemLine]:
    """The lines of one order: none where no order system knows it."""
    orders = [record for record in said.records if record.kind is RecordKind.ORDER]
    if not orders:
        return []
    lead = min(orders, key=lambda record: record.id)
    shops = {record.source for record in orders}
    others = [record for record in said.records if record.source not in shops]
    made = [*_shop(said, lead), *_gateway(said, lead, others), *_ledger(said)]
    named: dict[tuple[str, str, str], SystemLine] = {}
    for line in made:
        named.setdefault(line.entry.key, line)
    return list(named.values())


def _shop(said: OrderSaid, lead: Record) -> Iterator[SystemLine]:
    own = [record for record in said.records if record.source == lead.source]
    payments = [record for record in own if record.kind is RecordKind.PAYMENT]
    refunds = [record for record in own if record.kind is RecordKind.REFUND]
    yield from _payments(said, lead, payments, Role.SHOP)
    yield from _refunds(said, lead, refunds, payments, Role.SHOP)
    if not payments and (paid := _in_money(lead)) > 0:
        yield _line(said, lead, Role.SHOP, Kind.PAYMENT, paid, _paid_at(said, lead))
    if not refunds and (back := int(lead.get("refunded", 0))) > 0:
        yield _line(said, lead, Role.SHOP, Kind.REFUND, back, lead.fields["refunded"].as_of)


def _paid_at(said: OrderSaid, lead: Record) -> datetime:
    """As the order says, else as the first payment says: a time that nobody gave makes nothing late."""
    told = [record.get("captured_at") for record in said.records if record.kind is RecordKind.PAYMENT]
    first = min((at for at in told if at is not None), default=None)
    return lead.get("paid_at") or first or lead.get("placed_at") or lead.as_of


def _in_money(order: Record) -> int:
    """What was paid through a gateway: points and coupons never reached one."""
    return int(order.get("paid", 0)) - sum(int(order.get(name, 0)) for name in _TENDERS)


def _gateway(said: OrderSaid, lead: Record, others: Sequence[Record]) -> Iterator[SystemLine]:
    payments = [record for record in others if record.kind is RecordKind.PAYMENT]
    refunds = [record for record in others if record.kind is RecordKind.REFUND]
    yield from _payments(said, lead, payments, Role.GATEWAY)
    yield from _refunds(said, lead, refunds, payments, Role.GATEWAY)


def _payments(said: OrderSaid, lead: Record, payments: Iterable[Record], role: Role) -> Iterator[SystemLine]:
    for record in payments:
        captured = int(record.get("captured", 0))
        if captured > 0:
            at = record.get("captured_at") or _paid_at(said, lead)
            yield _line(said, record, role, Kind.PAYMENT, captured, at, currency=record.get("currency"))


def _refunds(
    said: OrderSaid, lead: Record, refunds: Sequence[Record], payments: Sequence[Record], role: Role
) -> Iterator[SystemLine]:
    """Refunds as listed, and what a payment's own sum says beyond them."""
    currencies = {record.id: record.get("currency") for record in payments}
    listed: dict[int, int] = {}
    for record in refunds:
        state = _STATES.get(str(record.get("status", "")), State.DONE)
        minor = int(record.get("amount", 0))
        if record.parent_id is not None and state is not State.FAILED:
            listed[record.parent_id] = listed.get(record.parent_id, 0) + minor
        if minor > 0:
            at, currency = record.get("created_at") or record.as_of, currencies.get(record.parent_id or 0)
            yield _line(said, record, role, Kind.REFUND, minor, at, currency=currency, state=state)
    for payment in payments:
        more = int(payment.get("refunded", 0)) - listed.get(payment.id, 0)
        if more > 0:
            told = [one.fields["refunded"].as_of for one in (payment, lead) if "refunded" in one.fields]
            at = min(told, default=payment.as_of)
            yield _line(said, payment, role, Kind.REFUND, more, at, currency=payment.get("currency"))


def _ledger(said: OrderSaid) -> Iterator[SystemLine]:
    for record in said.records:
        kind = _BOOKED.get(str(record.get("kind", ""))) if record.kind is RecordKind.LEDGER_ENTRY else None
        if kind is not None and (minor := abs(int(record.get("amount", 0)))) > 0:
            at = record.get("booked_at") or record.as_of
            yield _line(said, record, Role.LEDGER, kind, minor, at, currency=record.get("currency"))


def _line(
    said: OrderSaid,
    record: Record,
    role: Role,
    kind: Kind,
    minor: int,
    at: datetime,
    *,
    currency: str | None = None,
    state: State = State.DONE,
) -> SystemLine:
    reference = record.get("reference")
    refs = (said.number, str(reference)) if reference else (said.number,)
    fee = record.get("fee") if kind is Kind.PAYMENT else None
    entry = Entry(
        _source(record, role), kind, record.external_id, refs, minor, currency or said.currency, at, said.account
    )
    if fee is not None or state is not State.DONE:
        entry = entry._replace(fee=fee, state=state)
    seen = max((one.fetched_at for one in record.fields.values()), default=record.as_of)
    return SystemLine(role, entry, record.id, seen)


def _source(record: Record, role: Role) -> str:
    """A system that sells and keeps books has two sides, and each its name."""
    return f"{record.source}:ledger" if role is Role.LEDGER else record.source
