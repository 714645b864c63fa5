"""A case for the wire: panes over what systems said, conflicts, money, timeline. No rules here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from refund_desk.domain.clocks import remaining
from refund_desk.domain.dictionary import BY_KEY
from refund_desk.domain.facts import Conflict, Record
from refund_desk.domain.masking import masked
from refund_desk.domain.payouts import given_back, line_ceiling
from refund_desk.domain.words import Aspect, RecordKind, Stage
from refund_desk.server import present as p
from refund_desk.server.timeline import timeline
from refund_desk.service.reading import Reading
from refund_desk.wire import cases as w
from refund_desk.wire import decisions as wd
from refund_desk.wire import facts as wf
from refund_desk.wire.base import Coded, Text2

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


def case(reading: Reading) -> w.CaseView:
    """The whole of a case in one answer."""
    file, state = reading.file, reading.file.state
    currency = file.order.currency
    return w.CaseView(
        ref=state.ref,
        round=state.round,
        stage=state.stage,
        progress=state.progress,
        open=state.open,
        language=state.language,
        channel=state.channel,
        opened_at=state.opened_at,
        act_by=state.act_by,
        merchant=reading.merchant,
        disputed=state.disputed,
        requests=[_request(r) for r in file.requests],
        customer=customer(reading.customer, reading.other_cases, reading.refunds_before),
        assignment=_assignment(reading),
        versions=dict(state.versions),
        steps=_steps(reading),
        clocks=[
            w.Clock(
                kind=c.kind,
                started_at=c.started_at,
                due_at=c.due_at,
                paused_for=Coded(code=c.paused_for) if c.paused_for else None,
                remaining_s=remaining(c, reading.now),
                stopped_at=c.stopped_at,
            )
            for c in reading.clocks
        ],
        order=_order(reading, currency),
        payment=_payment(reading, currency),
        conflicts=[_conflict(c, currency) for c in file.conflicts],
        findings=[
            w.FindingView(
                id=f["id"], code=f"finding.{f['code']}", params=f["params"], severity=f["severity"], at=f["at"]
            )
            for f in reading.findings
        ],
        messages=_messages(reading),
        evidence=_evidence(reading),
        timeline=timeline(reading),
        money=_money(reading, currency),
        promise=_promise(reading),
        recommendation=_recommendation(reading),
        options=[
            p.option(o, p.seats(o, file, reading.seats, reading.viewer.person_id, reading.viewer.name))
            for o in reading.options
        ],
        proposal=_current(reading),
        proposals=[p.proposal(row, reading.names, file) for row in file.proposals if row.status != "open"],
        intents=[p.intent(i, reading.names, _payment_ids(file.records), reading.now) for i in file.intents],
        consultations=[
            wd.ConsultationView(
                id=c.id,
                role=c.role,
                required=c.required,
                question=c.question,
                asked_by=p.known(c.asked_by, reading.names),
                asked_at=c.asked_at,
                due_at=c.due_at,
                answer=c.answer,
                answered_by=p.person(c.answered_by, reading.names),
                answered_at=c.answered_at,
                overridden_by=p.person(c.overridden_by, reading.names),
                override_reason=c.override_reason,
            )
            for c in file.consultations
        ],
        changes=_changes(reading),
        actions=list(reading.actions),
    )


def _current(reading: Reading) -> wd.ProposalView | None:
    row = reading.file.proposal
    return (
        None
        if row is None
        else p.proposal(row, reading.names, reading.file, reading.proposer_opened.get(row.person_id, ()))
    )


def _payment_ids(records: Iterable[Record]) -> dict[int, str]:
    return {record.id: record.external_id for record in records if record.kind is RecordKind.PAYMENT}


# ---------------------------------------------------------------- people and requests


def customer(
    row: Mapping[str, Any] | None, other: int = 0, refunds: int = 0, *, unmasked: bool = False
) -> w.CustomerView:
    """Masked unless unmasked; erased ones have nothing left to show."""
    if row is None:
        return w.CustomerView(id="", unmasked=False)
    shown = dict(row) if unmasked else masked(row)
    return w.CustomerView(
        id=str(row["external_id"]) if unmasked else "",
        unmasked=unmasked,
        erased=row.get("erased_at") is not None,
        name=shown.get("name"),
        email=shown.get("email"),
        phone=shown.get("phone"),
        address=shown.get("address"),
        country=row.get("country"),
        other_cases=other,
        refunds_in_period=refunds,
    )


def _request(row: Mapping[str, Any]) -> w.RequestView:
    return w.RequestView(
        system=row["system"],
        id=row["external_id"],
        kind=row["kind"],
        reason=row["reason"],
        reason_text=row["reason_text"],
        text=row["text"],
        created_at=row["created_at"],
        amount=p.amount(row["amount_minor"], row["currency"]),
        lines=[(str(line["line"]), int(line["quantity"])) for line in row["lines"]],
        channel=row["channel"],
        want=row["want"],
    )


def _assignment(reading: Reading) -> w.Assignment | None:
    state = reading.file.state
    if not state.assignee_id or state.taken_at is None:
        return None
    return w.Assignment(
        person=p.known(state.assignee_id, reading.names),
        taken_at=state.taken_at,
        lease_until=state.lease_until or state.taken_at,
        yours=state.assignee_id == reading.viewer.person_id,
    )


# ---------------------------------------------------------------- path


def _steps(reading: Reading) -> list[w.Step]:
    """The straight path of the process; a side stage the case stands in takes its place in it."""
    file, state = reading.file, reading.file.state
    rules = [rule for rule in file.process.stages if not rule.side or rule.stage is state.stage]
    entered: dict[str, datetime] = {Stage.REVIEW.value: state.opened_at}
    for event in reading.events:
        if event.round == state.round and "to" in event.data and isinstance(event.data["to"], str):
            entered[event.data["to"]] = event.at
    index = next(i for i, rule in enumerate(rules) if rule.stage is state.stage)
    due = state.due_at
    out = []
    for i, rule in enumerate(rules):
        at = entered.get(rule.stage.value)
        status = "current" if i == index else "next" if i > index else "done" if at else "skipped"
        if i > index and not state.open:
            status = "skipped"
        out.append(
            w.Step(
                stage=rule.stage,
                label=Text2(zh=rule.label.zh, en=rule.label.en),
                state="done" if status == "current" and not state.open else status,
                at=at if i <= index else None,
                due_at=due if status == "current" else None,
                role=rule.owner,
            )
        )
    return out


# ---------------------------------------------------------------- panes


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


def _conflict(found: Conflict, currency: str) -> wf.ConflictView:
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


def _record(record: Record, names: Iterable[str], currency: str, disputed: set[str]) -> wf.RecordView:
    return wf.RecordView(
        kind=record.kind.value,
        system=record.source,
        id=record.external_id,
        as_of=record.as_of,
        fields=_fields([record], names, currency, disputed),
    )


def _disputed(reading: Reading, *subjects: str) -> set[str]:
    """Fields in conflict, those about one of these subjects where any is named."""
    found = reading.file.conflicts
    return {c.field for c in found if not subjects or c.subject in subjects or c.field.startswith("order.")}


def _order(reading: Reading, currency: str) -> wf.OrderPane | None:
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
        shipments=[_record(r, SHIPMENT_FIELDS, currency, _disputed(reading, r.external_id)) for r in shipments],
        returns=[_record(r, RETURN_FIELDS, currency, _disputed(reading, r.external_id)) for r in returns],
    )


def _line(reading: Reading, line: Record, currency: str) -> wf.LineView:
    share = reading.file.shares.line(line.external_id)
    ceiling = line_ceiling(reading.file.book, line.external_id)
    subjects = {line.external_id, str(line.get("sku", ""))}
    return wf.LineView(
        id=line.external_id,
        sku=line.get("sku"),
        name=str(line.get("name", "")),
        quantity=int(line.get("quantity", 0)),
        unit_price=p.amount(line.get("unit_price"), currency),
        paid_share=p.amount(share.minor if share else None, currency),
        refundable=p.sure(min(ceiling.minor, reading.refundable.minor), currency),
        refundable_quantity=ceiling.quantity or 0,
        requested_quantity=reading.asked.get(line.external_id, 0),
        perishable=bool(line.get("perishable")),
        made_to_order=bool(line.get("made_to_order")),
        conflict=any(c.subject in subjects and c.field.startswith("order_line.") for c in reading.file.conflicts),
    )


def _payment(reading: Reading, currency: str) -> wf.PaymentPane | None:
    file = reading.file
    payments = file.of_kind(RecordKind.PAYMENT)
    moves = [_movement(record, currency) for record in file.records if record.kind in _MOVES]
    return wf.PaymentPane(
        systems=sorted({record.source for record in payments}),
        as_of=max((record.as_of for record in payments), default=None),
        payments=[_record(r, PAYMENT_FIELDS, currency, _money_fields(reading, r)) for r in payments],
        movements=sorted(moves, key=lambda m: (m.at is None, m.at or datetime.max.replace(tzinfo=UTC))),
    )


def _money_fields(reading: Reading, record: Record) -> set[str]:
    """A payment is marked where the order's sums say something else, too."""
    found = _disputed(reading, record.external_id)
    return found | {
        k.replace("order.refunded", "payment.refunded").replace("order.paid", "payment.captured") for k in found
    }


