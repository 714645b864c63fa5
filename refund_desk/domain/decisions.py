"""What is proposed and approved: the exact content of a decision, and the rules of its form.

An approval binds to `ProposalContent.to_canonical_dict()`; change any of it and the approval is void.
Amounts are minor units of the content's currency. Whether the money is there is asked of `payouts`,
who may decide of `process`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from refund_desk.domain.errors import Invalid
from refund_desk.domain.money import amount
from refund_desk.domain.payouts import SHIPPING, LineAmount, LinePaid, Proposed
from refund_desk.domain.words import MONEY_DECISIONS, Decision, Tender

LONGEST_SHIP_BY_DAYS = 365


class ReturnFreight(StrEnum):
    """Who pays for sending the goods back."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ReturnTerms:
    """How the goods come back: within `ship_by_days` days of the decision, to `address`."""

    ship_by_days: int
    address: str | None = None


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """A coupon or store credit: valid for so many days (None: for ever), usable from this order value."""

    valid_days: int | None = None
    minimum_spend_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalContent:
    """All that an approval binds to. `payment`: where money goes; None where it is left to several payments.

    amount_minor = sum of lines + shipping_minor − fee_minor. An earlier fee goes back as an amount of the
    line it was kept of, with no unit. `want`: what an exchange sends instead. `public_text`: what the
    customer is told beyond the clause's own text.
    """

    decision: Decision
    reason: str
    currency: str
    policy_version: str
    amount_minor: int | None = None
    tender: Tender | None = None
    payment: str | None = None
    lines: tuple[LineAmount, ...] = ()
    shipping_minor: int = 0
    fee_minor: int = 0
    return_freight: ReturnFreight | None = None
    return_terms: ReturnTerms | None = None
    credit_terms: CreditTerms | None = None
    want: str | None = None
    questions: tuple[str, ...] = ()
    public_text: str | None = None
    clause: str | None = None
    below_promise_reason: str | None = None

    def to_canonical_dict(self) -> dict[str, Any]:
        """Plain JSON values, every field always there, lines in the order of their ids."""
        out = asdict(self)
        out["lines"] = sorted((asdict(line) for line in self.lines), key=lambda line: tuple(line.values()))
        out["questions"] = list(self.questions)
        for name in ("decision", "tender", "return_freight"):
            out[name] = None if out[name] is None else str(out[name].value)
        return out

    @classmethod
    def from_canonical_dict(cls, plain: Mapping[str, Any]) -> ProposalContent:
        """The inverse of `to_canonical_dict`."""
        known = dict(plain)
        known["decision"] = Decision(known["decision"])
        known["lines"] = tuple(LineAmount(**line) for line in known["lines"])
        known["questions"] = tuple(known["questions"])
        shapes: dict[str, Callable[[Any], Any]] = {
            "tender": Tender,
            "return_freight": ReturnFreight,
            "return_terms": lambda terms: ReturnTerms(**terms),
            "credit_terms": lambda terms: CreditTerms(**terms),
        }
        for name, shape in shapes.items():
            known[name] = None if known[name] is None else shape(known[name])
        return cls(**known)

    def without_words(self) -> ProposalContent:
        """What stays when its customer is erased: decision, sums and codes, and nothing that anybody typed."""
        terms = self.return_terms and replace(self.return_terms, address=None)
        return replace(self, want=None, questions=(), public_text=None, below_promise_reason=None, return_terms=terms)

    def proposed(self) -> Proposed:
        """What it asks of the ceilings, shipping as a line. Only for decisions with an amount."""
        shipping = (LineAmount(SHIPPING, 0, self.shipping_minor),) if self.shipping_minor else ()
        return Proposed(
            self.currency, self.amount_minor or 0, self.tender or Tender.MONEY, self.payment, self.lines + shipping
        )


