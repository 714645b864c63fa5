"""From a form to the exact content of a proposal: what was left out is computed, term by term, and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from refund_desk.domain.decisions import (
    TENDERS,
    CreditTerms,
    Grounds,
    Promise,
    ProposalContent,
    ReturnFreight,
    ReturnTerms,
)
from refund_desk.domain.intents import SHIPPING, Book, Intent, IntentState, LineAmount, LinePaid
from refund_desk.domain.money import Term
from refund_desk.domain.payouts import line_ceiling, order_ceiling, refundable, split_payments
from refund_desk.domain.policies import Advice
from refund_desk.domain.shares import TenderPolicy, refund_for, split_tenders
from refund_desk.domain.words import MONEY_DECISIONS, Decision, Tender
from refund_desk.service.casefile import CaseFile
from refund_desk.service.ports import Work

TENDER_POLICY = TenderPolicy.MONEY_FIRST


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal as its form has it. None: to be computed, or not said."""

    decision: Decision
    reason: str = ""
    amount_minor: int | None = None
    tender: Tender | None = None
    payment: str | None = None
    lines: tuple[tuple[str, int, int | None], ...] = ()
    shipping_minor: int | None = None
    fee_minor: int = 0
    return_freight: str | None = None
    return_terms: tuple[int, str | None] | None = None
    credit_terms: tuple[int | None, int] | None = None
    want: str | None = None
    questions: tuple[str, ...] = ()
    public_text: str | None = None
    below_promise_reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """The content, the terms of its amount, and the most that this decision may give."""

    content: ProposalContent
    terms: tuple[Term, ...]
    most_minor: int | None
    grounds: Grounds


def promise_of(messages: Sequence[Mapping[str, Any]]) -> Promise | None:
    """The last promise made to the customer in these messages of a case."""
    made = [m for m in messages if m["promise_minor"] is not None]
    if not made:
        return None
    last = max(made, key=lambda m: (m["sent_at"], m["id"]))
    return Promise(last["promise_minor"], last["promise_currency"], Tender(last["promise_form"] or "money"))


def asked_lines(file: CaseFile) -> tuple[tuple[str, int], ...]:
    """Lines and units that the case's requests are about; the whole order where a request names none."""
    wanted: dict[str, int] = {}
    bought = {line.line: line.quantity for line in file.shares.lines}
    for request in file.requests:
        named = [(str(line["line"]), int(line["quantity"])) for line in request["lines"]]
        for said, quantity in named or bought.items():
            line = said if said in bought else next(iter(file.names.get(said, ())), said)
            if line in bought:
                wanted[line] = min(bought[line], max(wanted.get(line, 0), quantity))
    return tuple(wanted.items())


def draft(work: Work, file: CaseFile, form: Draft, advice: Advice) -> Drafted:
    """Fill in what the form leaves out. Checks nothing: `check_content` and the ceilings do.

    The advised decision comes with the advised amount, unless the form names its own or picks lines.
    """
    tender = form.tender or _usual_tender(form.decision)
    payment = form.payment
    if tender is Tender.MONEY and payment is None and len(file.book.payments) == 1:
        payment = file.book.payments[0].id
    gives = form.decision in MONEY_DECISIONS
    lines = _lines(file, form) if gives else ()
    shipping = _shipping(file, form, lines) if gives else 0
    terms = [*_line_terms(file, lines), *_part("term.shipping", shipping), *_part("term.fee", -form.fee_minor)]
    lines, shipping, terms = _within(file, form, tender, lines, shipping, terms) if gives else (lines, shipping, terms)
    most = _most(file, tender, payment) if gives else None
    computed = sum(line.minor for line in lines) + shipping - form.fee_minor
    if not file.shares.lines:
        computed = _without_lines(file, form, most or 0)
    amount = computed if form.amount_minor is None else form.amount_minor
    if _advised(form, advice):
        amount = min(advice.amount or 0, computed)
    if gives and amount != computed and not _named_amounts(form):
        lines, shipping, terms = _towards(amount + form.fee_minor, lines, shipping, terms)
    content = ProposalContent(
        decision=form.decision,
        reason=form.reason,
        currency=file.state.currency,
        policy_version=advice.version,
        amount_minor=amount if gives else None,
        tender=tender if gives else None,
        payment=payment if gives and tender is Tender.MONEY else None,
        lines=lines,
        shipping_minor=shipping,
        fee_minor=form.fee_minor if gives else 0,
        return_freight=ReturnFreight(form.return_freight) if form.return_freight else None,
        return_terms=ReturnTerms(*form.return_terms) if form.return_terms else None,
        credit_terms=CreditTerms(*form.credit_terms) if form.credit_terms else None,
        want=form.want,
        questions=form.questions,
        public_text=form.public_text,
        clause=advice.clause or None,
        below_promise_reason=form.below_promise_reason,
    )
    return Drafted(content, tuple(terms), most, _grounds(work, file, content, amount))


