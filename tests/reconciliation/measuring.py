"""The matcher on generated sets: recall and precision of breaks, wrong links, lines a second."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from refund_desk.domain.reconciliation import Outcome
from refund_desk.domain.reconciliation_run import reconcile
from tests.reconciliation import rows as r
from tests.reconciliation.generator import make
from tests.reconciliation.reading import entries, key, rules
from tests.reconciliation.score import Score, judge

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Measured:
    """One seed. exact: links by exact reference; wrong: those the truth doesn't have; twins: those of the wrong that
    nobody could tell from the right ones, same customer, amount and currency within two days."""

    seed: int
    lines: int
    seconds: float
    score: Score
    exact: int
    wrong: int
    twins: int

    def line(self) -> str:
        return (
            f"seed {self.seed:>7}  lines {self.lines:>7,}  recall {self.score.recall:7.2%}  precision"
            f" {self.score.precision:7.2%}  exact links {self.exact:,}, wrong {self.wrong} ({self.twins} twins)"
            f"  {self.lines / self.seconds:,.0f} lines/s"
        )


def measure(seed: int, payments: int) -> Measured:
    """Generate, match, judge. seconds: processor time of the matching alone."""
    sample = make(seed, payments)
    lines, settled = entries(sample), rules(sample)
    begun = time.process_time()
    outcome = reconcile(lines, settled, r.AS_OF)
    took = time.process_time() - begun
    names = [key(entry) for entry in outcome.entries]
    found = [(b.kind.value, frozenset(names[p] for p in b.left + b.right)) for b in outcome.breaks]
    score = judge(sample.truth, found, _links(outcome, names, None))
    exact = set(_links(outcome, names, "reference"))
    wrong = exact - set().union(*sample.truth.links.values())
    by_key = {row.key: row for row in sample.rows}
    twins = sum(_has_twin(pair, sample, by_key) for pair in wrong)
    return Measured(seed, len(lines), took, score, len(exact), len(wrong), twins)


def _links(outcome: Outcome, names: list[str], code: str | None) -> Iterable[Pair]:
    for match in outcome.matches:
        if code is None or match.code == code:
            yield from product([names[p] for p in match.left], [names[p] for p in match.right])


def _has_twin(pair: Pair, sample: r.Sample, by_key: dict[str, r.Row]) -> bool:
    """Whether the right partner is there and looks the same."""
    true = {a: b for links in sample.truth.links.values() for a, b in links} | {
        b: a for links in sample.truth.links.values() for a, b in links
    }
    for mine, theirs in (pair, pair[::-1]):
        right = true.get(mine)
        if right is None or theirs not in by_key:
            continue
        one, other = by_key[right], by_key[theirs]
        near = abs((one.at - other.at).days) <= 2
        if near and one.currency == other.currency and abs(_gross(one) - _gross(other)) <= 5:
            return True
    return False


def _gross(row: r.Row) -> int:
    if row.kind == "payment" and row.system in r.TARIFF:
        return row.amount + (row.amount * r.TARIFF[row.system][0] + 5_000) // (10_000 - r.TARIFF[row.system][0])
    return row.amount + (row.fee or 0) if row.kind == "payment" and row.system in (*r.NET, "ledger") else row.amount
