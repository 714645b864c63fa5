"""A case with everything the rules look at: what systems said, its money, its proposals, its people.

Read once per command or view, inside its transaction; under the lock on the order when money moves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from refund_desk.domain.cases import CaseEvent, CaseState
from refund_desk.domain.conditions import CaseFacts, ConsultFact
from refund_desk.domain.facts import GIVEN_BACK, Conflict, Record, alike, effective, find_conflicts
from refund_desk.domain.intents import (
    SHIPPING,
    Book,
    Dispute,
    Intent,
    IntentState,
    KnownRefund,
    LineAmount,
    LinePaid,
    Payment,
    StatedRefunded,
)
from refund_desk.domain.payouts import refundable
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process, in_force
from refund_desk.domain.shares import OrderLine, OrderSums, Shares, paid_shares
from refund_desk.domain.words import RecordKind, Tender
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.facts import OrderRef
from refund_desk.service.ports.money import Consultation, IntentRow, ProposalRow

IN_KIND = {Tender.POINTS: "points", Tender.STORE_CREDIT: "store_credit", Tender.COUPON: "coupon"}
"""Tenders besides money, and the field of the order that says how much each paid."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case, whole. `process` has the stages the case began with and the limits in force now.

    names: by each id that any system has for a line, the leading lines it may mean.
    """

    state: CaseState
    order: OrderRef
    records: tuple[Record, ...]
    lines: tuple[Record, ...]
    names: Mapping[str, Sequence[str]]
    conflicts: tuple[Conflict, ...]
    shares: Shares
    book: Book
    intents: tuple[IntentRow, ...]
    proposals: tuple[ProposalRow, ...]
    consultations: tuple[Consultation, ...]
    requests: Sequence[Mapping[str, Any]]
    events: Sequence[CaseEvent]
    findings: Sequence[Mapping[str, Any]]
    process: Process
    facts: CaseFacts

    @property
    def proposal(self) -> ProposalRow | None:
        """The open proposal, if there is one."""
        return next((p for p in self.proposals if p.status == "open"), None)

    @property
    def last_proposal(self) -> ProposalRow | None:
        return self.proposals[0] if self.proposals else None

    def of_kind(self, kind: RecordKind) -> list[Record]:
        return [record for record in self.records if record.kind is kind]


def open_file(work: Work, desk: Desk, state: CaseState, viewer: Principal | None = None) -> CaseFile:
    """Read everything about a case. The caller has locked it if it means to change money."""
    order = work.facts.order(state.order_id)
    records = tuple(work.facts.records(state.order_id))
    intents = tuple(work.money.intents_of_order(state.order_id))
    proposals = tuple(work.money.proposals(state.id))
    consultations = tuple(work.money.consultations(state.id))
    conflicts = tuple(find_conflicts(records))
    lines = leading_lines(records, {line for intent in intents for line, _, _ in intent.lines})
    shares = shares_of(records, lines, order.currency)
    names = other_names(records, lines)
    book = book_of(order, records, shares, intents, names)
    now = desk.process.current(work)
    began = now if now.version == state.process_version else desk.process.version(work, state.process_version)
    process = in_force(began, now)
    file = CaseFile(
        state=state,
        order=order,
        records=records,
        lines=lines,
        names=names,
        conflicts=conflicts,
        shares=shares,
        book=book,
        intents=tuple(i for i in intents if i.case_id == state.id),
        proposals=proposals,
        consultations=tuple(c for c in consultations if c.round == state.round),
        requests=work.cases.requests(state.id),
        events=work.cases.events(state.id),
        findings=work.cases.findings(state.id),
        process=process,
        facts=CaseFacts(state.stage, state.kind, state.reason, state.currency),
    )
    return _with_facts(work, desk, file, viewer)


def leading_lines(records: Sequence[Record], given: Collection[str] = ()) -> tuple[Record, ...]:
    """The lines of the order system that lists the most of them; others only correct them.

    given: lines that something was given back for, by their ids. A system that knows them all leads before a
    longer one, so that nothing given back falls out of sight when another system comes in.
    """
    by_source: dict[str, list[Record]] = {}
    for record in records:
        if record.kind is RecordKind.ORDER_LINE:
            by_source.setdefault(record.source, []).append(record)
    named = set(given) - {SHIPPING}

    def weight(group: list[Record]) -> tuple[int, int]:
        return len(named & {line.external_id for line in group}), len(group)

    if not by_source:
        return ()
    leading = max(by_source.values(), key=weight)
    return tuple(leading)


def lines_alike(records: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    """By system and id of an order line: its records in every system that lists it."""
    lines = [record for record in records if record.kind is RecordKind.ORDER_LINE]
    return {(line.source, line.external_id): group for group in alike(lines).values() for line in group}


def other_names(records: Sequence[Record], lines: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    """By each id that any system has for an order line: the leading lines it may mean, most of the time one."""
    out: dict[str, dict[str, None]] = {}
    same = lines_alike(records)
    for line in lines:
        for record in (line, *same[line.source, line.external_id]):
            out.setdefault(record.external_id, {})[line.external_id] = None
    return {name: tuple(meant) for name, meant in out.items()}


def shares_of(records: Sequence[Record], lines: Sequence[Record], currency: str) -> Shares:
    """What was paid, divided over the lines: the base of every amount."""
    orders = [record for record in records if record.kind is RecordKind.ORDER]
    payments = [record for record in records if record.kind is RecordKind.PAYMENT]
    lead = next((o for o in orders if lines and o.source == lines[0].source), orders[0] if orders else None)
    tenders = tuple((t, int(lead.get(name))) for t, name in IN_KIND.items() if lead and lead.get(name))
    same = lines_alike(records)
    paid = effective(orders, "order.paid")
    if payments:
        captured = _captured(payments) + sum(minor for _, minor in tenders)
        paid = captured if paid is None else min(int(paid), captured)
    sums = OrderSums(
        currency=currency,
        paid_minor=paid,
        shipping_minor=int(lead.get("shipping", 0)) if lead else 0,
        discount_minor=int(lead.get("discount", 0)) if lead else 0,
        tax_minor=int(lead.get("tax", 0)) if lead else 0,
        tenders=tenders,
    )
    return paid_shares(
        sums,
        [
            OrderLine(
                id=line.external_id,
                name=str(line.get("name", "")),
                quantity=int(effective(same[line.source, line.external_id], "order_line.quantity") or 0),
                unit_price_minor=int(line.get("unit_price", 0)),
                discount_minor=int(line.get("discount", 0)),
                paid_minor=effective(same[line.source, line.external_id], "order_line.paid"),
            )
            for line in lines
        ],
    )


def _by_id(payments: Sequence[Record]) -> dict[str, list[Record]]:
    """A payment that two gateways list is one payment."""
    out: dict[str, list[Record]] = {}
    for payment in payments:
        out.setdefault(payment.external_id, []).append(payment)
    return out


def _captured(payments: Sequence[Record]) -> int:
    return sum(int(effective(same, "payment.captured") or 0) for same in _by_id(payments).values())


def book_of(
    order: OrderRef,
    records: Sequence[Record],
    shares: Shares,
    intents: Sequence[IntentRow],
    names: Mapping[str, Sequence[str]],
) -> Book:
    """The order's money as the ceilings want it. Where systems differ, the reading that pays out less.

    names: what each id of a line may mean among the leading ones, see `other_names`.
    """
    by_id = {record.id: record for record in records}
    payments = [record for record in records if record.kind is RecordKind.PAYMENT]
    paid = [LinePaid(share.line, share.quantity, share.minor) for share in shares.lines]
    return Book(
        order=order.number,
        currency=order.currency,
        paid_minor=shares.total_minor,
        lines=(*paid, LinePaid("", 0, shares.shipping_minor)),
        payments=tuple(
            Payment(number, int(effective(same, "payment.captured") or 0)) for number, same in _by_id(payments).items()
        ),
        intents=tuple(_intent(row, by_id, names) for row in intents),
        refunds=tuple(
            KnownRefund(
                system=r.source,
                id=r.external_id,
                minor=int(r.get("amount", 0)),
                status=str(r.get("status", "")),
                payment=by_id[r.parent_id].external_id if r.parent_id in by_id else None,
                reference=r.get("reference"),
                as_of=r.as_of,
            )
            for r in records
            if r.kind is RecordKind.REFUND
        ),
        stated=tuple(_stated(records)),
        disputes=tuple(
            Dispute(
                id=d.external_id,
                payment=by_id[d.parent_id].external_id if d.parent_id in by_id else None,
                minor=int(d.get("amount", 0)),
                status=str(d.get("status", "")),
            )
            for d in records
            if d.kind is RecordKind.DISPUTE
        ),
        in_kind_minor=sum(minor for tender, minor in shares.tenders if tender is not Tender.MONEY),
    )


def _intent(row: IntentRow, by_id: Mapping[int, Record], names: Mapping[str, Sequence[str]]) -> Intent:
    """A line whose id may mean several leading ones counts on each of them: too much rather than not at all."""
    payment = by_id.get(row.payment_record_id or 0)
    gone = row.state in ("succeeded", "arrived")
    return Intent(
        id=row.id,
        state=IntentState(row.state),
        tender=row.tender,
        minor=row.amount_minor,
        payment=payment.external_id if payment else None,
        lines=tuple(
            LineAmount(meant, quantity, minor)
            for line, quantity, minor in row.lines
            for meant in names.get(line, (line,))
        ),
        reference=row.reference,
        # Of an arrived one this is later than the truth: it counts twice rather than not at all.
        paid_out_at=row.changed_at if gone else None,
        ended_at=row.changed_at if row.state in ("failed", "cancelled", "returned") else None,
    )


def _stated(records: Sequence[Record]) -> list[StatedRefunded]:
    """Sums that systems state as refunded: per payment by gateways, per order by order systems and finance."""
    out = []
    ledgers: dict[str, list[Record]] = {}
    for record in records:
        if record.kind is RecordKind.PAYMENT and record.get("refunded") is not None:
            out.append(StatedRefunded(record.source, int(record.get("refunded")), record.as_of, record.external_id))
        elif record.kind is RecordKind.ORDER and record.get("refunded") is not None:
            out.append(StatedRefunded(record.source, int(record.get("refunded")), record.as_of))
        elif record.kind is RecordKind.LEDGER_ENTRY and record.get("kind") == "refund":
            ledgers.setdefault(record.source, []).append(record)
    for source, entries in ledgers.items():
        # Finance books money that goes out as a negative sum, or as a positive one; a reversal has the other sign.
        booked = abs(sum(int(entry.get("amount", 0)) for entry in entries))
        out.append(StatedRefunded(source, booked, max(entry.as_of for entry in entries)))
    return out


DELIVERED = frozenset({"delivered", "signed", "completed", "received"})
SHIPPED = DELIVERED | {"shipped", "in_transit", "out_for_delivery", "fulfilled"}


def _with_facts(work: Work, desk: Desk, file: CaseFile, viewer: Principal | None) -> CaseFile:
    state, now = file.state, desk.clock()
    shipments = file.of_kind(RecordKind.SHIPMENT)
    statuses = {str(r.get("status", "")).lower() for r in [*shipments, *file.of_kind(RecordKind.ORDER)]}
    types = {event.type for event in file.events}
    open_proposal = file.proposal
    amount = state.amount_minor
    if open_proposal is not None and open_proposal.amount_minor is not None:
        amount = open_proposal.amount_minor
    since = now - timedelta(seconds=file.process.limits.period_s)
    refunds = [r for r in file.of_kind(RecordKind.REFUND) if r.get("status") in GIVEN_BACK]
    facts = CaseFacts(
        stage=state.stage,
        kind=state.kind,
        reason=state.reason,
        currency=state.currency,
        amount=amount,
        refundable=refundable(file.book).minor,
        order_sum=work.money.decided_for_order(state.order_id),
        customer_sum=work.money.decided_for_customer(state.customer_id, since) if state.customer_id else {},
        disputed=state.disputed,
        conflicts=frozenset(conflict.field for conflict in file.conflicts),
        findings=frozenset(str(found["code"]) for found in file.findings),
        shipped=bool(shipments) or bool(statuses & SHIPPED),
        delivered=bool(statuses & DELIVERED) or any(r.get("delivered_at") for r in shipments),
        goods_back="return.received" in types or any(r.get("received_at") for r in file.of_kind(RecordKind.RETURN)),
        evidence=state.images,
        customer_withdrew="customer.withdrew" in types,
        held_before="hold.released" in types,
        appeal=state.round > 1,
        open_intents=any(i.state in ("reserved", "submitting", "pending", "unknown") for i in file.intents),
        unsettled=bool(refunds) and bool(file.conflicts),
        consultations=tuple(ConsultFact(c.role, c.required, settled=not c.open) for c in file.consultations),
        proposal_open=open_proposal is not None,
        proposer=open_proposal.person_id if open_proposal else None,
        viewer=viewer.person_id if viewer else None,
        assignee=state.assignee_id,
    )
    return replace(file, facts=facts)
