"""What the systems said about an order, and where they disagree. Pure; conflicts are computed, never set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from refund_desk.domain.dictionary import BY_KEY, Rule
from refund_desk.domain.words import RecordKind

GIVEN_BACK = frozenset({"pending", "succeeded"})
"""States of a gateway's refund in which the money is gone or on its way."""

TAKEN = frozenset({"open", "under_review", "lost"})
"""States of a dispute in which the gateway holds or has taken the funds."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One system's current word on one field. Money is an int of minor units; times are datetimes."""

    value: Any
    as_of: datetime
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """A thing in one system: an order, a line, a payment … with what was said about its fields."""

    id: int
    source: str
    kind: RecordKind
    external_id: str
    parent_id: int | None
    as_of: datetime
    fields: Mapping[str, Observed] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field by its short name, `default` where nothing was said."""
        said = self.fields.get(name)
        return default if said is None or said.value is None else said.value


@dataclass(frozen=True, slots=True)
class SaidBy:
    source: str
    record: str
    observed: Observed


@dataclass(frozen=True, slots=True)
class Conflict:
    """Current observations of one field that disagree by the dictionary's rule."""

    field: str
    subject: str
    said: tuple[SaidBy, ...]
    rule: Rule
    effective: Any


def match_key(record: Record) -> str:
    """What makes records of two systems speak of the same thing: lines by SKU, parcels by tracking."""
    if record.kind is RecordKind.ORDER:
        return ""
    if record.kind is RecordKind.ORDER_LINE:
        return str(record.get("sku") or record.external_id)
    if record.kind in (RecordKind.SHIPMENT, RecordKind.RETURN):
        return str(record.get("tracking") or record.external_id)
    return record.external_id


def _pick(rule: Rule, values: list[Any]) -> Any:
    present = [value for value in values if value is not None]
    if not present:
        return None
    if rule == "higher":
        return max(present)
    return min(present) if rule == "lower" else present[0]


def effective(records: Iterable[Record], key: str) -> Any:
    """The value that money rules use for a field: by its rule over every system that said something."""
    name = key.split(".", 1)[1]
    return _pick(BY_KEY[key].rule, [record.get(name) for record in records if f"{record.kind.value}.{name}" == key])


def _differ(key: str, subject: str, said: list[SaidBy]) -> Conflict | None:
    rule = BY_KEY[key].rule
    values = [one.observed.value for one in said]
    if rule == "free" or len(said) < 2 or all(value == values[0] for value in values):
        return None
    return Conflict(key, subject, tuple(said), rule, _pick(rule, values))


def gateway_refunded(payment: Record, refunds: Iterable[Record]) -> int:
    """What a gateway gave back on a payment: the higher of its own sum and of its refunds' sum."""
    listed = sum(r.get("amount", 0) for r in refunds if r.parent_id == payment.id and r.get("status") in GIVEN_BACK)
    return max(int(payment.get("refunded", 0)), int(listed))


def _totals(records: list[Record]) -> list[Conflict]:
    """Sums across kinds: what the order system says was paid and given back against gateway and ledger."""
    of = {kind: [record for record in records if record.kind is kind] for kind in RecordKind}
    found = []
    payments = of[RecordKind.PAYMENT]
    refunds = of[RecordKind.REFUND]
    same: dict[str, list[Record]] = {}
    for payment in payments:  # the shop speaks of its gateway's payment, too: it is one
        same.setdefault(payment.external_id, []).append(payment)
    sums = {
        "order.paid": sum(int(effective(alike, "payment.captured") or 0) for alike in same.values()),
        "order.refunded": sum(max(gateway_refunded(p, refunds) for p in alike) for alike in same.values()),
    }
    for key, total in sums.items():
        name = key.split(".")[1]
        said = [
            SaidBy(o.source, o.external_id, o.fields[name]) for o in of[RecordKind.ORDER] if o.get(name) is not None
        ]
        by_source: dict[str, list[Record]] = {}
        for payment in payments:
            by_source.setdefault(payment.source, []).append(payment)
        gateway: int | None = None
        if by_source:
            # Several gateways each hold a part of what was paid: only their sum can be compared.
            gateway = total
            first = payments[0]
            names = "+".join(sorted(by_source))
            said.append(SaidBy(names, first.external_id, Observed(gateway, first.as_of, _fetched(first))))
        if key == "order.paid" and said and gateway is not None:
            said = _without_tenders(said, of[RecordKind.ORDER])
        if key == "order.refunded":
            said += _ledger(of[RecordKind.LEDGER_ENTRY])
        subject = of[RecordKind.ORDER][0].external_id if of[RecordKind.ORDER] else ""
        if conflict := _differ(key, subject, said):
            found.append(conflict)
    return found


def _without_tenders(said: list[SaidBy], orders: list[Record]) -> list[SaidBy]:
    """Points and coupons were never captured by a gateway: `paid` is compared in money alone."""
    kind = {o.source: sum(int(o.get(t, 0)) for t in ("points", "store_credit", "coupon")) for o in orders}
    return [
        SaidBy(
            one.source,
            one.record,
            Observed(one.observed.value - kind.get(one.source, 0), one.observed.as_of, one.observed.fetched_at),
        )
        for one in said
    ]


def _ledger(entries: list[Record]) -> list[SaidBy]:
    """Finance has a word on refunds as soon as it has booked anything for the order."""
    by_source: dict[str, list[Record]] = {}
    for entry in entries:
        by_source.setdefault(entry.source, []).append(entry)
    out = []
    for source, mine in by_source.items():
        booked = sum(int(e.get("amount", 0)) for e in mine if e.get("kind") == "refund")
        last = max(mine, key=lambda e: e.as_of)
        out.append(SaidBy(source, last.external_id, Observed(booked, last.as_of, _fetched(last))))
    return out


def _fetched(record: Record) -> datetime:
    return max((o.fetched_at for o in record.fields.values()), default=record.as_of)


def find_conflicts(records: Iterable[Record]) -> list[Conflict]:
    """All disagreements about one order, in a stable order: same field first, then sums across systems."""
    every = sorted(records, key=lambda r: (r.source, r.id))
    groups: dict[tuple[RecordKind, str], list[Record]] = {}
    for record in every:
        groups.setdefault((record.kind, match_key(record)), []).append(record)
    found = []
    for (kind, subject), group in groups.items():
        if len({record.source for record in group}) < 2:
            continue
        names = sorted({name for record in group for name in record.fields})
        for name in names:
            key = f"{kind.value}.{name}"
            if key in ("order.paid", "order.refunded"):
                continue  # compared once, with gateway and ledger, below
            said = [SaidBy(r.source, r.external_id, r.fields[name]) for r in group if r.get(name) is not None]
            if conflict := _differ(key, subject or group[0].external_id, said):
                found.append(conflict)
    return found + _totals(every)
