"""The panes of a case for the wire: what each system said about order and payment, and where they disagree."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from refund_desk.domain.dictionary import BY_KEY
from refund_desk.domain.facts import Conflict, Record
from refund_desk.domain.links import link_to
from refund_desk.domain.payouts import line_ceiling
from refund_desk.domain.words import RecordKind
from refund_desk.server import present as p
from refund_desk.service.reading import Reading
from refund_desk.wire import facts as wf

ORDER_FIELDS = (
    "placed_at",
    "status",
    "paid_at",
    "total",
    "discount",
    "shipping",
    "tax",
    "paid",
    "refunded",
    "points",
    "store_credit",
    "coupon",
    "note",
)
PAYMENT_FIELDS = ("method", "account_hint", "status", "captured", "captured_at", "refunded", "fee", "arrival_days")
SHIPMENT_FIELDS = ("carrier", "tracking", "status", "shipped_at", "delivered_at")
RETURN_FIELDS = ("status", "tracking", "received_at", "note")


def _value(key: str, value: Any, currency: str) -> Any:
    if value is None:
        return None
    kind = BY_KEY[key].type
    if kind == "money":
        return p.sure(int(value), currency).model_dump()
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _said(record: Record, name: str, currency: str) -> wf.Said:
    observed = record.fields[name]
    key = f"{record.kind.value}.{name}"
    return wf.Said(
        system=record.source,
        record=record.external_id,
        value=_value(key, observed.value, currency),
        as_of=observed.as_of,
        fetched_at=observed.fetched_at,
    )


def conflict(found: Conflict, currency: str) -> wf.ConflictView:
    """What each system says about a field on which they disagree."""
    return wf.ConflictView(
        field=found.field,
        subject=found.subject,
        said=[
            wf.Said(
                system=one.source,
                record=one.record,
                value=_value(found.field, one.observed.value, currency),
                as_of=one.observed.as_of,
                fetched_at=one.observed.fetched_at,
            )
            for one in found.said
        ],
        rule=found.rule,
        effective=_value(found.field, found.effective, currency),
    )


def _field(records: list[Record], name: str, currency: str, disputed: set[str]) -> wf.FieldView | None:
    """A field over every system that said something about it; the first one's value leads."""
    speaking = [record for record in records if record.get(name) is not None]
    if not speaking:
        return None
    key = f"{speaking[0].kind.value}.{name}"
    said = [_said(record, name, currency) for record in speaking]
    return wf.FieldView(key=key, value=said[0].value, said=said, conflict=key in disputed)


def _fields(records: list[Record], names: Iterable[str], currency: str, disputed: set[str]) -> list[wf.FieldView]:
    return [field for name in names if (field := _field(records, name, currency, disputed)) is not None]


def _link(reading: Reading, record: Record) -> str | None:
    """Where its own system shows a record."""
    tracking = record.get("tracking")
    return link_to(reading.links, record.source, record.kind, record.external_id, tracking and str(tracking))


def _record(reading: Reading, record: Record, names: Iterable[str], disputed: set[str]) -> wf.RecordView:
    return wf.RecordView(
        kind=record.kind.value,
        system=record.source,
        id=record.external_id,
        as_of=record.as_of,
        fields=_fields([record], names, reading.file.order.currency, disputed),
        link=_link(reading, record),
    )


def _disputed(reading: Reading, record: Record | None = None) -> set[str]:
    """Fields in conflict; of a record those that it has a word in, and the order's own."""
    found = reading.file.conflicts
    return {c.field for c in found if record is None or c.field.startswith("order.") or _speaks(record, c)}


def _speaks(record: Record, found: Conflict) -> bool:
    """Whether a record is one of those that disagree."""
    about = found.field.startswith(f"{record.kind.value}.")
    return about and any((one.source, one.record) == (record.source, record.external_id) for one in found.said)


def order(reading: Reading, currency: str) -> wf.OrderPane | None:
    """The order with its lines, shipments and returns."""
    file = reading.file
    orders = file.of_kind(RecordKind.ORDER)
    shipments = file.of_kind(RecordKind.SHIPMENT)
    returns = file.of_kind(RecordKind.RETURN)
    disputed = _disputed(reading)
    return wf.OrderPane(
        number=file.order.number,
        systems=sorted({record.source for record in orders}),
        as_of=max((record.as_of for record in orders), default=None),
        fields=_fields(orders, ORDER_FIELDS, currency, disputed),
        lines=[_line(reading, line, currency) for line in file.lines],
        shipments=[_record(reading, r, SHIPMENT_FIELDS, _disputed(reading, r)) for r in shipments],
        returns=[_record(reading, r, RETURN_FIELDS, _disputed(reading, r)) for r in returns],
        links=[wf.SystemLink(system=r.source, url=url) for r in orders if (url := _link(reading, r))],
    )


def _line(reading: Reading, line: Record, currency: str) -> wf.LineView:
    share = reading.file.shares.line(line.external_id)
    ceiling = line_ceiling(reading.file.book, line.external_id)
    return wf.LineView(
        id=line.external_id,
        system=line.source,
        sku=line.get("sku"),
        name=str(line.get("name", "")),
        quantity=int(line.get("quantity", 0)),
        unit_price=p.amount(line.get("unit_price"), currency),
        paid_share=p.amount(share.minor if share else None, currency),
        refundable=p.sure(min(ceiling.minor, reading.refundable.minor), currency),
        refundable_quantity=ceiling.quantity or 0,
        requested_quantity=reading.asked.get(line.external_id, 0),
        link=_link(reading, line),
        perishable=bool(line.get("perishable")),
        made_to_order=bool(line.get("made_to_order")),
        conflict=any(_speaks(line, c) for c in reading.file.conflicts),
    )


def payment(reading: Reading) -> wf.PaymentPane | None:
    """The payments, and every movement of money by its time."""
    file = reading.file
    payments = file.of_kind(RecordKind.PAYMENT)
    moves = [_movement(reading, record) for record in file.records if record.kind in _MOVES]
    return wf.PaymentPane(
        systems=sorted({record.source for record in payments}),
        as_of=max((record.as_of for record in payments), default=None),
        payments=[_record(reading, r, PAYMENT_FIELDS, _money_fields(reading, r)) for r in payments],
        movements=sorted(moves, key=lambda m: (m.at is None, m.at or datetime.max.replace(tzinfo=UTC))),
    )


def _money_fields(reading: Reading, record: Record) -> set[str]:
    """A payment is marked where the order's sums say something else, too."""
    found = _disputed(reading, record)
    return found | {
        k.replace("order.refunded", "payment.refunded").replace("order.paid", "payment.captured") for k in found
    }


_MOVES = {RecordKind.REFUND: "refund", RecordKind.DISPUTE: "dispute", RecordKind.LEDGER_ENTRY: "ledger_entry"}
_WHEN = {RecordKind.REFUND: "created_at", RecordKind.DISPUTE: "opened_at", RecordKind.LEDGER_ENTRY: "booked_at"}


def _movement(reading: Reading, record: Record) -> wf.MovementView:
    return wf.MovementView(
        kind=_MOVES[record.kind],
        system=record.source,
        id=record.external_id,
        amount=p.sure(int(record.get("amount", 0)), reading.file.order.currency),
        status=str(record.get("status") or record.get("kind") or ""),
        at=record.get(_WHEN[record.kind]),
        by=record.get("by"),
        reason=record.get("reason"),
        reference=record.get("reference"),
        due_at=record.get("due_at"),
        link=_link(reading, record),
    )
