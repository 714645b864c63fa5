"""What the policies advise about a case: its facts gathered, the tables asked. A recommendation, never a decision."""

from __future__ import annotations

from datetime import datetime

from refund_desk.domain.facts import Record
from refund_desk.domain.payouts import given_back
from refund_desk.domain.policies import Advice, PolicyFacts
from refund_desk.domain.words import RecordKind
from refund_desk.service.casefile import CaseFile
from refund_desk.service.drafting import asked_lines, worth
from refund_desk.service.ports import Desk


def advise(desk: Desk, file: CaseFile) -> Advice:
    """The advice for a case as it stands."""
    return desk.policies.advise(policy_facts(file), desk.clock())


def policy_facts(file: CaseFile) -> PolicyFacts:
    """The facts of a case by which policies judge. Days are counted up to when the customer asked."""
    asked = min((request["created_at"] for request in file.requests), default=file.state.opened_at)
    orders = file.of_kind(RecordKind.ORDER)
    asked_for = asked_lines(file)
    wanted = {line for line, _ in asked_for}
    about = [line for line in file.lines if line.external_id in wanted] or list(file.lines)
    return PolicyFacts(
        kind=file.state.kind,
        reason=file.state.reason,
        currency=file.state.currency,
        days_since_order=_days(_first(orders, "placed_at"), asked),
        days_since_delivery=_days(_first(file.of_kind(RecordKind.SHIPMENT), "delivered_at"), asked),
        images=file.state.images,
        requested=file.state.amount_minor,
        paid=file.shares.total_minor,
        refundable=file.facts.refundable or 0,
        lines_refundable=sum(worth(file, *line) for line in asked_for) if file.shares.lines else None,
        already_refunded=given_back(file.book),
        shipping=file.shares.shipping_minor,
        payments=len(file.book.payments),
        perishable=any(line.get("perishable") for line in about),
        made_to_order=any(line.get("made_to_order") for line in about),
        shipped=file.facts.shipped,
        delivered=file.facts.delivered,
        goods_back=file.facts.goods_back,
        disputed=file.facts.disputed,
        conflict=bool(file.conflicts),
        money_conflict=bool(file.facts.conflicts & file.process.money_fields),
        appeal=file.facts.appeal,
    )


def _first(records: list[Record], name: str) -> datetime | None:
    values = [record.get(name) for record in records if record.get(name) is not None]
    return min(values) if values else None


def _days(since: datetime | None, until: datetime) -> int | None:
    return None if since is None else max(0, (until - since).days)
