"""One to many and many to one: what is missing from a pair that doesn't come out, and lines that are sums of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import combinations

from refund_desk.domain.reconciliation import Entry, Point, State
from refund_desk.domain.reconciliation_amounts import Gap
from refund_desk.domain.reconciliation_customers import other_name
from refund_desk.domain.reconciliation_pairs import SUMS_UP, Pair, Pairing
from refund_desk.domain.reconciliation_references import tails
from refund_desk.domain.reconciliation_scores import Alike, Lag, Near

MOST = 10
"""How many lines of a customer are tried together; more, and any sum could be found."""
PARTS = 4
"""The most lines that make one."""

_SOON, _TOGETHER = timedelta(hours=1), timedelta(days=4)
_BY_CUSTOMER = Point("customer_same", 25)


def sum_up_named(pairing: Pairing, named: Alike) -> None:
    """Several free lines there that name one here, however garbled, and come to its amount."""
    for here, theres in named.items():
        places = [there for there, _ in theres if pairing.right_free[there]]
        mine = pairing.left[here]
        if (
            pairing.left_free[here]
            and len(places) > 1
            and all(pairing.amounts.gap(mine, pairing.right[there]).term is None for there in places)
        ):
            found = _make(pairing, pairing.right, places, pairing.amounts.gross(mine), mine)
            if len(found) > 1 and all(pairing.may(here, there) for there in found):
                terms = (Point("reference_alike", 52), SUMS_UP)
                pairing.take(Pair("sum", (here,), found, terms, Gap(SUMS_UP, 0, mine.currency)))


def complete_sums(pairing: Pairing, known: Mapping[str, Lag]) -> None:
    """Fill up pairs that don't come out, then look for sums among what is free, on either side."""
    fill_up_pairs(pairing, known)
    free = _Free(pairing, known)
    for there in pairing.open_right(State.DONE):
        theirs = pairing.right[there]
        some = [place for place in free.left(theirs) if pairing.may(place, there)]
        found = _make(pairing, pairing.left, some, pairing.amounts.gross(theirs), theirs) if len(some) > 1 else ()
        if len(found) > 1:
            _take_sum(pairing, found, (there,))
    for here in pairing.open_left(State.DONE):
        mine = pairing.left[here]
        some = [place for place in free.right(mine) if pairing.may(here, place)]
        found = _make(pairing, pairing.right, some, pairing.amounts.gross(mine), mine) if len(some) > 1 else ()
        if len(found) > 1:
            _take_sum(pairing, (here,), found)
    _sums_of_accounts(pairing, free)


