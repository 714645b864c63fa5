"""The 620 cancellations of a real shop against its sales, and how well that is done where the truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from refund_desk.domain.reconciliation_goods import match_returns
from tests.converters.uci_online_retail import rows
from tests.reconciliation import uci


def test_precision_and_recall_of_cancellations_where_the_truth_is_known() -> None:
    right = found = true = classed = lines = 0
    for seed in range(8):
        known = uci.like_it(seed)
        matches, breaks = match_returns(known.entries, uci.RULES)
        names = [entry.id for entry in known.entries]
        place = {name: number for number, name in enumerate(names)}
        of = {names[match.left[0]]: {names[p] for p in match.right} for match in matches}
        got = uci.classes(known.entries, matches, breaks)
        for name, (kind, sales) in known.truth.items():
            mine = of.get(name, set())
            right, found, true = right + len(mine & sales), found + len(mine), true + len(sales)
            classed, lines = classed + (got[place[name]] == kind), lines + 1
    print(f"links: precision {right / found:.2%}, recall {right / true:.2%}; classes {classed / lines:.2%} of {lines}")
    assert right / true >= 0.90
    assert classed / lines >= 0.93


def test_every_cancelled_line_of_the_real_set_gets_a_class(shared_set: Callable[[str], Path]) -> None:
    root = shared_set("uci_online_retail")
    entries = list(uci.read(root))
    matches, breaks = match_returns(entries, uci.RULES)
    got = uci.classes(entries, matches, breaks)
    lines = [(p, e) for p, e in enumerate(entries) if e.batch]
    assert len({entry.batch for _, entry in lines}) == 620
    assert len(lines) == len(got) == 1_504
    print(Counter(got.values()).most_common())
    first = Counter(row["match_class"] for row in rows(root / "cancellations_with_match_class.csv"))
    assert sum(first.values()) == len(lines)
    linked = sum(1 for p, _ in lines if got[p].startswith("sale"))
    assert linked >= first["exact_full_line"] + first["partial_line"]
