"""The generated sets themselves: the same each time, every kind of break, and sums that are true."""

from __future__ import annotations

import ast
from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.reconciliation import rows as r
from tests.reconciliation.generator import PLAN, make
from tests.reconciliation.score import judge

SMALL = 3_000


def test_the_same_seed_gives_the_same_set_and_another_gives_another() -> None:
    first, again, other = make(3, 800), make(3, 800), make(4, 800)
    assert first.rows == again.rows
    assert first.truth == again.truth
    assert first.rows != other.rows


def test_every_kind_of_break_is_there_and_names_rows_that_are() -> None:
    sample = make(17, SMALL)
    assert {one.kind for one in sample.truth.breaks} == set(r.KINDS)
    assert {plant.kind for plant in PLAN} <= set(r.KINDS)
    keys = Counter(row.key for row in sample.rows)
    assert max(keys.values()) == 1
    for one in sample.truth.breaks:
        assert one.rows & set(keys), one


def test_the_generator_and_its_truth_import_nothing_of_the_product() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        if path.name in ("rows.py", "noise.py", "world.py", "generator.py", "chains.py", "returns.py", "payouts.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
                assert not any(name.startswith("refund_desk") for name in names), path


def test_payouts_are_the_sum_of_what_they_pay() -> None:
    sample = make(101, SMALL)
    by_key = {row.key: row for row in sample.rows}
    broken = {key for one in sample.truth.breaks if one.check == "gateway_bank" for key in one.rows}
    members: dict[str, list[r.Row]] = {}
    for row, line in sample.truth.links["gateway_bank"]:
        members.setdefault(line, []).append(by_key[row])
    whole = 0
    for line, some in members.items():
        if line in broken or by_key[line].at + timedelta(days=1) > r.AS_OF or some[0].system == "pay-c":
            continue
        money = sum(_net(row) for row in some)
        assert money == by_key[line].amount, line
        whole += 1
    assert whole > 100


def _net(row: r.Row) -> int:
    if row.kind == "refund":
        return -row.amount
    return row.amount if row.system in r.NET else row.amount - (row.fee or 0)


def test_the_noise_is_in_the_rows() -> None:
    sample = make(2_026, SMALL)
    orders = {row.refs[0] for row in sample.rows if row.system == "shop" and row.kind == "payment"}
    gateway = [row for row in sample.rows if row.kind == "payment" and row.system.startswith("pay-")]
    exact = sum(1 for row in gateway if row.refs and row.refs[0] in orders) / len(gateway)
    blank = sum(1 for row in gateway if not row.refs) / len(gateway)
    assert 0.5 < exact < 0.85
    assert 0.03 < blank < 0.1
    amounts = Counter((row.amount, row.currency, row.at.date()) for row in gateway)
    assert sum(1 for count in amounts.values() if count > 1) > 50


def test_the_judge_counts_a_break_once() -> None:
    truth = r.Truth({"x": {("a", "b")}}, [r.TrueBreak("over", "x", frozenset({"a", "b"}))])
    score = judge(
        truth, [("over", frozenset({"a"})), ("over", frozenset({"b"})), ("late", frozenset({"a"}))], [("b", "a")]
    )
    assert score.right == {"over": 1}
    assert len(score.wrong) == 2
    assert score.recall == 1.0
    assert not score.wrong_links
    assert judge(truth, [], [("a", "c")]).recall == 0.0
