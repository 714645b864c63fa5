"""How well somebody did on a set whose truth is known. Knows nothing of how it was done.

A break that was found is right if a true one of the same kind has a row in common and nobody claimed it
before: twice the same break is one right and one wrong. A link is right if the truth has that pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.reconciliation.rows import KINDS, TrueBreak, Truth

Found = tuple[str, frozenset[str]]
"""(kind of break, keys of its rows)."""


@dataclass(slots=True)
class Score:
    """right, missed, wrong by kind of break; links found, and those of them that the truth doesn't have."""

    right: Counter[str] = field(default_factory=Counter)
    missed: list[TrueBreak] = field(default_factory=list)
    wrong: list[Found] = field(default_factory=list)
    links: int = 0
    wrong_links: list[tuple[str, str]] = field(default_factory=list)
    true_links: int = 0

    @property
    def recall(self) -> float:
        return self.right.total() / max(1, self.right.total() + len(self.missed))

    @property
    def precision(self) -> float:
        return self.right.total() / max(1, self.right.total() + len(self.wrong))

    @property
    def link_recall(self) -> float:
        return (self.links - len(self.wrong_links)) / max(1, self.true_links)

    def table(self) -> str:
        """One line a kind: right, missed, wrong."""
        missed, wrong = Counter(one.kind for one in self.missed), Counter(kind for kind, _ in self.wrong)
        return "\n".join(f"{kind:20} {self.right[kind]:5} {missed[kind]:5} {wrong[kind]:5}" for kind in KINDS)


def judge(truth: Truth, found: Iterable[Found], links: Iterable[tuple[str, str]] = ()) -> Score:
    """links: pairs of keys, either way round, of any comparison that the truth has links for."""
    score, by_row = Score(), dict[tuple[str, str], list[int]]()
    for number, one in enumerate(truth.breaks):
        for row in one.rows:
            by_row.setdefault((one.kind, row), []).append(number)
    claimed: set[int] = set()
    for kind, rows in found:
        open_ = sorted({n for row in rows for n in by_row.get((kind, row), ()) if n not in claimed})
        if open_:
            claimed.add(open_[0])
            score.right[kind] += 1
        else:
            score.wrong.append((kind, rows))
    score.missed = [one for number, one in enumerate(truth.breaks) if number not in claimed]
    true = set().union(*truth.links.values()) if truth.links else set()
    given = set(links)
    score.links, score.true_links = len(given), len(true)
    score.wrong_links = [pair for pair in given if pair not in true and (pair[1], pair[0]) not in true]
    return score