@dataclass(frozen=True, slots=True)
class Promise:
    """What the customer was promised already."""

    minor: int
    currency: str
    tender: Tender


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a proposal is checked against: lines as bought and paid (shares), shipping's share, payments.

    full_minor: what `full` gives, all that is refundable now for what is asked.
    """

    currency: str
    lines: tuple[LinePaid, ...]
    shipping_minor: int
    full_minor: int
    payments: tuple[str, ...] = ()
    promise: Promise | None = None


# ---------------------------------------------------------------- the form of each decision

_IN_KIND = frozenset({Tender.MONEY, Tender.STORE_CREDIT, Tender.COUPON, Tender.POINTS})
TENDERS: Mapping[Decision, frozenset[Tender]] = {
    **dict.fromkeys(MONEY_DECISIONS, _IN_KIND),
    Decision.STORE_CREDIT: frozenset({Tender.STORE_CREDIT}),
    Decision.COUPON: frozenset({Tender.COUPON}),
    Decision.EXCHANGE: frozenset({Tender.GOODS}),
    Decision.REPLACEMENT: frozenset({Tender.GOODS}),
}
"""Forms in which each decision may give. A refund goes back in kind where the order was paid in kind."""

BY_UNITS = frozenset({Decision.RETURN_FIRST, Decision.EXCHANGE, Decision.REPLACEMENT})
"""Decisions about whole units: each line of them needs a quantity."""
NEEDS_LINES = BY_UNITS | {Decision.PRICE_DIFFERENCE}
RETURNS_GOODS = frozenset({Decision.RETURN_FIRST, Decision.EXCHANGE})
POSTPONING = frozenset({Decision.MORE_INFORMATION, Decision.ESCALATE, Decision.HOLD})
"""Decisions that settle nothing yet, and so are never below a promise."""


@dataclass(slots=True)
class _Problems:
    """Collects what is wrong, to say all of it at once."""

    currency: str
    found: list[dict[str, Any]] = field(default_factory=list)

    def add(self, path: str, code: str, **params: Any) -> None:
        self.found.append({"path": path, "code": f"proposal.{code}", "params": params})

    def unless(self, fine: bool, path: str, code: str, **params: Any) -> None:
        if not fine:
            self.add(path, code, **params)

    def amounts(self, path: str, code: str, asked: int, allowed: int) -> None:
        self.add(path, code, asked=amount(asked, self.currency), allowed=amount(allowed, self.currency))


def check_content(content: ProposalContent, grounds: Grounds) -> None:
    """Check that a proposal says what its decision needs, nothing it must not, and adds up exactly.

    Raises Invalid `proposal.invalid` with `problems`: a list of {"path", "code", "params"}.
    """
    found = _Problems(grounds.currency)
    found.unless(content.currency == grounds.currency, "currency", "currency_differs", allowed=grounds.currency)
    if content.decision in MONEY_DECISIONS:
        _check_amount(content, grounds, found)
        _check_lines(content, grounds, found)
        _check_form(content, grounds, found)
    else:
        _check_gives_nothing(content, found)
    _check_words(content, grounds, found)
    _check_return(content, found)
    _check_credit(content, found)
    if found.found:
        raise Invalid("proposal.invalid", problems=found.found)


def _check_amount(content: ProposalContent, grounds: Grounds, found: _Problems) -> None:
    asked = content.amount_minor
    if asked is None:
        found.add("amount_minor", "amount_needed")
        return
    found.unless(asked > 0, "amount_minor", "amount_not_positive")
    if grounds.lines or content.lines:
        total = sum(line.minor for line in content.lines) + content.shipping_minor - content.fee_minor
        if asked != total:
            found.amounts("amount_minor", "amount_sum", asked, total)
    if content.decision is Decision.FULL and asked != grounds.full_minor:
        found.amounts("amount_minor", "not_full", asked, grounds.full_minor)
    if not 0 <= content.shipping_minor <= grounds.shipping_minor:
        found.amounts("shipping_minor", "shipping_exceeds_paid", content.shipping_minor, grounds.shipping_minor)
    found.unless(content.fee_minor >= 0, "fee_minor", "fee_negative")


def _check_lines(content: ProposalContent, grounds: Grounds, found: _Problems) -> None:
    if grounds.lines and not content.lines and (content.decision in NEEDS_LINES or not content.shipping_minor):
        found.add("lines", "lines_needed")
    bought = {line.line: line for line in grounds.lines}
    seen: set[str] = set()
    for index, line in enumerate(content.lines):
        path = f"lines[{index}]"
        if line.line in seen:
            found.add(f"{path}.line", "line_twice", line=line.line)
        seen.add(line.line)
        if line.line in bought:
            _check_line(content, line, bought[line.line], path, found)
        else:
            found.add(f"{path}.line", "line_unknown", line=line.line)


def _check_line(content: ProposalContent, line: LineAmount, bought: LinePaid, path: str, found: _Problems) -> None:
    least = 1 if content.decision in BY_UNITS else 0
    if line.quantity < least:
        found.add(f"{path}.quantity", "quantity_needed", line=line.line)
    if line.quantity > bought.quantity:
        found.add(
            f"{path}.quantity",
            "quantity_exceeds_bought",
            line=line.line,
            asked=line.quantity,
            allowed=bought.quantity,
        )
    if not 0 <= line.minor <= bought.minor:
        found.amounts(f"{path}.minor", "line_exceeds_share", line.minor, bought.minor)


def _check_form(content: ProposalContent, grounds: Grounds, found: _Problems) -> None:
    """In which form it goes back, and where to."""
    allowed = sorted(tender.value for tender in TENDERS[content.decision])
    found.unless(content.tender in TENDERS[content.decision], "tender", "tender_wrong", allowed=allowed)
    if content.tender is not Tender.MONEY:
        found.unless(content.payment is None, "payment", "not_for_decision")
    elif content.payment is None:
        found.unless(len(grounds.payments) != 1, "payment", "payment_needed")
    else:
        found.unless(content.payment in grounds.payments, "payment", "payment_unknown", payment=content.payment)


def _check_gives_nothing(content: ProposalContent, found: _Problems) -> None:
    for path, given in {
        "amount_minor": content.amount_minor,
        "tender": content.tender,
        "payment": content.payment,
        "lines": content.lines,
        "shipping_minor": content.shipping_minor,
        "fee_minor": content.fee_minor,
        "return_freight": content.return_freight,
    }.items():
        found.unless(given in (None, (), 0), path, "not_for_decision")


def _check_words(content: ProposalContent, grounds: Grounds, found: _Problems) -> None:
    asks = content.decision is Decision.MORE_INFORMATION
    found.unless(asks or bool(content.reason.strip()), "reason", "reason_needed")
    if asks:
        asked = [question for question in content.questions if question.strip()]
        found.unless(bool(asked) and len(asked) == len(content.questions), "questions", "question_needed")
    else:
        found.unless(not content.questions, "questions", "not_for_decision")
    if content.decision is Decision.HOLD:
        # The reason of a hold is one that the customer must not learn.
        found.unless(content.public_text is None, "public_text", "public_text_on_hold")
    promise = grounds.promise
    if promise and below_promise(content, promise) and not (content.below_promise_reason or "").strip():
        found.add("below_promise_reason", "promise_reason_needed", promised=amount(promise.minor, promise.currency))


def _check_return(content: ProposalContent, found: _Problems) -> None:
    terms = content.return_terms
    if content.decision is Decision.RETURN_FIRST:
        found.unless(terms is not None, "return_terms.ship_by_days", "ship_by_needed")
        chosen = content.return_freight in {ReturnFreight.CUSTOMER, ReturnFreight.MERCHANT}
        found.unless(chosen, "return_freight", "freight_needed")
    elif content.decision not in RETURNS_GOODS:
        found.unless(terms is None, "return_terms", "not_for_decision")
    if terms is not None and not 1 <= terms.ship_by_days <= LONGEST_SHIP_BY_DAYS:
        found.add("return_terms.ship_by_days", "ship_by_range", longest=LONGEST_SHIP_BY_DAYS)


def _check_credit(content: ProposalContent, found: _Problems) -> None:
    terms = content.credit_terms
    if terms is None:
        return
    if content.tender not in {Tender.STORE_CREDIT, Tender.COUPON}:
        found.add("credit_terms", "not_for_decision")
    found.unless(terms.valid_days is None or terms.valid_days > 0, "credit_terms.valid_days", "credit_days_range")
    found.unless(terms.minimum_spend_minor >= 0, "credit_terms.minimum_spend_minor", "minimum_spend_negative")


def below_promise(content: ProposalContent, promise: Promise) -> bool:
    """Whether a decision gives less than was promised, or in a worse form: money is as good as any."""
    if content.decision in POSTPONING:
        return False
    same_form = content.tender in {Tender.MONEY, promise.tender}
    enough = content.currency == promise.currency and (content.amount_minor or 0) >= promise.minor
    return not (same_form and enough)


# ---------------------------------------------------------------- approval


def approval_void_reasons(bound: ProposalContent, now: ProposalContent) -> list[dict[str, Any]]:
    """What changed since an approval was given for `bound`: a list of {"code", "params"}, empty if nothing.

    Codes are `void.<field>`. Single values come with `before` and `after`; lists and terms without.
    """
    before, after = bound.to_canonical_dict(), now.to_canonical_dict()
    return [
        {"code": f"void.{name.removesuffix('_minor')}", "params": _told(name, bound, now, before[name], after[name])}
        for name in before
        if before[name] != after[name]
    ]


def _told(name: str, bound: ProposalContent, now: ProposalContent, before: Any, after: Any) -> dict[str, Any]:
    if isinstance(before, list | dict) or isinstance(after, list | dict):
        return {}
    if name.endswith("_minor"):
        before = None if before is None else amount(before, bound.currency)
        after = None if after is None else amount(after, now.currency)
    return {"before": before, "after": after}
