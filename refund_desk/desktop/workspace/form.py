"""What stands in the form of a decision: plain values, how they become a proposal, and their draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from refund_desk.desktop.operations import new_key
from refund_desk.domain.errors import Invalid
from refund_desk.domain.money import parse, plain_number
from refund_desk.domain.words import MONEY_DECISIONS, Aspect, Decision, Tender
from refund_desk.wire.cases import CaseView
from refund_desk.wire.commands import CreditTermsBody, LineAmountBody, ProposalBody, ReturnTermsBody
from refund_desk.wire.decisions import DecisionOption

RETURNS = frozenset({Decision.RETURN_FIRST, Decision.EXCHANGE})
CREDITS = frozenset({Decision.STORE_CREDIT, Decision.COUPON})
SENDS = frozenset({Decision.EXCHANGE, Decision.REPLACEMENT})
TELLS = frozenset(Decision) - {Decision.HOLD}
"""Decisions that the customer may be told more about; why a case is held stays inside."""
DEFAULT_SHIP_BY = 7
RESTS_ON = (Aspect.FACTS, Aspect.MONEY, Aspect.PROPOSAL, Aspect.THREAD)
"""A proposal rests on all but the assignment: a colleague's lease changes nothing about what is owed."""


@dataclass
class Form:
    """Amounts in minor units; None means computed by the service. `lines`: line id to quantity, None computed.
    `amounts`: line id to what goes back for it, where that isn't its computed worth.

    `key`: the idempotency key, made when the form opens and sent with every try.
    """

    decision: str = ""
    reason: str = ""
    amount_minor: int | None = None
    tender: str | None = None
    payment: str | None = None
    lines: dict[str, int] | None = None
    amounts: dict[str, int] = field(default_factory=dict)
    shipping_minor: int | None = None
    fee_minor: int = 0
    return_freight: str | None = None
    ship_by_days: int = DEFAULT_SHIP_BY
    address: str = ""
    valid_days: int | None = None
    minimum_spend_minor: int = 0
    want: str = ""
    questions: str = ""
    public_text: str = ""
    note: str = ""
    below_promise_reason: str = ""
    touched: bool = False
    key: str = field(default_factory=new_key)

    def choose(self, decision: Decision) -> None:
        """Another decision: what belonged to the last one goes; notes stay."""
        if self.decision == decision.value:
            return
        self.decision, self.reason = decision.value, ""
        self.tender, self.payment = None, None
        self.compute_all()
        self.return_freight = "merchant" if decision in RETURNS else None

    def compute_all(self) -> None:
        """Lines and amounts are the service's again."""
        self.amount_minor, self.lines, self.amounts = None, None, {}
        self.shipping_minor, self.fee_minor = None, 0

    def accept(self, view: CaseView) -> bool:
        """Take the recommendation over. False where there is none that may be taken."""
        advice = view.recommendation
        if advice is None:
            return False
        option = option_of(view, advice.decision)
        if option is None or not option.allowed:
            return False
        self.choose(advice.decision)
        self.compute_all()
        if advice.amount is not None and advice.decision in MONEY_DECISIONS - {Decision.FULL}:
            self.amount_minor = advice.amount.minor
        if advice.reason in option.reasons:
            self.reason = advice.reason or ""
        elif len(option.reasons) == 1:
            self.reason = option.reasons[0]
        self.touched = True
        return True

    def body(self, versions: Mapping[Aspect, int]) -> ProposalBody | None:
        """The proposal as it goes over the wire; None before a decision is chosen."""
        if not self.decision:
            return None
        decision = Decision(self.decision)
        gives = decision in MONEY_DECISIONS
        lines = self.lines if gives and self.lines is not None else {}
        asks = decision is Decision.MORE_INFORMATION
        return ProposalBody(
            decision=decision,
            reason=self.reason,
            amount_minor=self.amount_minor if gives else None,
            tender=Tender(self.tender) if gives and self.tender else None,
            payment=self.payment if gives else None,
            lines=[
                LineAmountBody(line=line, quantity=n, minor=self.amounts.get(line))
                for line, n in lines.items()
                if n > 0 or self.amounts.get(line)
            ],
            shipping_minor=self.shipping_minor if gives else None,
            fee_minor=self.fee_minor if gives else 0,
            return_freight=self.return_freight if decision in RETURNS else None,
            return_terms=self._return_terms() if decision in RETURNS else None,
            credit_terms=self._credit_terms() if decision in CREDITS else None,
            want=self.want.strip() or None if decision in SENDS else None,
            questions=[line.strip() for line in self.questions.splitlines() if line.strip()] if asks else [],
            public_text=self.public_text.strip() or None if decision in TELLS else None,
            note=self.note.strip() or None,
            below_promise_reason=self.below_promise_reason.strip() or None,
            rests_on={aspect: versions[aspect] for aspect in RESTS_ON if aspect in versions},
        )

    def draft(self, versions: Mapping[Aspect, int]) -> dict[str, Any]:
        """JSON values, with the versions the form was filled on."""
        return {**asdict(self), "versions": {aspect.value: number for aspect, number in versions.items()}}

    @classmethod
    def from_draft(cls, draft: Mapping[str, Any]) -> Form:
        """The form as it was; fields of another version of the desk are left out."""
        names = {found.name for found in fields(cls)}
        known = {name: value for name, value in draft.items() if name in names}
        try:
            form = cls(**known)
            form.body({})
        except (TypeError, ValueError):
            return cls()
        return form

    def _return_terms(self) -> ReturnTermsBody:
        return ReturnTermsBody(ship_by_days=self.ship_by_days, address=self.address.strip() or None)

    def _credit_terms(self) -> CreditTermsBody | None:
        if self.valid_days is None and not self.minimum_spend_minor:
            return None
        return CreditTermsBody(valid_days=self.valid_days, minimum_spend_minor=self.minimum_spend_minor)


def typed_minor(text: str, currency: str) -> int | None:
    """Minor units of a typed amount; None for nothing. Raises DeskError for what can't be read or given."""
    clean = plain_number(text)
    minor = parse(clean, currency).minor if clean else None
    if minor is not None and minor < 0:
        raise Invalid("money.below_zero")
    return minor


def option_of(view: CaseView, decision: Decision | str) -> DecisionOption | None:
    """What the service says about a decision for this case."""
    return next((option for option in view.options if option.decision == decision), None)


def asked_lines(view: CaseView) -> dict[str, int]:
    """What the customer asks about, by line; all that is left where no line was named."""
    lines = view.order.lines if view.order else []
    asked = {line.id: min(line.requested_quantity, line.refundable_quantity) for line in lines}
    if any(asked.values()):
        return asked
    return {line.id: line.refundable_quantity for line in lines}
