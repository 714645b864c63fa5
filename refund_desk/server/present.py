"""From what the service returns to what crosses the wire: lists, outcomes, proposals. No rules here."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.decisions import ProposalContent
from refund_desk.domain.errors import Invalid
from refund_desk.domain.intents import IntentState
from refund_desk.domain.links import Links, link_to
from refund_desk.domain.money import Term as DomainTerm
from refund_desk.domain.process import Why
from refund_desk.domain.raci import Option
from refund_desk.domain.sending import is_overdue
from refund_desk.domain.words import Decision, Raci, Reason, RecordKind, RequestKind, Role, Stage, Tender
from refund_desk.service.casefile import CaseFile
from refund_desk.service.decisions import Done, content_of
from refund_desk.service.ports.money import IntentRow, ProposalRow
from refund_desk.service.ports.views import CHIPS, Count, Listed, QueueFilter
from refund_desk.wire import cases as w
from refund_desk.wire import decisions as wd
from refund_desk.wire.base import MAX_INT, Amount, Coded, PersonRef
from refund_desk.wire.commands import Outcome


def amount(minor: int | None, currency: str) -> Amount | None:
    return None if minor is None else Amount(minor=minor, currency=currency)


def sure(minor: int, currency: str) -> Amount:
    return Amount(minor=minor, currency=currency)


def coded(why: Why) -> Coded:
    return Coded(code=why.code, params=dict(why.params))


def person(number: int | None, names: Mapping[int, str]) -> PersonRef | None:
    return None if not number else PersonRef(id=number, name=names.get(number, ""))


def known(number: int, names: Mapping[int, str]) -> PersonRef:
    return PersonRef(id=number, name=names.get(number, ""))


def terms(found: Sequence[DomainTerm], currency: str) -> list[wd.Term]:
    return [
        wd.Term(
            what=Coded(code=f"term.{t.code}" if not t.code.startswith("term.") else t.code, params=dict(t.params)),
            amount=sure(t.minor, currency),
        )
        for t in found
    ]


# ---------------------------------------------------------------- lists


def cursor(place: tuple[int, int]) -> str:
    """An opaque key of a row: act_by in microseconds, and id."""
    micros, number = place
    return base64.urlsafe_b64encode(f"{micros}:{number}".encode()).decode()


def read_cursor(text: str | None) -> tuple[int, int] | None:
    """Raises Invalid for one we didn't make."""
    if not text:
        return None
    try:
        at, number = base64.urlsafe_b64decode(text.encode()).decode().split(":")
        key = int(at), int(number)
    except ValueError as error:
        raise Invalid("queue.cursor") from error
    if not all(0 <= part <= MAX_INT for part in key):
        raise Invalid("queue.cursor")
    return key


def queue_filter(filters: Mapping[str, str]) -> QueueFilter | None:
    """Filters of a saved view or of take-next; None: any. Raises Invalid for one we don't know."""
    if not filters:
        return None
    vocabulary: dict[str, Any] = {"chip": CHIPS, "stage": Stage, "reason": Reason, "kind": RequestKind}
    for name, value in filters.items():
        allowed = vocabulary.get(name)
        if name not in ("q", *vocabulary) or (allowed is not None and value not in list(allowed)):
            known = ["q", *vocabulary] if allowed is None else [str(one) for one in allowed]
            raise Invalid("queue.filter", filter=name[:40], value=value[:100], allowed=known)
    get = filters.get
    return QueueFilter(chip=get("chip"), text=get("q"), stage=get("stage"), reason=get("reason"), kind=get("kind"))


def row(listed: Listed, now: datetime) -> w.QueueRow:
    s = listed.state
    return w.QueueRow(
        ref=s.ref,
        customer=listed.customer,
        kind=s.kind,
        reason=s.reason,
        stage=s.stage,
        progress=s.progress,
        amount=amount(s.amount_minor, s.currency),
        method=s.method,
        images=s.images,
        conflicts=s.conflicts,
        disputed=s.disputed,
        merchant=listed.merchant,
        due_at=s.due_at,
        due_clock=s.due_clock,
        overdue=s.due_at is not None and s.due_at < now,
        paused=s.due_at is None and s.open,
        act_by=s.act_by,
        assignee=PersonRef(id=s.assignee_id, name=listed.assignee or "") if s.assignee_id else None,
        unseen=listed.unseen,
        round=s.round,
        opened_at=s.opened_at,
    )


def chip(count: Count) -> w.Chip:
    return w.Chip(key=count.key, count=count.count, capped=count.capped)


# ---------------------------------------------------------------- outcomes


def outcome(state: CaseState, code: str, params: Mapping[str, Any] | None = None, **more: Any) -> Outcome:
    return Outcome(
        ref=state.ref,
        what=Coded(code=f"event.{code}", params={"ref": state.ref, **dict(params or {})}),
        stage=state.stage,
        progress=state.progress,
        versions=dict(state.versions),
        **more,
    )


def done(result: Done) -> Outcome:
    return outcome(result.state, result.what, result.params, proposal=result.number, undo_until=result.undo_until)


