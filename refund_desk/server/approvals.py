"""One line of the approval list: who gets how much, where, why, and what differs from what."""

from __future__ import annotations

from refund_desk.domain.people import Principal
from refund_desk.domain.raci import answers_for, required_consultations
from refund_desk.server import present as p
from refund_desk.service import shifts
from refund_desk.service.advice import advise
from refund_desk.service.casefile import CaseFile
from refund_desk.service.decisions import content_of
from refund_desk.service.ports import Desk, Work
from refund_desk.wire import commands as c
from refund_desk.wire.base import Coded


def approval_row(work: Work, desk: Desk, who: Principal, file: CaseFile) -> c.ApprovalRow:
    """The row of a case whose proposal is open. Raises nothing: what keeps it from approval is `why_not`."""
    row = file.proposal
    assert row is not None
    content = content_of(row)
    currency = file.state.currency
    advice = advise(desk, file)
    returned = next((q for q in file.proposals if q.status == "returned"), None)
    evidence = work.facts.evidence(file.state.id)
    opened = sorted(work.facts.opened(file.state.id, row.person_id))
    head = answers_for(file.process, content.decision, file.facts)
    limit = next((b for b in file.process.limits.bands if b.role is head), None)
    bound = (limit.order_max or {}).get(currency) if limit else None
    spent = file.facts.order_sum.get(currency, 0)
    own = row.person_id == who.person_id
    roles = shifts.deputised(work, desk, who, row.person_id).roles
    customer = work.facts.customer(file.state.customer_id)["masked"] if file.state.customer_id else ""
    names = work.people.names([row.person_id])
    differences = _differences(file, advice.decision, advice.amount, returned.amount_minor if returned else None)
    waits = any(c_.open and c_.required for c_ in file.consultations)
    plain = not (file.state.conflicts or file.state.disputed or waits or differences)
    small = content.amount_minor is not None and bound is not None and content.amount_minor * 4 <= bound
    return c.ApprovalRow(
        ref=file.state.ref,
        customer=str(customer or ""),
        proposal=p.proposal(row, names, file, opened),
        recommended=p.amount(advice.amount, currency),
        recommended_decision=advice.decision,
        last_returned=p.amount(returned.amount_minor if returned else None, currency),
        limit=p.amount(max(0, bound - spent), currency) if bound is not None else None,
        differences=differences,
        evidence_total=len(evidence),
        unopened=[str(item["name"]) for item in evidence if item["id"] not in opened],
        versions=dict(file.state.versions),
        due_at=file.state.due_at,
        may=head in roles and not own,
        why_not=_why_not(head.value, own) if own or head not in roles else None,
        bulk=plain and small and not required_consultations(file.process, content.decision, file.facts),
    )


def _why_not(role: str, own: bool) -> Coded:
    if own:
        return Coded(code="error.process.own_proposal", params={"could": [role]})
    return Coded(code="error.process.not_accountable", params={"role": role, "could": [role]})


def _differences(file: CaseFile, advised: object, amount: int | None, returned: int | None) -> list[Coded]:
    row = file.proposal
    assert row is not None
    currency = file.state.currency
    out = []
    if advised is not None and advised is not row.decision:
        out.append(Coded(code="difference.decision", params={"advised": str(advised), "proposed": row.decision.value}))
    if amount is not None and row.amount_minor is not None and amount != row.amount_minor:
        out.append(Coded(code="difference.amount", params=_both(amount, row.amount_minor, currency)))
    if returned is not None and row.amount_minor is not None:
        code = "difference.same_as_returned" if returned == row.amount_minor else "difference.returned"
        out.append(Coded(code=code, params=_both(returned, row.amount_minor, currency)))
    return out


def _both(before: int, after: int, currency: str) -> dict[str, object]:
    return {
        "before": {"minor": before, "currency": currency},
        "after": {"minor": after, "currency": currency},
        "by": {"minor": after - before, "currency": currency},
    }