def _take_sum(pairing: Pairing, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    gap = Gap(SUMS_UP, 0, pairing.right[right[0]].currency)
    pairing.take(Pair("sum", left, right, (_BY_CUSTOMER, SUMS_UP), gap))


def fill_up_pairs(pairing: Pairing, known: Mapping[str, Lag]) -> None:
    """More lines for the pairs that don't come out, where some make the difference exactly."""
    free: _Free | None = None
    for place, pair in enumerate(pairing.pairs):
        if pair.gap.term is None and pair.gap.difference and not pair.gap.currency_differs:
            free = free or _Free(pairing, known)
            filled = _fill_up(pairing, pair, free)
            if filled is not None:
                pairing.pairs[place] = filled


def _sums_of_accounts(pairing: Pairing, free: _Free) -> None:
    """Two or three lines of one account, one after the other, that a nameless line there pays to the unit."""
    accounts: dict[tuple[str, str], list[int]] = {}
    for here in pairing.open_left(State.DONE):
        if pairing.left[here].account:
            accounts.setdefault((pairing.left[here].account, pairing.left[here].currency), []).append(here)
    for (_, currency), places in accounts.items():
        for size in (2, 3):
            for start in range(len(places) - size + 1):
                some = tuple(places[start : start + size])
                last = pairing.left[some[-1]]
                if all(pairing.left_free[place] for place in some) and last.at - pairing.left[some[0]].at <= _TOGETHER:
                    there = free.nameless(currency, pairing.total(pairing.left, some), last)
                    if there is not None and all(pairing.may(here, there) for here in some):
                        _take_sum(pairing, some, (there,))


class _Free:
    """Ways to the free lines of both sides: by customer near in time, by the numbers they name, by amount."""

    def __init__(self, pairing: Pairing, known: Mapping[str, Lag]) -> None:
        self._p, self._lags = pairing, known
        lefts, rights = pairing.open_left(State.DONE), pairing.open_right(State.DONE)
        self._near_left, self._near_right = Near(pairing.left, lefts), Near(pairing.right, rights)
        self._left_tails, self._right_tails = _by_tail(pairing.left, lefts), _by_tail(pairing.right, rights)
        self._by_amount: dict[tuple[str, int], list[int]] = {}
        for place in rights:
            entry = pairing.right[place]
            self._by_amount.setdefault((entry.currency, pairing.amounts.gross(entry)), []).append(place)

    def left(self, *beside: Entry) -> list[int]:
        """Free places here that the lines name, or that are of their customer."""
        usual = self._lags.get(beside[-1].source, Lag()).usual
        some = [p for one in beside for p in _meant(self._left_tails, one)]
        some += [p for one in beside for p in self._near_left.of(one, usual if one is beside[-1] else timedelta(0))]
        return [place for place in dict.fromkeys(some) if self._p.left_free[place]]

    def right(self, mine: Entry) -> list[int]:
        """Free places there that name a line, or are of its customer."""
        some = [*_meant(self._right_tails, mine), *self._near_right.of(mine)]
        return [place for place in dict.fromkeys(some) if self._p.right_free[place]]

    def rest(self, minor: int, beside: Entry, mine: Entry) -> tuple[int, ...]:
        """The one free line there that makes a pair whole, of the same source and within the hour."""
        some = [
            place
            for place in self._by_amount.get((beside.currency, minor), ())
            if self._p.right_free[place]
            and self._p.right[place].source == beside.source
            and abs(self._p.right[place].at - beside.at) <= _SOON
            and not other_name(mine.name, self._p.right[place].name)
        ]
        return (some[0],) if len(some) == 1 else ()

    def nameless(self, currency: str, minor: int, last: Entry) -> int | None:
        """The one free line there of an amount that names nobody, soon after a line here."""
        some = [
            place
            for place in self._by_amount.get((currency, minor), ())
            if self._p.right_free[place]
            and not self._p.right[place].name
            and not self._p.right[place].account
            and -timedelta(days=1) <= self._p.right[place].at - last.at <= _TOGETHER
        ]
        return some[0] if len(some) == 1 else None


def _by_tail(side: list[Entry], places: Iterable[int]) -> Mapping[str, list[int]]:
    """Places by the last digits of the numbers they name."""
    found: dict[str, list[int]] = {}
    for place in places:
        for text in (side[place].id, *side[place].refs):
            for tail in tails(text):
                found.setdefault(tail, []).append(place)
    return found


def _meant(by_tail: Mapping[str, list[int]], beside: Entry) -> list[int]:
    return [place for ref in beside.refs for tail in tails(ref) for place in by_tail.get(tail, ())]


def _fill_up(pairing: Pairing, pair: Pair, free: _Free) -> Pair | None:
    """More lines of the same customer or reference that make the difference exactly."""
    mine, theirs = pairing.left[pair.left[0]], pairing.right[pair.right[0]]
    left, right = list(pair.left), list(pair.right)
    if pair.gap.difference > 0:
        found = _make(pairing, pairing.left, free.left(mine, theirs), pair.gap.difference, theirs, 1)
        left += found
    else:
        found = _make(pairing, pairing.right, free.right(mine), -pair.gap.difference, theirs, 1)
        found = found or free.rest(-pair.gap.difference, theirs, mine)
        right += found
    if not found or not all(pairing.may(here, there) for here in left for there in right):
        return None
    for place in left:
        pairing.left_free[place] = 0
    for place in right:
        pairing.right_free[place] = 0
    return Pair(
        "sum", tuple(left), tuple(right), (pair.terms[0], SUMS_UP, *pair.terms[2:]), Gap(SUMS_UP, 0, theirs.currency)
    )


def _make(
    pairing: Pairing, side: list[Entry], places: list[int], minor: int, beside: Entry, before: int = 0
) -> tuple[int, ...]:
    """The fewest lines near in time that sum up to an amount; () where none do. before: lines rounded already."""
    reach, slack = pairing.amounts.rules.reach / 4, pairing.amounts.slack(beside.currency)
    near = [p for p in places if side[p].currency == beside.currency and abs(side[p].at - beside.at) <= reach]
    near = sorted(near, key=lambda place: (abs(side[place].at - beside.at), place))[:MOST]
    for size in range(1, PARTS):
        for some in combinations(near, size):
            if abs(pairing.total(side, some) - minor) <= slack * (size + before):
                return some
    return ()
