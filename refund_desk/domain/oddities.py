"""What is odd about a case but can be decided: findings, computed from the facts as they stand now.

They are derived anew whenever facts come, so the order in which two systems speak doesn't matter, and
one goes when its cause goes. Amounts in params are {"minor", "currency"}.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from refund_desk.domain.facts import GIVEN_BACK, TAKEN, Record
from refund_desk.domain.money import amount
from refund_desk.domain.shares import Shares
from refund_desk.domain.words import RecordKind

Severity = Literal["info", "warning", "blocking"]
Found = tuple[str, Mapping[str, Any], Severity]

ON_ITS_WAY: Final = frozenset(
    {"shipped", "in_transit", "out_for_delivery", "delivered", "fulfilled", "signed", "received", "completed"}
)
SHORTEST_WAYBILL: Final = 5
_INFO: Final = frozenset({"line.paid_exceeds_price", "order.lines_alike", "evidence.mislabelled"})


@dataclass(frozen=True, slots=True)
class AskedFor:
    """One request of the case, as far as these rules look at it. lines: (order line id, quantity)."""

    id: str
    created_at: datetime
    amount_minor: int | None
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One file of evidence. trouble: why it can't be shown; claimed: the type that its name claims, if it lies."""

    name: str
    media_type: str
    trouble: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    claimed: str | None = None


def find(
    requests: Sequence[AskedFor],
    records: Sequence[Record],
    shares: Shares,
    customer: int | None,
    evidence: Iterable[Shown] = (),
) -> list[Found]:
    """All findings on a case, each once, in a stable order."""
    found: list[Found] = []
    if customer is None:
        found.append(("customer.missing", {}, "warning"))
    orders = [record for record in records if record.kind is RecordKind.ORDER]
    lines = [record for record in records if record.kind is RecordKind.ORDER_LINE]
    if not orders:
        found.append(("order.unlisted", {}, "warning"))
    for finding in shares.findings:
        if finding.code == "order.no_lines" and not orders:
            continue  # nobody lists the order at all: said above
        found.append((finding.code, finding.params, "info" if finding.code in _INFO else "warning"))
    for asked in requests:
        found += _asked(asked, orders, lines, shares)
    found += _lines(lines)
    found += _shipping(orders, records)
    found += _money(records, shares.currency)
    found += _files(evidence)
    return _once(found)


def _once(found: Iterable[Found]) -> list[Found]:
    out: dict[str, Found] = {}
    for one in found:
        out.setdefault(repr((one[0], sorted(one[1].items()))), one)
    return list(out.values())


def _asked(asked: AskedFor, orders: list[Record], lines: list[Record], shares: Shares) -> Iterator[Found]:
    placed = [o.get("placed_at") for o in orders if isinstance(o.get("placed_at"), datetime)]
    if placed and asked.created_at < min(placed):
        at = {"asked_at": asked.created_at.isoformat(), "placed_at": min(placed).isoformat()}
        yield "request.before_sale", at, "warning"
    if asked.amount_minor == 0:
        yield "request.amount_zero", {"request": asked.id}, "warning"
    if lines:
        yield from _asked_lines(asked, lines)
    value = _value(asked, shares)
    if asked.amount_minor is not None and value is not None and asked.amount_minor > value:
        code = "request.above_line_value" if asked.lines else "request.above_order_paid"
        yield code, _above(asked.amount_minor, value, shares.currency), "warning"


def _asked_lines(asked: AskedFor, lines: list[Record]) -> Iterator[Found]:
    bought: dict[str, int] = {}
    for line in lines:
        quantity = int(line.get("quantity", 0))
        bought[line.external_id] = min(bought.get(line.external_id, quantity), quantity)
    for line_id, quantity in asked.lines:
        if line_id not in bought:
            yield "request.line_unlisted", {"line": line_id}, "warning"
        elif quantity > bought[line_id]:
            counts = {"line": line_id, "asked": quantity, "bought": bought[line_id]}
            yield "request.quantity_above_bought", counts, "warning"


