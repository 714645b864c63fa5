"""What the shipped policies advise, how they explain it, and which tables are refused."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from refund_desk.client.words import load_catalogue
from refund_desk.domain.errors import Invalid
from refund_desk.domain.policies import Basis, PolicyFacts, amount_for
from refund_desk.domain.words import Decision, Reason, RequestKind, Role
from refund_desk.engines import policies, process_book
from refund_desk.engines.policies import PolicyBook

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KIND, WHY = RequestKind, Reason


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    return policies.standard()


def facts(reason: Reason, kind: RequestKind = RequestKind.REFUND_ONLY, **changed: Any) -> PolicyFacts:
    """Delivered four days ago, ordered a week ago: 99.00 of 200.00 CNY asked for, two pictures."""
    plain: dict[str, Any] = {
        "days_since_order": 7,
        "days_since_delivery": 4,
        "images": 2,
        "requested": 9900,
        "paid": 20000,
        "refundable": 20000,
        "lines_refundable": 9900,
        "shipped": True,
        "delivered": True,
    }
    return PolicyFacts(kind, reason, "CNY", **{**plain, **changed})


NOT_THERE: dict[str, Any] = {"delivered": False, "days_since_delivery": None}

GOLDEN: list[tuple[PolicyFacts, str, str | None, str | None, int | None]] = [
    (facts(WHY.DAMAGED), "QL-10", "full", "damage_verified", 9900),
    (facts(WHY.DAMAGED, images=0), "EV-1", "more_information", "photos_needed", None),
    (facts(WHY.DAMAGED, requested=5000), "AM-4", "partial", "damage_verified", 5000),
    (
        facts(WHY.DAMAGED, lines_refundable=100_001, refundable=200_000),
        "AM-1",
        "return_first",
        "damage_verified",
        100_001,
    ),
    (facts(WHY.DAMAGED, already_refunded=15_000, refundable=5000), "AM-3", "partial", "rest_already_refunded", 5000),
    (facts(WHY.DAMAGED, refundable=0, already_refunded=20_000), "RF-1", "decline", "already_refunded", None),
    (facts(WHY.DAMAGED, disputed=True), "RF-2", "hold", "dispute_open", None),
    (facts(WHY.DAMAGED, days_since_delivery=31), "QL-5", "decline", "outside_window", None),
    (facts(WHY.DAMAGED, KIND.EXCHANGE), "QL-7", "exchange", "damage_verified", 9900),
    (facts(WHY.DEFECTIVE), "QL-11", "return_first", "defect_verified", 9900),
    (facts(WHY.DEFECTIVE, lines_refundable=2000), "AM-2", "refund_without_return", "low_value", 2000),
    (facts(WHY.DEFECTIVE, KIND.RETURN_FIRST, goods_back=True), "QL-6", "full", "goods_returned", 9900),
    (facts(WHY.MISSING_ITEM, images=0), "EV-4", "more_information", "waybill_needed", None),
    (facts(WHY.MISSING_ITEM, KIND.SEND_AGAIN), "QL-8", "replacement", "missing_verified", 9900),
    (facts(WHY.SPOILED, days_since_delivery=2), "QL-2", "refund_without_return", "spoiled_verified", 9900),
    (facts(WHY.SPOILED, days_since_delivery=3), "QL-3", "decline", "outside_window", None),
    (facts(WHY.COUNTERFEIT, images=1), "EV-5", "more_information", "photos_needed", None),
    (facts(WHY.COUNTERFEIT), "QL-4", "return_first", "not_genuine", 9900),
    (facts(WHY.CHANGED_MIND, KIND.RETURN_FIRST, days_since_delivery=7), "RW-6", "return_first", "within_window", 9900),
    (facts(WHY.CHANGED_MIND, KIND.RETURN_FIRST, days_since_delivery=8), "RW-8", "decline", "outside_window", None),
    (facts(WHY.CHANGED_MIND, made_to_order=True), "RW-2", "decline", "made_to_order_excluded", None),
    (facts(WHY.CHANGED_MIND, days_since_delivery=None), "RW-9", None, None, None),
    (facts(WHY.CANCELLED_BEFORE_SHIPPING, shipped=False, **NOT_THERE), "RW-1", "full", "not_shipped", 9900),
    (facts(WHY.NOT_RECEIVED), "DL-1", "escalate", "delivery_disputed", None),
    (facts(WHY.NOT_RECEIVED, **NOT_THERE), "DL-3", "more_information", "parcel_on_its_way", None),
    (facts(WHY.NOT_RECEIVED, days_since_order=15, **NOT_THERE), "DL-5", "full", "not_received_verified", 9900),
    (facts(WHY.LATE, shipping=1200), "DL-6", "coupon", "delivery_late", 1200),
    (facts(WHY.DUPLICATE_CHARGE, payments=2, requested=20_000), "CH-1", "full", "duplicate_charge_verified", 20_000),
    (facts(WHY.DUPLICATE_CHARGE), "CH-2", "more_information", "statement_needed", None),
    (facts(WHY.OVERCHARGED, requested=300), "CH-4", "partial", "overcharge_verified", 300),
    (facts(WHY.UNAUTHORISED), "EV-6", "hold", "identity_check", None),
    (facts(WHY.PRICE_DIFFERENCE, requested=1500), "PR-1", "price_difference", "price_protection", 1500),
    (facts(WHY.PRICE_DIFFERENCE, days_since_order=16), "PR-2", "decline", "outside_window", None),
    (facts(WHY.OTHER), "", None, None, None),
]


@pytest.mark.parametrize(
    ("given", "clause", "decision", "reason", "amount"), GOLDEN, ids=[f"{row[1]}-{n}" for n, row in enumerate(GOLDEN)]
)
def test_the_advice(
    book: PolicyBook, given: PolicyFacts, clause: str, decision: str | None, reason: str | None, amount: int | None
) -> None:
    advice = book.advise(given, NOW)
    assert (advice.clause, advice.decision, advice.reason, advice.amount) == (clause, decision, reason, amount)
    assert advice == book.advise(given, NOW)


def test_every_clause_has_its_words(book: PolicyBook) -> None:
    register = policies.standard_content()["register"]["clauses"]
    for key in register:
        clause = book.clause(key)
        assert clause is not None
        for texts in (clause.internal, clause.public):
            assert texts["zh"]
            assert texts["en"]
            assert texts["zh"] != texts["en"]
    assert book.clause("XX-9") is None


def test_the_public_text_of_a_hold_tells_no_reason(book: PolicyBook) -> None:
    for key in ("RF-2", "RF-3", "EV-6"):
        clause = book.clause(key)
        assert clause is not None
        said = clause.public["zh"] + clause.public["en"]
        assert not any(word in said for word in ("风控", "争议", "欺诈", "risk", "dispute", "fraud"))


def test_the_trace_says_what_was_looked_at_and_why_the_better_clause_was_missed(book: PolicyBook) -> None:
    advice = book.advise(facts(WHY.CHANGED_MIND, KIND.RETURN_FIRST, days_since_delivery=8), NOW)
    seen = {(held.clause, held.field): (held.saw, held.wanted, held.held) for held in advice.trace}
    assert seen["RW-8", "days_since_delivery"] == (8, "> 7", True)
    assert seen["RW-6", "days_since_delivery"] == (8, "<= 7", False)
    assert all(held.held for held in advice.trace if held.clause == advice.clause)
    enough = book.advise(facts(WHY.DAMAGED), NOW)
    assert ("EV-1", 2, False) in [(held.clause, held.saw, held.held) for held in enough.trace]


def test_a_conflict_about_money_is_missing_and_asks_finance_without_settling_anything(book: PolicyBook) -> None:
    advice = book.advise(facts(WHY.DAMAGED, money_conflict=True), NOW)
    assert advice.decision is Decision.FULL
    assert advice.clauses == ("RF-3", "QL-10")
    assert advice.missing == ("missing.systems_agree",)
    assert advice.ask == (Role.FINANCE,)


def test_what_is_missing_has_words(book: PolicyBook) -> None:
    words = load_catalogue("zh")
    for given, *_ in GOLDEN:
        advice = book.advise(given, NOW)
        assert all(code in words for code in advice.missing)
        assert advice.reason is None or f"decision_reason.{advice.reason}" in words


def test_every_advice_is_a_decision_the_process_knows_for_that_kind(book: PolicyBook) -> None:
    """Over reasons, kinds and days: no advice that a reviewer could not follow."""
    process = process_book.standard()
    for reason in Reason:
        for kind in RequestKind:
            for days in (1, 7, 20, 40, None):
                for back in (False, True):
                    advice = book.advise(facts(reason, kind, days_since_delivery=days, goods_back=back), NOW)
                    if advice.decision is not None:
                        rule = process.decisions[advice.decision]
                        assert kind in rule.kinds, (reason, kind, advice.clause)
                        assert advice.reason in rule.reasons, (reason, kind, advice.clause)


def test_no_amount_is_above_what_may_go_back() -> None:
    given = facts(WHY.DAMAGED, requested=30_000, refundable=7000, lines_refundable=9900, shipping=8000)
    assert [amount_for(basis, given) for basis in Basis] == [None, 7000, 7000, 7000, 7000]
    assert amount_for(Basis.LINES, facts(WHY.DAMAGED, lines_refundable=None)) == 20_000


def test_zen_asked_for_a_whole_table_gives_the_same_row(book: PolicyBook) -> None:
    dice = random.Random(20261120)
    table_rows = set()
    for _ in range(400):
        values = {**_any_facts(dice).values(), "decision": dice.choice([None, *Decision]), "advised": "goodwill"}
        for table in book._book(NOW).tables:
            trace = table.decision.evaluate(dict(values), {"trace": True})["trace"][table.policy]["traceData"]
            wanted = trace["index"] if trace else None
            assert next((n for n, row in enumerate(table.rows) if row.fits(values)), None) == wanted, values
            table_rows.add((table.policy, wanted))
    assert len(table_rows) > 25, "the dice met too few rows to say anything"


def _any_facts(dice: random.Random) -> PolicyFacts:
    """Facts of any kind, a quarter of the numbers unknown."""

    def number(most: int) -> int | None:
        return None if dice.random() < 0.25 else dice.randint(0, most)

    flags = ("perishable", "made_to_order", "shipped", "delivered", "goods_back", "disputed", "conflict", "appeal")
    changed: dict[str, Any] = {name: dice.random() < 0.3 for name in flags}
    changed |= {name: number(200) for name in ("days_since_order", "days_since_delivery")}
    changed |= {name: number(300_000) for name in ("requested", "paid", "lines_refundable")}
    changed |= {"refundable": dice.randint(0, 300_000), "images": dice.randint(0, 4), "payments": dice.randint(0, 2)}
    changed["already_refunded"] = dice.choice([0, 0, dice.randint(1, 90_000)])
    return facts(dice.choice(list(Reason)), dice.choice(list(RequestKind)), **changed)


def test_the_book_in_force_is_that_of_the_date() -> None:
    content = copy.deepcopy(policies.standard_content())
    later = copy.deepcopy(content["register"]["books"][0])
    later |= {"version": "2027.1", "effective": "2027-01-01T00:00:00+08:00"}
    for table in later["tables"]:
        if table["policy"] == "windows":
            table["file"] = "windows-2027.json"
    changed = copy.deepcopy(content["tables"]["windows.json"])
    rules = changed["nodes"][1]["content"]["rules"]
    for rule in rules:
        if rule["out_clause"] == "'RW-6'":
            rule["in_days_since_delivery"] = "<= 14"
    content["tables"]["windows-2027.json"] = changed
    content["register"]["books"].append(later)
    both = policies.read(content)
    given = facts(WHY.CHANGED_MIND, KIND.RETURN_FIRST, days_since_delivery=10)
    eve = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)  # a second before midnight in +08:00
    assert both.advise(given, eve).decision is Decision.DECLINE
    assert both.advise(given, eve + timedelta(seconds=1)).decision is Decision.RETURN_FIRST
    assert both.version_at(eve) == policies.standard().version_at(eve)
    assert both.version_at(eve) != both.version_at(eve + timedelta(seconds=1))
    with pytest.raises(Invalid, match="none_in_force"):
        both.advise(given, datetime(2020, 1, 1, tzinfo=UTC))


def test_several_threads_get_the_same_advice(book: PolicyBook) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda row: book.advise(row[0], NOW), GOLDEN * 3))
    assert answers == [book.advise(row[0], NOW) for row in GOLDEN] * 3


Change = Callable[[dict[str, Any]], object]


def _content(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["tables"]["evidence.json"]["nodes"][1]["content"]
    return found


def _rule(key: str, text: str) -> Change:
    return lambda content: _content(content)["rules"][0].__setitem__(key, text)


FUNCTION = {"id": "f", "name": "f", "type": "functionNode", "content": "export const handler = () => ({})"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: c["tables"]["evidence.json"]["nodes"].append(FUNCTION), "policy.node_refused"),
        (lambda c: c["tables"]["evidence.json"]["nodes"].pop(), "policy.not_one_table"),
        (lambda c: _content(c).__setitem__("hitPolicy", "collect"), "policy.hit_policy"),
        (lambda c: _content(c)["inputs"][1].__setitem__("field", "imagse"), "policy.unknown_field"),
        (lambda c: _content(c)["outputs"].pop(), "policy.outputs"),
        (_rule("in_images", "< < 1"), "policy.not_readable"),
        (_rule("in_reason", "'damagd'"), "file.unknown_word"),
        (_rule("out_clause", "'EV-99'"), "policy.clause_unknown"),
        (_rule("out_clause", "'RW-1'"), "policy.clause_unknown"),
        (_rule("out_decision", "'shrug'"), "file.unknown_word"),
        (_rule("out_reason", "'within_window'"), "policy.reason_does_not_fit"),
        (_rule("out_basis", "'all'"), "file.unknown_word"),
        (_rule("out_ask", "['king']"), "file.unknown_word"),
        (lambda c: c["register"]["clauses"]["EV-1"]["public"].pop("zh"), "file.not_text"),
        (lambda c: c["register"]["clauses"].pop("EV-1"), "policy.clause_unknown"),
        (lambda c: c["register"]["books"][0].__setitem__("effective", "2026-01-01"), "file.not_time"),
        (lambda c: c["register"]["books"].clear(), "file.missing"),
    ],
)
def test_a_table_that_would_go_wrong_in_silence_is_refused(change: Change, code: str) -> None:
    content = copy.deepcopy(policies.standard_content())
    change(content)
    with pytest.raises(Invalid, match="invalid_file") as refused:
        policies.read(content)
    codes = {problem["code"] for problem in refused.value.params["problems"]}
    assert code in codes
    assert all(f"error.{each}" in load_catalogue("en") for each in codes)
