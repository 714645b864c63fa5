"""The names of what differs between two sides: of a pair that doesn't come out, and of lines nobody answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from refund_desk.domain.reconciliation import BreakKind, Check, Entry, Kind, State
from refund_desk.domain.reconciliation_customers import customer_points
from refund_desk.domain.reconciliation_pairs import Pair, Pairing
from refund_desk.domain.reconciliation_references import alike
from refund_desk.domain.reconciliation_scores import Lag

GRACE = timedelta(days=1)
"""A line that only the right side has may still be on its way to the left."""
AGAIN = timedelta(days=7)
"""How soon after the first a second line of the same customer and amount is the same thing twice."""
_STEADY = timedelta(hours=1)
_NEVER_LATE = frozenset({Check.CREDIT_NOTES, Check.STOCK})


@dataclass(frozen=True, slots=True)
class Named:
    """A break by places in a pairing's sides."""

    kind: BreakKind
    left: tuple[int, ...]
    right: tuple[int, ...]
    minor: int
    currency: str
    at: datetime


def name_breaks(pairing: Pairing, known: Mapping[str, Lag], as_of: datetime) -> Iterator[Named]:
    """Breaks of all pairs, then of the left side's free lines, then of the right side's."""
    strays = list(_missing_here(pairing, as_of))
    twice = {one.right[0] for one in strays if one.kind is BreakKind.DUPLICATE}
    never_late = pairing.check in _NEVER_LATE
    soon = min(pairing.amounts.rules.promise(pairing.check, kind) for kind in (Kind.PAYMENT, Kind.REFUND))
    for pair in pairing.pairs:
        mine, theirs, gap = pairing.left[pair.left[0]], pairing.right[pair.right[0]], pair.gap
        fine = mine.state is theirs.state and not gap.difference and not gap.currency_differs
        # Nearly every pair is fine and in time; it costs no more than this line.
        if fine and (never_late or (len(pair.left) == len(pair.right) == 1 and theirs.at - mine.at <= soon)):
            continue
        found = _of_pair(pairing, pair, known, as_of)
        # Of two that are the same, either may be the one too many: that one came late is no second break.
        if found is not None and not (found.kind is BreakKind.LATE and pair.right[0] in twice):
            yield found
    yield from _missing_there(pairing, as_of)
    yield from strays


def waiting(pairing: Pairing, as_of: datetime) -> list[int]:
    """Places of the left side whose answer isn't due yet."""
    return [place for place in pairing.open_left(State.DONE) if _due(pairing, pairing.left[place]) >= as_of]


def _due(pairing: Pairing, entry: Entry) -> datetime:
    return entry.at + pairing.amounts.rules.promise(pairing.check, entry.kind)


def _of_pair(pairing: Pairing, pair: Pair, known: Mapping[str, Lag], as_of: datetime) -> Named | None:
    mine, theirs = pairing.left[pair.left[0]], pairing.right[pair.right[0]]
    gap = pair.gap

    def named(kind: BreakKind, minor: int, at: datetime) -> Named:
        return Named(kind, pair.left, pair.right, minor, gap.currency, at)

    if mine.state is not theirs.state and _states_differ(pairing, mine, theirs, as_of):
        return named(BreakKind.STATE, pairing.amounts.gross(mine), theirs.at)
    if gap.currency_differs:
        return named(BreakKind.CURRENCY, theirs.minor, theirs.at)
    if gap.difference:
        kind = BreakKind.OVER if gap.difference > 0 else BreakKind.UNDER
        return named(kind, abs(gap.difference), theirs.at)
    if pairing.check not in _NEVER_LATE and theirs.at > mine.at and _late(pairing, pair, known):
        return named(BreakKind.LATE, pairing.amounts.gross(mine), _due(pairing, mine))
    return None


def _states_differ(pairing: Pairing, mine: Entry, theirs: Entry, as_of: datetime) -> bool:
    """One side is through and the other isn't; something still under way has its promised time."""
    states = {mine.state, theirs.state}
    if State.DONE not in states:
        return False
    return State.FAILED in states or max(_due(pairing, mine), _due(pairing, theirs)) < as_of


def _late(pairing: Pairing, pair: Pair, known: Mapping[str, Lag]) -> bool:
    mine = max((pairing.left[place] for place in pair.left), key=lambda entry: entry.at)
    theirs = max((pairing.right[place] for place in pair.right), key=lambda entry: entry.at)
    lag = known.get(theirs.source)
    off = lag.usual if lag is not None and lag.spread <= _STEADY else timedelta(0)
    return theirs.at - off > _due(pairing, mine)


def _missing_there(pairing: Pairing, as_of: datetime) -> Iterator[Named]:
    kind = BreakKind.CREDIT_NOTE_DUE if pairing.check is Check.CREDIT_NOTES else BreakKind.MISSING_THERE
    for place in pairing.open_left(State.DONE):
        entry = pairing.left[place]
        if _due(pairing, entry) < as_of:
            yield Named(kind, (place,), (), pairing.amounts.gross(entry), entry.currency, _due(pairing, entry))


# ---------------------------------------------------------------- lines that only the other side has


def _missing_here(pairing: Pairing, as_of: datetime) -> Iterator[Named]:
    free = pairing.open_right(State.DONE)
    if not free:
        return
    again = _Again(pairing)
    for place in free:
        entry = pairing.right[place]
        first = again.first_of(place)
        if first is not None:
            kind, left, right = BreakKind.DUPLICATE, first.left, (*first.right, place)
        elif entry.at + GRACE < as_of:
            kind, left, right = BreakKind.MISSING_HERE, (), (place,)
        else:
            continue
        yield Named(kind, left, right, pairing.amounts.gross(entry), entry.currency, entry.at)


class _Again:
    """Finds the matched line that a free one repeats."""

    def __init__(self, pairing: Pairing) -> None:
        self._p = pairing
        self._by_amount: dict[tuple[str, str, int], list[Pair]] = {}
        self._by_name: dict[str, Pair] = {}
        for pair in pairing.pairs:
            for place in pair.right:
                entry = pairing.right[place]
                key = (entry.source, entry.currency, pairing.amounts.gross(entry))
                self._by_amount.setdefault(key, []).append(pair)

    def first_of(self, place: int) -> Pair | None:
        entry = self._p.right[place]
        slack, gross = self._p.amounts.slack(entry.currency), self._p.amounts.gross(entry)
        best: tuple[int, Pair] | None = None
        for minor in range(gross - slack, gross + slack + 1):
            for pair in self._by_amount.get((entry.source, entry.currency, minor), ()):
                speaks = self._speaks(pair, entry)
                if speaks > 0 and (best is None or speaks > best[0]):
                    best = speaks, pair
        return best[1] if best else None

    def _speaks(self, pair: Pair, entry: Entry) -> int:
        """How much says that this is the pair's right line once more; 0 for nothing."""
        first = self._p.right[pair.right[0]]
        named = [ref for place in pair.left for ref in (self._p.left[place].id, *self._p.left[place].refs)]
        points = max((alike(ref, own) for ref in entry.refs for own in (*named, *first.refs)), default=0)
        mine = self._p.left[pair.left[0]]
        same = any(customer_points(one.account, one.name, entry.account, entry.name) > 0 for one in (first, mine))
        if points >= 35:
            return points + (20 if same else 0)
        soon = abs(entry.at - first.at) <= AGAIN
        return 10 if points >= 0 and same and soon else 0