def _value(asked: AskedFor, shares: Shares) -> int | None:
    """What was paid for what is asked about, rounded up to whole units; None where we can't tell."""
    if not asked.lines:
        return shares.total_minor if shares.lines else None
    total, known = 0, False
    for line_id, quantity in asked.lines:
        share = shares.line(line_id)
        if share is None or not share.quantity:
            continue
        known = True
        total += -(-share.minor * min(quantity, share.quantity) // share.quantity)
    return total if known else None


def _above(asked: int, value: int, currency: str) -> dict[str, Any]:
    return {"asked": amount(asked, currency), "value": amount(value, currency)}


def _lines(lines: list[Record]) -> Iterator[Found]:
    by_source: dict[str, list[Record]] = {}
    for line in lines:
        by_source.setdefault(line.source, []).append(line)
    for source, group in sorted(by_source.items()):
        alike = Counter((line.get("sku"), line.get("unit_price"), line.get("quantity")) for line in group)
        again = sum(count - 1 for key, count in alike.items() if count > 1 and key[0] is not None)
        if again:
            yield "order.lines_alike", {"system": source, "lines": again}, "info"
        free = sum(1 for line in group if line.get("unit_price") == 0)
        if free:
            yield "order.lines_without_price", {"system": source, "lines": free}, "info"


def _shipping(orders: list[Record], records: Sequence[Record]) -> Iterator[Found]:
    shipments = [record for record in records if record.kind is RecordKind.SHIPMENT]
    went = [s for s in shipments if s.get("shipped_at") or str(s.get("status", "")).lower() in ON_ITS_WAY]
    if any(not s.get("tracking") for s in went) and not any(s.get("tracking") for s in went):
        yield "order.shipped_without_waybill", {"system": went[0].source}, "warning"
    elif not shipments:
        for order in orders:
            if str(order.get("status", "")).lower() in ON_ITS_WAY:
                yield "order.shipped_without_waybill", {"system": order.source}, "warning"
    for shipment in shipments:
        tracking = str(shipment.get("tracking") or "")
        if tracking and len(tracking) < SHORTEST_WAYBILL:
            yield "shipment.waybill_implausible", {"tracking": tracking}, "info"


def _money(records: Sequence[Record], currency: str) -> Iterator[Found]:
    """A gateway that contradicts itself; what two systems say differently is a conflict, not a finding."""
    for payment in records:
        if payment.kind is not RecordKind.PAYMENT:
            continue
        of_it = [record for record in records if record.parent_id == payment.id]
        refunds = [record for record in of_it if record.kind is RecordKind.REFUND]
        listed = sum(int(r.get("amount", 0)) for r in refunds if r.get("status") in GIVEN_BACK)
        said, captured = payment.get("refunded"), int(payment.get("captured", 0))
        name = {"payment": payment.external_id, "system": payment.source}
        if refunds and said is not None and listed != int(said):
            sums = {"listed": amount(listed, currency), "said": amount(int(said), currency)}
            yield "payment.refund_unmatched", name | sums, "warning"
        if max(listed, int(said or 0)) > captured:
            sums = {"refunded": amount(max(listed, int(said or 0)), currency), "captured": amount(captured, currency)}
            yield "payment.refunded_above_captured", name | sums, "blocking"
        disputed = sum(
            int(r.get("amount", 0)) for r in of_it if r.kind is RecordKind.DISPUTE and r.get("status") in TAKEN
        )
        if disputed > captured:
            sums = {"disputed": amount(disputed, currency), "captured": amount(captured, currency)}
            yield "payment.dispute_above_charge", name | sums, "warning"


def _files(evidence: Iterable[Shown]) -> Iterator[Found]:
    for shown in evidence:
        if shown.trouble:
            yield shown.trouble, {"name": shown.name, **shown.params}, "warning"
        if shown.claimed:
            told = {"name": shown.name, "claimed": shown.claimed, "type": shown.media_type}
            yield "evidence.mislabelled", told, "info"
