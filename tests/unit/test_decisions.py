"""Proposals: what each decision needs and must not carry, what voids an approval, what limits look at."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refund_desk.domain.decisions import (
    TENDERS,
    CreditTerms,
    Grounds,
    Promise,
    ProposalContent,
    ReturnFreight,
    ReturnTerms,
    approval_void_reasons,
    below_promise,
    check_content,
)
from refund_desk.domain.errors import Invalid
from refund_desk.domain.payouts import SHIPPING, LineAmount, LinePaid, Proposed
from refund_desk.domain.words import MONEY_DECISIONS, Decision, Tender

D = Decision
GROUNDS = Grounds(
    "CNY", (LinePaid("a", 2, 6000), LinePaid("b", 1, 3000)), shipping_minor=1000, full_minor=10_000, payments=("p1",)
)
LINES = (LineAmount("a", 1, 3000),)
ALL_LINES = (LineAmount("a", 2, 6000), LineAmount("b", 1, 3000))
MONEY = {"tender": Tender.MONEY, "payment": "p1"}
ONE_LINE: dict[str, Any] = {"amount_minor": 3000, "lines": LINES}
GOOD: dict[Decision, dict[str, Any]] = {
    D.FULL: {"amount_minor": 10_000, "lines": ALL_LINES, "shipping_minor": 1000, **MONEY},
    D.PARTIAL: {"amount_minor": 2700, "lines": LINES, "fee_minor": 300, **MONEY},
    D.STORE_CREDIT: {**ONE_LINE, "tender": Tender.STORE_CREDIT, "credit_terms": CreditTerms(365)},
    D.COUPON: {**ONE_LINE, "tender": Tender.COUPON, "credit_terms": CreditTerms(30, 5000)},
    D.REFUND_WITHOUT_RETURN: {**ONE_LINE, **MONEY},
    D.RETURN_FIRST: {
        **ONE_LINE,
        **MONEY,
        "return_terms": ReturnTerms(7, "Warehouse 2"),
        "return_freight": ReturnFreight.MERCHANT,
    },
    D.EXCHANGE: {**ONE_LINE, "tender": Tender.GOODS, "want": "size L", "return_terms": ReturnTerms(7)},
    D.REPLACEMENT: {**ONE_LINE, "tender": Tender.GOODS},
    D.PRICE_DIFFERENCE: {"amount_minor": 500, "lines": (LineAmount("a", 0, 500),), **MONEY},
    D.MORE_INFORMATION: {"questions": ("Which side is broken?",)},
    D.DECLINE: {},
    D.ESCALATE: {},
    D.HOLD: {},
    D.CANCEL: {},
}


def content(decision: Decision, **changes: Any) -> ProposalContent:
    given_ = {"reason": "proven", "currency": "CNY", "policy_version": "2026-11", **GOOD[decision], **changes}
    return ProposalContent(decision=decision, **given_)


def problems(proposal: ProposalContent, grounds: Grounds = GROUNDS) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        check_content(proposal, grounds)
    assert caught.value.code == "proposal.invalid"
    return {(each["path"], each["code"].removeprefix("proposal.")) for each in caught.value.params["problems"]}


@pytest.mark.parametrize("decision", list(Decision))
def test_a_good_one_of_each(decision: Decision) -> None:
    check_content(content(decision), GROUNDS)


@pytest.mark.parametrize("decision", sorted(MONEY_DECISIONS))
@pytest.mark.parametrize("amount", [None, 0, -100])
def test_what_gives_value_needs_an_amount(decision: Decision, amount: int | None) -> None:
    wanted = "amount_needed" if amount is None else "amount_not_positive"
    assert ("amount_minor", wanted) in problems(content(decision, amount_minor=amount))


@pytest.mark.parametrize("decision", sorted(set(Decision) - MONEY_DECISIONS))
def test_what_gives_nothing_carries_nothing(decision: Decision) -> None:
    carries: dict[str, Any] = {
        "amount_minor": 1,
        "tender": Tender.MONEY,
        "payment": "p1",
        "lines": LINES,
        "shipping_minor": 1,
        "fee_minor": 1,
        "return_freight": ReturnFreight.CUSTOMER,
        "return_terms": ReturnTerms(7),
        "credit_terms": CreditTerms(),
    }
    for name, value in carries.items():
        assert (name, "not_for_decision") in problems(content(decision, **{name: value}))


@pytest.mark.parametrize("decision", sorted(set(Decision) - {D.MORE_INFORMATION}))
def test_a_reason_is_needed_and_questions_are_not_for_it(decision: Decision) -> None:
    assert problems(content(decision, reason="  ")) == {("reason", "reason_needed")}
    assert problems(content(decision, questions=("Why?",))) == {("questions", "not_for_decision")}


@pytest.mark.parametrize("questions", [(), ("",), ("Which?", " ")])
def test_more_information_needs_a_question(questions: tuple[str, ...]) -> None:
    assert problems(content(D.MORE_INFORMATION, questions=questions)) == {("questions", "question_needed")}
    check_content(content(D.MORE_INFORMATION, reason=""), GROUNDS)


@pytest.mark.parametrize("change", [{"amount_minor": 2699}, {"amount_minor": 2701}, {"fee_minor": 299}])
def test_lines_and_shipping_less_fee_are_the_amount_exactly(change: dict[str, Any]) -> None:
    assert problems(content(D.PARTIAL, **change)) == {("amount_minor", "amount_sum")}


def test_full_is_all_that_is_refundable() -> None:
    less = content(D.FULL, amount_minor=9000, shipping_minor=0)
    assert problems(less) == {("amount_minor", "not_full")}
    check_content(less, replace(GROUNDS, full_minor=9000))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (LineAmount("a", 3, 3000), ("lines[0].quantity", "quantity_exceeds_bought")),
        (LineAmount("a", -1, 3000), ("lines[0].quantity", "quantity_needed")),
        (LineAmount("zz", 1, 3000), ("lines[0].line", "line_unknown")),
        (LineAmount("", 0, 3000), ("lines[0].line", "line_unknown")),
    ],
)
def test_lines_are_lines_of_the_order(line: LineAmount, problem: tuple[str, str]) -> None:
    assert problems(content(D.REFUND_WITHOUT_RETURN, lines=(line,))) == {problem}


def test_a_line_gives_at_most_its_share_and_never_less_than_nothing() -> None:
    above = content(D.PRICE_DIFFERENCE, amount_minor=6001, lines=(LineAmount("a", 0, 6001),))
    assert problems(above) == {("lines[0].minor", "line_exceeds_share")}
    below = content(D.PARTIAL, amount_minor=2000, fee_minor=0, lines=(*LINES, LineAmount("b", 1, -1000)))
    assert problems(below) == {("lines[1].minor", "line_exceeds_share")}
    twice = content(D.PARTIAL, amount_minor=6000, fee_minor=0, lines=LINES * 2)
    assert problems(twice) == {("lines[1].line", "line_twice")}


@pytest.mark.parametrize("decision", [D.RETURN_FIRST, D.EXCHANGE, D.REPLACEMENT])
def test_whole_units_need_a_quantity(decision: Decision) -> None:
    assert problems(content(decision, lines=(LineAmount("a", 0, 3000),))) == {("lines[0].quantity", "quantity_needed")}


@pytest.mark.parametrize("decision", [D.RETURN_FIRST, D.EXCHANGE, D.REPLACEMENT, D.PRICE_DIFFERENCE])
def test_some_decisions_are_about_lines(decision: Decision) -> None:
    shipping_alone = content(decision, lines=(), shipping_minor=500, amount_minor=500)
    assert problems(shipping_alone) == {("lines", "lines_needed")}


def test_shipping_may_go_back_alone_but_not_more_than_was_paid() -> None:
    check_content(content(D.PARTIAL, lines=(), shipping_minor=1000, amount_minor=1000, fee_minor=0), GROUNDS)
    above = content(D.PARTIAL, lines=(), shipping_minor=1001, amount_minor=1001, fee_minor=0)
    assert problems(above) == {("shipping_minor", "shipping_exceeds_paid")}
    assert ("lines", "lines_needed") in problems(content(D.PARTIAL, lines=(), amount_minor=1000))


def test_an_order_without_lines_takes_an_amount_alone() -> None:
    check_content(content(D.PARTIAL, lines=(), amount_minor=700, fee_minor=0), replace(GROUNDS, lines=()))


def test_a_fee_is_kept_and_never_adds_to_what_goes_back() -> None:
    assert problems(content(D.PARTIAL, amount_minor=3200, fee_minor=-200)) == {("fee_minor", "fee_negative")}


@pytest.mark.parametrize("decision", sorted(MONEY_DECISIONS))
@pytest.mark.parametrize("tender", [None, *Tender])
def test_each_decision_gives_in_its_own_forms(decision: Decision, tender: Tender | None) -> None:
    changed = content(decision, tender=tender, payment="p1" if tender is Tender.MONEY else None, credit_terms=None)
    if tender in TENDERS[decision]:
        check_content(changed, GROUNDS)
    else:
        assert problems(changed) == {("tender", "tender_wrong")}


def test_money_goes_to_a_payment_of_the_order() -> None:
    assert problems(content(D.PARTIAL, payment="p9")) == {("payment", "payment_unknown")}
    assert problems(content(D.PARTIAL, payment=None)) == {("payment", "payment_needed")}
    check_content(content(D.PARTIAL, payment=None), replace(GROUNDS, payments=("p1", "p2")))
    check_content(content(D.PARTIAL, payment=None), replace(GROUNDS, payments=()))
    assert problems(content(D.COUPON, payment="p1")) == {("payment", "not_for_decision")}


def test_another_currency_is_refused() -> None:
    assert problems(content(D.PARTIAL, currency="JPY")) == {("currency", "currency_differs")}


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_return_has_a_date_and_somebody_who_pays_for_it(days: int) -> None:
    assert problems(content(D.RETURN_FIRST, return_terms=None)) == {("return_terms.ship_by_days", "ship_by_needed")}
    wrong = content(D.RETURN_FIRST, return_terms=ReturnTerms(days))
    assert problems(wrong) == {("return_terms.ship_by_days", "ship_by_range")}
    for nobody in (None, ReturnFreight.NONE):
        assert problems(content(D.RETURN_FIRST, return_freight=nobody)) == {("return_freight", "freight_needed")}
    assert problems(content(D.PARTIAL, return_terms=ReturnTerms(7))) == {("return_terms", "not_for_decision")}


def test_credit_terms_make_sense() -> None:
    wrong = content(D.COUPON, credit_terms=CreditTerms(0, -1))
    assert problems(wrong) == {
        ("credit_terms.valid_days", "credit_days_range"),
        ("credit_terms.minimum_spend_minor", "minimum_spend_negative"),
    }
    assert problems(content(D.PARTIAL, credit_terms=CreditTerms())) == {("credit_terms", "not_for_decision")}


def test_the_customer_is_not_told_of_a_hold() -> None:
    assert problems(content(D.HOLD, public_text="We suspect you")) == {("public_text", "public_text_on_hold")}
    check_content(content(D.DECLINE, public_text="Sorry"), GROUNDS)


PROMISE = Promise(2500, "CNY", Tender.COUPON)


@pytest.mark.parametrize(
    ("proposal", "below"),
    [
        (content(D.PARTIAL), False),
        (content(D.COUPON), False),
        (content(D.PARTIAL, amount_minor=2499), True),
        (content(D.STORE_CREDIT), True),
        (content(D.PARTIAL, currency="USD"), True),
        (content(D.DECLINE), True),
        (content(D.CANCEL), True),
        (content(D.HOLD), False),
        (content(D.ESCALATE), False),
        (content(D.MORE_INFORMATION), False),
    ],
)
def test_what_is_below_a_promise(proposal: ProposalContent, below: bool) -> None:
    assert below_promise(proposal, PROMISE) is below


def test_below_the_promise_needs_a_reason() -> None:
    grounds = replace(GROUNDS, promise=PROMISE)
    assert problems(content(D.DECLINE), grounds) == {("below_promise_reason", "promise_reason_needed")}
    assert problems(content(D.DECLINE, below_promise_reason=" "), grounds)
    check_content(content(D.DECLINE, below_promise_reason="The promise was for another order"), grounds)


def test_all_problems_are_said_at_once() -> None:
    wrong = content(D.FULL, reason="", currency="USD", amount_minor=1, payment="p9")
    assert len(problems(wrong)) == 5


# ---------------------------------------------------------------- canonical form and approval


@pytest.mark.parametrize("decision", list(Decision))
def test_canonical_form_and_back(decision: Decision) -> None:
    plain = content(decision).to_canonical_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert ProposalContent.from_canonical_dict(plain) == content(decision)
    assert set(plain) == {each.name for each in fields(ProposalContent)}


@given(st.permutations([LineAmount("a", 1, 3), LineAmount("a", 2, 1), LineAmount("b", 0, 2)]))
def test_the_order_of_lines_is_no_content(lines: list[LineAmount]) -> None:
    assert (
        approval_void_reasons(content(D.FULL, lines=tuple(lines)), content(D.FULL, lines=tuple(sorted(lines, key=str))))
        == []
    )


CHANGES: dict[str, Any] = {
    "decision": D.PARTIAL,
    "reason": "other",
    "currency": "USD",
    "policy_version": "2026-12",
    "amount_minor": 9999,
    "tender": Tender.POINTS,
    "payment": "p2",
    "lines": LINES,
    "shipping_minor": 1,
    "fee_minor": 1,
    "return_freight": ReturnFreight.CUSTOMER,
    "return_terms": ReturnTerms(9),
    "credit_terms": CreditTerms(3),
    "want": "size M",
    "questions": ("Why?",),
    "public_text": "Hello",
    "clause": "7.2",
    "below_promise_reason": "because",
}


@pytest.mark.parametrize("name", [each.name for each in fields(ProposalContent)])
def test_any_change_voids_an_approval(name: str) -> None:
    bound = content(D.FULL)
    assert approval_void_reasons(bound, bound) == []
    voided = approval_void_reasons(bound, replace(bound, **{name: CHANGES[name]}))
    assert [each["code"] for each in voided] == [f"void.{name.removesuffix('_minor')}"]


def test_a_void_approval_says_what_it_was_and_is() -> None:
    bound = content(D.FULL)
    voided = approval_void_reasons(bound, replace(bound, amount_minor=9000, payment="p2"))
    assert {each["code"]: each["params"] for each in voided} == {
        "void.amount": {"before": {"minor": 10_000, "currency": "CNY"}, "after": {"minor": 9000, "currency": "CNY"}},
        "void.payment": {"before": "p1", "after": "p2"},
    }


def test_what_is_asked_of_the_ceilings() -> None:
    assert content(D.FULL).proposed() == Proposed(
        "CNY", 10_000, Tender.MONEY, "p1", (*ALL_LINES, LineAmount(SHIPPING, 0, 1000))
    )
    assert content(D.PARTIAL).proposed().lines == LINES