def _advised(form: Draft, advice: Advice) -> bool:
    """Whether the advised amount is meant: nothing was named, and `full` is always all that is left."""
    named = form.amount_minor is not None or bool(form.lines) or form.decision is Decision.FULL
    return not named and advice.decision is form.decision and advice.amount is not None


def _without_lines(file: CaseFile, form: Draft, most: int) -> int:
    """Of an order whose lines nobody listed: what is asked for, or all that is left."""
    asked = file.state.amount_minor
    return most if asked is None or form.decision is Decision.FULL else min(asked, most)


def _usual_tender(decision: Decision) -> Tender | None:
    allowed = TENDERS.get(decision)
    if not allowed:
        return None
    return Tender.MONEY if Tender.MONEY in allowed else next(iter(allowed))


def _lines(file: CaseFile, form: Draft) -> tuple[LineAmount, ...]:
    """Each line's amount from its paid share, after what went back before. `full` is all that is left of all."""
    named = list(form.lines)
    if not named:
        every = [(line.line, line.quantity) for line in file.shares.lines]
        wanted = every if form.decision is Decision.FULL else asked_lines(file)
        named = [(line, quantity, None) for line, quantity in wanted]
    shares = {line.line: line for line in file.shares.lines}
    out = []
    for line, quantity, minor in named:
        share = shares.get(line)
        if share is None:
            out.append(LineAmount(line, quantity, minor or 0))
            continue
        units = quantity
        if minor is None:
            units = quantity if form.lines else min(quantity, line_ceiling(file.book, line).quantity or 0)
            minor = worth(file, line, units)
        if units or minor:
            out.append(LineAmount(line, units, minor))
    return tuple(out)


def worth(file: CaseFile, line: str, units: int) -> int:
    """What so many units of a line are worth now, after what went back before; minor units."""
    share = file.shares.line(line)
    if share is None:
        return 0
    left = line_ceiling(file.book, line)
    back = share.quantity - (left.quantity or 0)
    fits = max(0, min(units, share.quantity - back))
    return min(refund_for(share.minor, share.quantity, back, share.minor - left.minor, fits), left.minor)


def _shipping(file: CaseFile, form: Draft, lines: Sequence[LineAmount]) -> int:
    """Shipping goes back with the whole order, or where the fault is ours; else only if the form says so."""
    if form.shipping_minor is not None:
        return form.shipping_minor
    whole = {line.line: line.quantity for line in file.shares.lines} == {line.line: line.quantity for line in lines}
    gives = form.decision is Decision.FULL or (whole and form.decision is Decision.REFUND_WITHOUT_RETURN)
    return line_ceiling(file.book, SHIPPING).minor if gives else 0


def _line_terms(file: CaseFile, lines: Sequence[LineAmount]) -> list[Term]:
    bought = {line.line: line.quantity for line in file.shares.lines}
    names = {line.external_id: str(line.get("name", "")) for line in file.lines}
    return [
        Term(
            "term.line",
            {
                "line": line.line,
                "name": names.get(line.line, line.line),
                "quantity": line.quantity,
                "of": bought.get(line.line, 0),
            },
            line.minor,
        )
        for line in lines
    ]


def _part(code: str, minor: int) -> list[Term]:
    return [Term(code, {}, minor)] if minor else []


def _named_amounts(form: Draft) -> bool:
    return any(minor is not None for _, _, minor in form.lines)


_Parts = tuple[tuple[LineAmount, ...], int, list[Term]]


def _within(
    file: CaseFile,
    form: Draft,
    tender: Tender | None,
    lines: tuple[LineAmount, ...],
    shipping: int,
    terms: list[Term],
) -> _Parts:
    """A computed amount never asks for more than may still go back; what was given elsewhere is a term."""
    if form.amount_minor is not None or _named_amounts(form):
        return lines, shipping, terms
    total = sum(line.minor for line in lines) + shipping - form.fee_minor
    most = _most(file, tender, None)
    if total <= most:
        return lines, shipping, terms
    return _towards(most, lines, shipping, [*terms, Term("term.given_back_before", {}, most - total)], explained=True)