_MOVES = {RecordKind.REFUND: "refund", RecordKind.DISPUTE: "dispute", RecordKind.LEDGER_ENTRY: "ledger_entry"}
_WHEN = {RecordKind.REFUND: "created_at", RecordKind.DISPUTE: "opened_at", RecordKind.LEDGER_ENTRY: "booked_at"}


def _movement(record: Record, currency: str) -> wf.MovementView:
    return wf.MovementView(
        kind=_MOVES[record.kind],
        system=record.source,
        id=record.external_id,
        amount=p.sure(int(record.get("amount", 0)), currency),
        status=str(record.get("status") or record.get("kind") or ""),
        at=record.get(_WHEN[record.kind]),
        by=record.get("by"),
        reason=record.get("reason"),
        reference=record.get("reference"),
        due_at=record.get("due_at"),
    )


# ---------------------------------------------------------------- messages, evidence


def _messages(reading: Reading) -> list[w.MessageView]:
    carried: dict[int, list[int]] = {}
    for item in reading.evidence:
        if item["message_id"]:
            carried.setdefault(item["message_id"], []).append(item["id"])
    fresh = {e.data.get("message") for e in reading.events if reading.since is not None and e.id > reading.since}
    return [
        w.MessageView(
            id=m["id"],
            direction=m["direction"],
            channel=m["channel"],
            system=m["source"],
            who=m["who"],
            name=m["name"],
            sent_at=m["sent_at"],
            text=m["text"],
            language=m["language"],
            attachments=carried.get(m["id"], []),
            promise=_promise_in(m),
            unseen=m["id"] in fresh,
        )
        for m in reading.messages
    ]