# ---------------------------------------------------------------- decisions


def seats(
    option: Option, file: CaseFile | None, people: Mapping[Role, Sequence[tuple[int, str]]], viewer: int, name: str
) -> list[wd.RaciSeat]:
    """The RACI line with who sits on it: the viewer, who acted, or the only one who could."""
    out = []
    for seat in option.seats:
        who: PersonRef | None = None
        holders = people.get(seat.role, ())
        if seat.state == "you":
            who = PersonRef(id=viewer, name=name)
        elif seat.letter is Raci.C and file is not None:
            answered = [c.answered_by for c in file.consultations if c.role is seat.role and c.answered_by]
            who = next((PersonRef(id=n, name=label) for n, label in holders if n in answered), None)
        elif len(holders) == 1 and seat.letter is not Raci.I:
            who = PersonRef(id=holders[0][0], name=holders[0][1])
        out.append(
            wd.RaciSeat(
                letter=seat.letter,
                role=seat.role,
                person=who,
                state=seat.state,
                required=seat.required,
                why=coded(seat.why) if seat.why else None,
            )
        )
    return out


def option(found: Option, raci: list[wd.RaciSeat]) -> wd.DecisionOption:
    return wd.DecisionOption(
        decision=found.decision,
        allowed=found.allowed,
        why_not=coded(found.why_not) if found.why_not else None,
        could=list(found.could),
        raci=raci,
        missing=[wd.Missing(what=coded(lack.what), blocking=lack.blocking) for lack in found.missing],
        reasons=list(found.reasons),
        needs_amount=found.needs_amount,
        needs_lines=found.needs_lines,
        needs_approval=found.needs_approval,
    )


def content_terms(content: ProposalContent, file: CaseFile) -> list[wd.Term]:
    """How the amount of a proposal comes about: its lines by name, shipping, what was kept back."""
    named = {line.external_id: (str(line.get("name", "")), int(line.get("quantity", 0))) for line in file.lines}
    found = []
    for line in content.lines:
        name, bought = named.get(line.line, (line.line, line.quantity))
        params = {"line": line.line, "name": name, "quantity": line.quantity, "of": bought}
        found.append(DomainTerm("term.line", params, line.minor))
    if content.shipping_minor:
        found.append(DomainTerm("term.shipping", {}, content.shipping_minor))
    if content.fee_minor:
        found.append(DomainTerm("term.fee", {}, -content.fee_minor))
    return terms(found, content.currency)


def proposal(row: ProposalRow, names: Mapping[int, str], file: CaseFile, opened: Sequence[int] = ()) -> wd.ProposalView:
    content = content_of(row)
    money = content.currency
    gives = content.amount_minor is not None
    return wd.ProposalView(
        id=row.id,
        number=row.number,
        round=row.round,
        decision=content.decision,
        reason=content.reason,
        by=known(row.person_id, names),
        at=row.at,
        status=row.status,
        amount=amount(content.amount_minor, money),
        tender=content.tender,
        lines=[
            wd.ProposedLine(line=line.line, quantity=line.quantity, amount=sure(line.minor, money))
            for line in content.lines
        ],
        shipping=sure(content.shipping_minor, money) if gives else None,
        fee=sure(content.fee_minor, money) if gives and content.fee_minor else None,
        return_freight=content.return_freight.value if content.return_freight else None,
        destination=content.payment or (content.tender.value if content.tender else None),
        policy_version=content.policy_version,
        clause=content.clause,
        note=row.note,
        below_promise_reason=content.below_promise_reason,
        digest=row.digest.hex(),
        terms=content_terms(content, file),
        void_because=[Coded(code=str(one["code"]), params=dict(one["params"])) for one in row.void_because or ()],
        verdict_by=person(row.verdict_by, names),
        verdict_at=row.verdict_at,
        verdict_reason=row.verdict_reason,
        undo_until=row.undo_until,
        opened_evidence=list(opened),
    )


def intent(
    row: IntentRow, names: Mapping[int, str], payments: Mapping[int, str], now: datetime, links: Links
) -> wd.IntentView:
    owner = Role.WAREHOUSE if row.tender is Tender.GOODS else Role.FINANCE
    return wd.IntentView(
        id=row.id,
        state=row.state,
        tender=row.tender,
        amount=sure(row.amount_minor, row.currency),
        channel=row.channel,
        destination=payments.get(row.payment_record_id or 0),
        reference=row.reference,
        at=row.created_at,
        confirmed_by=person(row.confirmed_by, names),
        # An unknown one is as old as its not being known; any other as its reservation.
        age_s=max(0, int((now - (row.changed_at if row.state == "unknown" else row.created_at)).total_seconds())),
        owner=owner,
        link=link_to(links, row.channel, RecordKind.REFUND, row.reference) if row.reference else None,
        promised_at=row.promised_at,
        overdue=row.promised_at is not None and is_overdue(IntentState(row.state), row.promised_at, now),
    )


def decision_name(value: str | None) -> Decision | None:
    return Decision(value) if value else None