def _towards(
    amount: int, lines: tuple[LineAmount, ...], shipping: int, terms: list[Term], *, explained: bool = False
) -> _Parts:
    """Spread another amount than the computed one: taken off the last lines first, shipping before them."""
    total = sum(line.minor for line in lines) + shipping
    if amount >= total:
        return lines, shipping, terms
    if not explained:
        terms = [*terms, Term("term.reduced", {}, amount - total)]
    cut = total - amount
    from_shipping = min(cut, shipping)
    shipping, cut = shipping - from_shipping, cut - from_shipping
    out = []
    for line in reversed(lines):
        part = min(cut, line.minor)
        cut -= part
        out.append(replace(line, minor=line.minor - part))
    return tuple(reversed(out)), shipping, terms


def _most(file: CaseFile, tender: Tender | None, payment: str | None) -> int:
    if tender is Tender.MONEY and not _mixed(file):
        return refundable(file.book, payment).minor
    return order_ceiling(file.book).minor


def _mixed(file: CaseFile) -> bool:
    """Part of the order was paid in points, credit or a coupon: a refund goes back in parts."""
    return any(tender is not Tender.MONEY for tender, _ in file.shares.tenders)


def _grounds(work: Work, file: CaseFile, content: ProposalContent, amount: int) -> Grounds:
    shares = file.shares
    return Grounds(
        currency=file.state.currency,
        lines=tuple(LinePaid(line.line, line.quantity, line.minor) for line in shares.lines),
        shipping_minor=shares.shipping_minor,
        full_minor=_most(file, content.tender, content.payment) if content.decision is Decision.FULL else amount,
        payments=tuple(payment.id for payment in file.book.payments),
        promise=promise_of(work.facts.messages(file.state.id)),
    )


# ---------------------------------------------------------------- from content to intents


@dataclass(frozen=True, slots=True)
class Part:
    """What one intent will carry: a tender, for money the payment it goes back on, and its share of the lines."""

    tender: Tender
    payment: str | None
    minor: int
    lines: tuple[LineAmount, ...]


def parts_of(file: CaseFile, content: ProposalContent) -> tuple[Part, ...]:
    """How a decided amount goes back: in kind what was paid in kind, money on the payments that have it.

    Raises Conflict when tenders or payments don't have it together.
    """
    amount = content.amount_minor or 0
    tender = content.tender or Tender.MONEY
    pieces: list[tuple[Tender, str | None, int]] = []
    if tender is not Tender.MONEY or not _mixed(file):
        pieces = _placed(file, tender, content.payment, amount)
    else:
        given = [(i.tender, i.minor) for i in file.book.intents if i.holds]
        for form, minor in split_tenders(amount, file.shares.tenders, given, TENDER_POLICY):
            pieces += _placed(file, form, content.payment, minor)
    shipping = (LineAmount(SHIPPING, 0, content.shipping_minor),) if content.shipping_minor else ()
    return tuple(_dealt(pieces, _net_of_fee([*content.lines, *shipping], content.fee_minor)))


def _placed(file: CaseFile, tender: Tender, payment: str | None, minor: int) -> list[tuple[Tender, str | None, int]]:
    if tender is not Tender.MONEY or not file.book.payments:
        return [(tender, None, minor)]
    if payment is not None:
        return [(tender, payment, minor)]
    return [(tender, number, part) for number, part in split_payments(minor, file.book)]


def _net_of_fee(lines: list[LineAmount], fee: int) -> list[LineAmount]:
    """A fee kept back comes off the lines, so that intents carry exactly what goes out."""
    out = []
    for line in lines:
        part = max(0, min(fee, line.minor))
        fee -= part
        out.append(replace(line, minor=line.minor - part))
    return out


def _dealt(pieces: list[tuple[Tender, str | None, int]], lines: list[LineAmount]) -> list[Part]:
    """Deal the lines out over the pieces, in order; units stay with a line's first part."""
    left = [(line.line, line.quantity, line.minor) for line in lines]
    out = []
    for tender, payment, minor in pieces:
        room, mine = minor, []
        while left and (room or not left[0][2]):
            line, quantity, wants = left[0]
            part = min(room, wants)
            mine.append(LineAmount(line, quantity, part))
            room -= part
            if part == wants:
                left.pop(0)
            else:
                left[0] = (line, 0, wants - part)
        out.append(Part(tender, payment, minor, tuple(mine)))
    return out


def with_part(book: Book, part: Part, number: int) -> Book:
    """The book with one part reserved, so that the next is checked against what is left."""
    intent = Intent(f"draft-{number}", IntentState.RESERVED, part.tender, part.minor, part.payment, part.lines)
    return replace(book, intents=(*book.intents, intent))
