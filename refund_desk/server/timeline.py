"""One merged timeline of a case: what happened in any system or on the desk, in order of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from refund_desk.domain.facts import Record
from refund_desk.domain.words import RecordKind
from refund_desk.server import present as p
from refund_desk.service.reading import Reading
from refund_desk.wire import cases as w
from refund_desk.wire.base import Coded

# kind of record → (field with the time, code of what happened, kind of entry)
_HAPPENED: dict[RecordKind, tuple[tuple[str, str, str], ...]] = {
    RecordKind.ORDER: (("placed_at", "timeline.ordered", "order"), ("paid_at", "timeline.paid", "payment")),
    RecordKind.SHIPMENT: (
        ("shipped_at", "timeline.shipped", "shipment"),
        ("delivered_at", "timeline.delivered", "shipment"),
    ),
    RecordKind.RETURN: (("received_at", "timeline.goods_back", "return"),),
    RecordKind.PAYMENT: (("captured_at", "timeline.captured", "payment"),),
    RecordKind.REFUND: (("created_at", "timeline.refunded", "refund"),),
    RecordKind.DISPUTE: (("opened_at", "timeline.disputed", "dispute"),),
    RecordKind.LEDGER_ENTRY: (("booked_at", "timeline.booked", "ledger"),),
}

_QUIET = {"advice.recorded", "facts.changed", "message.sent", "message.received", "note.added"}
"""Events that the messages and records beside them tell already."""


def timeline(reading: Reading) -> list[w.TimelineEntry]:
    """Everything in order of time; of two at once, systems come before the desk."""
    entries = [*_of_records(reading), *_of_messages(reading), *_of_evidence(reading), *_of_desk(reading)]
    return sorted(entries, key=lambda e: (e.at, e.source == "desk"))


def _of_records(reading: Reading) -> Iterator[w.TimelineEntry]:
    currency = reading.file.order.currency
    for record in reading.file.records:
        for name, code, kind in _HAPPENED.get(record.kind, ()):
            at = record.get(name)
            if at is None:
                continue
            yield w.TimelineEntry(
                at=at,
                source=record.source,
                what=Coded(code=code, params=_params(record, currency)),
                who=record.get("by"),
                ref=record.external_id,
                kind=kind,
            )


def _params(record: Record, currency: str) -> dict[str, Any]:
    names = ("amount", "captured", "paid")
    minor = next((record.get(name) for name in names if record.get(name) is not None), None)
    out: dict[str, Any] = {"id": record.external_id, "status": str(record.get("status") or "")}
    out["carrier"] = str(record.get("carrier") or "")
    out["kind"] = str(record.get("kind") or "")
    if minor is not None:
        out["amount"] = {"minor": int(minor), "currency": currency}
    return out


def _of_messages(reading: Reading) -> Iterator[w.TimelineEntry]:
    for m in reading.messages:
        yield w.TimelineEntry(
            at=m["sent_at"],
            source=m["source"],
            what=Coded(code=f"timeline.message_{m['direction']}", params={"channel": m["channel"], "text": m["text"]}),
            who=m["name"],
            ref=str(m["id"]),
            kind="message",
        )


def _of_evidence(reading: Reading) -> Iterator[w.TimelineEntry]:
    for e in reading.evidence:
        if e["sent_at"] is not None:
            yield w.TimelineEntry(
                at=e["sent_at"],
                source="desk",
                what=Coded(code="timeline.evidence", params={"name": e["name"], "who": e["who"]}),
                ref=str(e["id"]),
                kind="evidence",
            )


def _of_desk(reading: Reading) -> Iterator[w.TimelineEntry]:
    currency = reading.file.state.currency
    for e in reading.events:
        if e.type in _QUIET:
            continue
        params = dict(e.data)
        if isinstance(params.get("amount"), int):
            params["amount"] = p.sure(params["amount"], currency).model_dump()
        yield w.TimelineEntry(
            at=e.at,
            source="desk",
            what=Coded(code=f"event.{e.type}", params=params),
            who=reading.names.get(e.person_id or 0),
            kind="case",
            unseen=reading.since is not None and e.id > reading.since and e.person_id != reading.viewer.person_id,
        )
