"""The matcher judged on sets whose truth was written before it; small ones here, the whole of it in the bench."""

from __future__ import annotations

from random import Random

from refund_desk.domain.reconciliation_run import reconcile
from tests.reconciliation import rows as r
from tests.reconciliation.generator import SEEDS, make
from tests.reconciliation.measuring import measure
from tests.reconciliation.reading import entries, rules

SMALL = 3_000


def test_breaks_are_found_and_named_on_all_seeds() -> None:
    measured = [measure(seed, SMALL) for seed in SEEDS]
    for one in measured:
        print(one.line())
    right = sum(one.score.right.total() for one in measured)
    missed = sum(len(one.score.missed) for one in measured)
    wrong = sum(len(one.score.wrong) for one in measured)
    assert right / (right + missed) >= 0.98
    assert right / (right + wrong) >= 0.98
    assert sum(one.wrong for one in measured) == 0
    assert min(one.score.link_recall for one in measured) >= 0.99


def test_order_of_the_lines_changes_nothing() -> None:
    sample = make(5, 800)
    lines, settled = entries(sample), rules(sample)
    first = reconcile(lines, settled, r.AS_OF)
    Random(1).shuffle(lines)
    again = reconcile(lines, settled, r.AS_OF)
    assert first.matches == again.matches
    assert first.breaks == again.breaks


def test_a_planted_fault_is_seen_by_the_judge() -> None:
    """Without the ledger's lines their breaks are missed: the figures can fail."""
    sample = make(5, 2_000)
    lines = [one for one in entries(sample) if one.source != "ledger"]
    found = {b.check.value for b in reconcile(lines, rules(sample), r.AS_OF).breaks}
    assert "gateway_ledger" not in found
