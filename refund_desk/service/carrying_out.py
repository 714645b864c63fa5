"""A decision carried out: its money reserved, its stage entered, the customer and the informed roles told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.conditions import CaseFacts
from refund_desk.domain.decisions import ProposalContent
from refund_desk.domain.facts import Record
from refund_desk.domain.intents import SHIPPING, LineAmount
from refund_desk.domain.people import Principal
from refund_desk.domain.sending import outside
from refund_desk.domain.words import Aspect, ClockKind, Decision, RecordKind, Tender, Who
from refund_desk.service import lifecycle
from refund_desk.service.casefile import CaseFile
from refund_desk.service.drafting import Part
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.money import IntentRow, ProposalRow
from refund_desk.service.replies import customer_text

CHANNELS = {
    Tender.STORE_CREDIT: "store_credit",
    Tender.COUPON: "coupon",
    Tender.POINTS: "points",
    Tender.GOODS: "goods",
}


def reserve(
    work: Work, desk: Desk, who: Principal, file: CaseFile, row: ProposalRow, parts: Sequence[Part]
) -> list[IntentRow]:
    """One intent per part, in the transaction of the approval. Ids are random: a guess hits none."""
    now = desk.clock()
    given_by_others = outside(file.book)
    payments = _payments(work, file)
    out = []
    for part in parts:
        payment = payments.get(part.payment or "")
        intent = IntentRow(
            id=desk.ids(),
            case_id=file.state.id,
            order_id=file.state.order_id,
            customer_id=file.state.customer_id,
            proposal_id=row.id,
            tender=part.tender,
            payment_record_id=payment.id if payment else None,
            channel=CHANNELS.get(part.tender) or (payment.source if payment else "manual"),
            amount_minor=part.minor,
            currency=file.state.currency,
            state="reserved",
            reference=None,
            created_at=now,
            changed_at=now,
            proposer_id=row.person_id,
            approver_id=who.person_id,
            confirmed_by=None,
            outside=given_by_others,
            due_at=now + timedelta(seconds=file.process.undo_s),
            lines=_merged(part.lines),
        )
        work.money.add_intent(intent)
        work.cases.event(
            file.state.id,
            "intent.reserved",
            Aspect.MONEY,
            at=now,
            person_id=who.person_id,
            data={"intent": intent.id, "amount": part.minor, "tender": part.tender.value},
        )
        work.audit(
            "intent.reserved",
            who,
            file.state.ref,
            intent=intent.id,
            amount=part.minor,
            currency=intent.currency,
            tender=part.tender.value,
            channel=intent.channel,
        )
        out.append(intent)
    return out


def _payments(work: Work, file: CaseFile) -> dict[str, Record]:
    """By number. Of one that shop and gateway both list, the record of the system that pays out by itself."""
    same: dict[str, list[Record]] = {}
    for record in file.of_kind(RecordKind.PAYMENT):
        same.setdefault(record.external_id, []).append(record)
    several = any(len(records) > 1 for records in same.values())
    paying = {one.name for one in work.sources.all() if one.pays_out} if several else set()
    return {
        number: next((record for record in records if record.source in paying), records[0])
        for number, records in same.items()
    }


def _merged(lines: Sequence[LineAmount]) -> tuple[tuple[str, int, int], ...]:
    sums: dict[str, tuple[int, int]] = {}
    for line in lines:
        quantity, minor = sums.get(line.line, (0, 0))
        sums[line.line] = (quantity + line.quantity, minor + line.minor)
    return tuple(
        (line, quantity, minor) for line, (quantity, minor) in sums.items() if quantity or minor or line == SHIPPING
    )


def apply(
    work: Work,
    desk: Desk,
    who: Principal,
    file: CaseFile,
    row: ProposalRow,
    content: ProposalContent,
    intents: Sequence[IntentRow],
) -> CaseState:
    """Carry a decision out: the stage it leads to, who is informed, what the customer is told."""
    rule = file.process.decisions[content.decision]
    event = f"decided.{content.decision.value}"
    facts = replace(with_amount(file, content), open_intents=bool(intents))
    done = content.decision not in (Decision.MORE_INFORMATION, Decision.HOLD)
    told = Who.CUSTOMER in rule.tell
    columns: dict[str, Any] = {"proposer_id": None, "returned_to_id": None, "answer_came": False}
    if done:
        columns |= {"assignee_id": None, "lease_until": None, "taken_at": None}
    moved = lifecycle.move(
        work,
        desk,
        who,
        file.state,
        event,
        facts,
        file.process,
        decided=content.decision,
        data={"number": row.number, "decision": content.decision.value, "amount": content.amount_minor},
        inform=rule.seats.i,
        met=(ClockKind.FIRST_ANSWER, ClockKind.NOTICE) if told else (),
        **columns,
    )
    work.audit(
        "decision.made", who, file.state.ref, number=row.number, decision=content.decision.value, reason=content.reason
    )
    return _tell(work, desk, file, row, content, moved) if told else moved


def _tell(
    work: Work, desk: Desk, file: CaseFile, row: ProposalRow, content: ProposalContent, moved: CaseState
) -> CaseState:
    """What the customer gets. Names the amount: it is approved now. Goes out once it can't be undone any more."""
    text = customer_text(desk, file, content, approved=True)
    if text is None:
        return moved
    now = desk.clock()
    message_id = work.facts.add_message(
        order_id=file.state.order_id,
        case_id=file.state.id,
        customer_id=file.state.customer_id,
        source="desk",
        external_id=f"proposal:{row.id}",
        direction="out",
        channel=file.state.channel or "desk",
        who="system",
        name=None,
        sent_at=now,
        text=text,
        language=file.state.language,
        person_id=None,
        taken_at=now,
    )
    return work.cases.event(file.state.id, "message.sent", Aspect.THREAD, at=now, data={"message": message_id})


def with_amount(file: CaseFile, content: ProposalContent) -> CaseFacts:
    """The case's facts with this proposal's amount: what limits and consultations look at."""
    if content.amount_minor is None:
        return file.facts
    return replace(file.facts, amount=content.amount_minor)