def _promise_in(m: Mapping[str, Any]) -> w.PromiseView | None:
    if m["promise_minor"] is None:
        return None
    return w.PromiseView(
        amount=p.sure(m["promise_minor"], m["promise_currency"]),
        form=m["promise_form"] or "money",
        by=m["name"],
        at=m["sent_at"],
        message=m["id"],
    )


def _promise(reading: Reading) -> w.PromiseView | None:
    made = [m for m in reading.messages if m["promise_minor"] is not None]
    return _promise_in(max(made, key=lambda m: (m["sent_at"], m["id"]))) if made else None


def _evidence(reading: Reading) -> list[w.EvidenceView]:
    notes: dict[int, list[w.ImageNote]] = {}
    for note in reading.notes:
        notes.setdefault(note["evidence_id"], []).append(
            w.ImageNote(id=note["id"], by=p.known(note["person_id"], reading.names), at=note["at"], **note["shape"])
        )
    return [
        w.EvidenceView(
            id=e["id"],
            name=e["name"],
            kind=e["kind"],
            who=e["who"],
            sha256=bytes(e["sha256"]).hex(),
            media_type=e["media_type"],
            bytes=e["bytes"],
            status=e["status"],
            problem=Coded(**e["problem"]) if e["problem"] else None,
            width=e["width"],
            height=e["height"],
            exif={str(k): str(v) for k, v in (e["exif"] or {}).items()},
            taken_at=e["taken_at"],
            edited=bool(e["edited"]),
            sent_at=e["sent_at"],
            notes=notes.get(e["id"], []),
            opened=e["id"] in reading.opened,
        )
        for e in reading.evidence
    ]


# ---------------------------------------------------------------- money, advice, changes


def _money(reading: Reading, currency: str) -> wd.MoneyView:
    return wd.MoneyView(
        currency=currency,
        refundable=p.sure(reading.refundable.minor, currency),
        ceilings=[
            wd.Ceiling(
                kind=c.kind,
                subject=c.subject,
                amount=p.sure(c.minor, currency),
                terms=p.terms(c.terms, currency),
            )
            for c in reading.ceilings
        ],
        given_back=p.sure(given_back(reading.file.book), currency),
        paid=p.sure(reading.file.shares.total_minor, currency),
    )


def _recommendation(reading: Reading) -> wd.Recommendation | None:
    advice = reading.advice
    if advice.decision is None:
        return None
    clause = reading.clauses.get(advice.clause)
    return wd.Recommendation(
        policy=advice.policy,
        version=advice.version,
        clause=advice.clause,
        clause_text=Text2(**clause.internal) if clause else Text2(zh="", en=""),
        public_text=Text2(**clause.public) if clause else Text2(zh="", en=""),
        decision=advice.decision,
        reason=advice.reason,
        amount=p.amount(advice.amount, advice.currency),
        trace=[wd.PolicyTrace(field=t.field, saw=t.saw, wanted=t.wanted, held=t.held) for t in advice.trace],
        missing=[Coded(code=code) for code in advice.missing],
    )


def _changes(reading: Reading) -> list[w.Change]:
    """What others did since the viewer last looked."""
    if reading.since is None:
        return []
    return [
        w.Change(
            position=e.id,
            at=e.at,
            what=Coded(code=f"event.{e.type}", params=dict(e.data)),
            aspect=Aspect(e.aspect),
            by=p.person(e.person_id, reading.names),
        )
        for e in reading.events
        if e.id > reading.since and e.person_id != reading.viewer.person_id
    ]
