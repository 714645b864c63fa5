"""What the customer would read. Templates are data; values come from the decision alone."""

from __future__ import annotations

from typing import Any

from refund_desk.domain.decisions import ProposalContent
from refund_desk.domain.process import arrival_days
from refund_desk.domain.words import Decision, Tender
from refund_desk.service.casefile import CaseFile
from refund_desk.service.ports import Desk


def customer_text(desk: Desk, file: CaseFile, content: ProposalContent, *, approved: bool = False) -> str | None:
    """The letter of a decision in the customer's language, or None where they are told nothing.

    approved False: a preview, which names the amount all the same, for the reviewer to see.
    """
    if content.decision is Decision.HOLD:
        return None
    days = arrival_days(file.process, _means(file, content))
    reason = file.process.reasons.get(content.reason)
    values: dict[str, Any] = {
        "order": file.order.number,
        "ref": file.state.ref,
        "amount": {"minor": content.amount_minor or 0, "currency": content.currency},
        "days": days,
        "questions": list(content.questions),
        "want": content.want or "",
        "ship_by_days": content.return_terms.ship_by_days if content.return_terms else 0,
        "address": (content.return_terms.address if content.return_terms else None) or "",
        "freight": content.return_freight.value if content.return_freight else "none",
        "reason_zh": reason.label.zh if reason and reason.told else "",
        "reason_en": reason.label.en if reason and reason.told else "",
        "public_text": content.public_text or "",
        "clause": content.clause or "",
        "approved": approved,
    }
    return desk.replies.render(f"decided.{content.decision.value}", file.state.language, values)


def _means(file: CaseFile, content: ProposalContent) -> str | None:
    if content.tender is not None and content.tender is not Tender.MONEY:
        return content.tender.value
    return file.state.method
