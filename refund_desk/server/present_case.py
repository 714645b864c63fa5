"""A case for the wire: panes over what systems said, conflicts, money, timeline. No rules here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from refund_desk.domain.cases import CaseEvent
from refund_desk.domain.facts import Record
from refund_desk.domain.masking import masked, masked_name
from refund_desk.domain.payouts import given_back
from refund_desk.domain.words import Aspect, RecordKind, Stage, Who
from refund_desk.server import panes, present_clocks
from refund_desk.server import present as p
from refund_desk.server.timeline import timeline
from refund_desk.service.reading import Reading
from refund_desk.wire import cases as w
from refund_desk.wire import decisions as wd
from refund_desk.wire.base import Amount, Coded, Text2


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
        clocks=[present_clocks.clock(reading, each) for each in reading.clocks],
        answer_due=present_clocks.answer_due(reading),
        order=panes.order(reading, currency),
        payment=panes.payment(reading),
        conflicts=[panes.conflict(c, currency) for c in file.conflicts],
        breaks=[_break(row) for row in reading.breaks],
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
        intents=[
            p.intent(i, reading.names, _payment_ids(file.records), reading.now, reading.links) for i in file.intents
        ],
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
        newest=max((e.id for e in reading.events), default=0),
        actions=list(reading.actions),
    )


def _break(row: Mapping[str, Any]) -> w.CaseBreak:
    lines = [*row["here"], *row["there"]]
    return w.CaseBreak(
        id=row["id"],
        kind=row["kind"],
        amount=Amount(minor=row["minor"], currency=row["currency"]),
        since=row["since"],
        systems=list(dict.fromkeys(line[0] for line in lines)),
        lines=[line[2] for line in lines],
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


# ---------------------------------------------------------------- messages, evidence


def _messages(reading: Reading) -> list[w.MessageView]:
    carried: dict[int, list[int]] = {}
    for item in reading.evidence:
        if item["message_id"]:
            carried.setdefault(item["message_id"], []).append(item["id"])
    fresh = {e.data.get("message") for e in _fresh(reading)}
    return [
        w.MessageView(
            id=m["id"],
            direction=m["direction"],
            channel=m["channel"],
            system=m["source"],
            who=m["who"],
            name=masked_name(m["name"]) if m["name"] and m["who"] == Who.CUSTOMER else m["name"],
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
    fresh = {number for e in _fresh(reading) if e.type == "evidence.came" for number in e.data.get("evidence", ())}
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
            unseen=e["id"] in fresh,
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


def _fresh(reading: Reading) -> list[CaseEvent]:
    """What others did since the viewer last looked."""
    if reading.since is None:
        return []
    return [e for e in reading.events if e.id > reading.since and e.person_id != reading.viewer.person_id]


def _changes(reading: Reading) -> list[w.Change]:
    return [
        w.Change(
            position=e.id,
            at=e.at,
            what=Coded(code=f"event.{e.type}", params=dict(e.data)),
            aspect=Aspect(e.aspect),
            by=p.person(e.person_id, reading.names),
        )
        for e in _fresh(reading)
    ]
