"""Lines that don't name one another plainly: matched by what speaks for it, summed up, or left alone.

Who may be meant is looked up, never searched: by parts of the reference, by amount, by customer. The best pair
goes first; one that is hardly better than the next is taken only where the two can't be told apart anyway.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from refund_desk.domain.reconciliation import Check, Entry, Point, State
from refund_desk.domain.reconciliation_amounts import Gap
from refund_desk.domain.reconciliation_customers import customer_points, folded
from refund_desk.domain.reconciliation_pairs import OTHER_CURRENCY, Pair, Pairing
from refund_desk.domain.reconciliation_references import Reach, alike, tails

ENOUGH, MARGIN = 50, 6
"""The score that a match needs, and by how much it must beat the next best."""
NEAREST = 12
"""How many lines of one amount or one customer are looked at, those nearest in time."""
_MINUTES, _DAY = timedelta(minutes=10), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Lag:
    """How long after the left side a source's lines come: usually, and give or take."""

    usual: timedelta = timedelta(0)
    spread: timedelta = timedelta(hours=6)

    def points(self, took: timedelta, reach: timedelta) -> Point:
        off = abs(took - self.usual)
        if off <= 3 * self.spread + _MINUTES:
            return Point("time_usual", 20)
        if off <= 6 * self.spread + _DAY:
            return Point("time_near", 12)
        return Point("time_far", 4) if off <= reach else Point("time_out_of_reach", -40)


def lags(pairing: Pairing) -> dict[str, Lag]:
    """What the exact matches say about each source's clock and pace."""
    took: dict[str, list[float]] = {}
    for pair in pairing.pairs:
        if len(pair.left) == len(pair.right) == 1:
            right = pairing.right[pair.right[0]]
            sample = took.setdefault(right.source, [])
            if len(sample) < 2_000:
                sample.append((right.at - pairing.left[pair.left[0]].at).total_seconds())
    return {source: _lag(sample) for source, sample in took.items() if len(sample) >= 20}


def _lag(seconds: list[float]) -> Lag:
    middle = median(seconds)
    return Lag(timedelta(seconds=middle), timedelta(seconds=median(abs(one - middle) for one in seconds)))


@dataclass(frozen=True, slots=True)
class Candidate:
    score: int
    left: int
    right: int
    terms: tuple[Point, ...]
    gap: Gap


class Scores:
    """Ways from the right side to the free lines of the left one."""

    def __init__(self, pairing: Pairing, known: Mapping[str, Lag], states: tuple[State, ...]) -> None:
        self._p, self._lags = pairing, known
        places = pairing.open_left(*states)
        self._reach = Reach((place, (pairing.left[place].id, *pairing.left[place].refs)) for place in places)
        self._by_amount: dict[tuple[str, int], list[tuple[datetime, int]]] = {}
        self._by_customer: dict[str, list[tuple[datetime, int]]] = {}
        for place in sorted(places, key=lambda one: (pairing.left[one].at, one)):
            self._index(place, pairing.left[place])

    def _index(self, place: int, entry: Entry) -> None:
        amounts = self._p.amounts
        gross = amounts.gross(entry)
        keys = {(entry.currency, gross), (entry.currency, gross - amounts.fee(entry))}
        if self._p.check is Check.GATEWAY_LEDGER and entry.currency != amounts.rules.base:
            value = amounts.in_base(entry)
            keys |= {(amounts.rules.base, value)} if value is not None else set()
        for key in keys:
            self._by_amount.setdefault(key, []).append((entry.at, place))
        for name in {entry.account, folded(entry.name)} - {""}:
            self._by_customer.setdefault(name, []).append((entry.at, place))

    def candidates(self, there: int) -> Iterator[Candidate]:
        """Everything that scores enough."""
        theirs = self._p.right[there]
        meant: dict[int, int] = {}
        for ref in theirs.refs:
            for place, points in self._reach.find(ref):
                meant[place] = max(points, meant.get(place, 0))
        if len(meant) > 200:
            meant.clear()
        for place in (*self._same_amount(theirs), *self._same_customer(theirs)):
            meant.setdefault(place, 0)
        for place, points in meant.items():
            if self._p.left_free[place] and self._p.may(place, there):
                made = self._score(place, there, points)
                if made.score >= ENOUGH and (made.gap.term is not None or made.terms[0].points >= 0):
                    yield made

    def _same_amount(self, theirs: Entry) -> Iterator[int]:
        amounts = self._p.amounts
        gross, slack = amounts.gross(theirs), amounts.slack(theirs.currency)
        slack = max(slack, 2) if theirs.currency == amounts.rules.base else slack
        for about in {gross, theirs.minor, theirs.minor + (theirs.fee or 0)}:
            for minor in range(about - slack, about + slack + 1):
                yield from self._nearest(self._by_amount.get((theirs.currency, minor), []), theirs)

    def _same_customer(self, theirs: Entry) -> Iterator[int]:
        for name in {theirs.account, folded(theirs.name)} - {""}:
            yield from self._nearest(self._by_customer.get(name, []), theirs)

    def _nearest(self, some: list[tuple[datetime, int]], theirs: Entry) -> Iterable[int]:
        if len(some) <= NEAREST:
            return (place for _, place in some)
        usual = self._lags.get(theirs.source, Lag()).usual
        middle = bisect_left(some, (theirs.at - usual, 0))
        return (place for _, place in some[max(0, middle - NEAREST // 2) : middle + NEAREST // 2])

    def _score(self, here: int, there: int, by_reference: int) -> Candidate:
        mine, theirs = self._p.left[here], self._p.right[there]
        gap = self._p.amounts.gap(mine, theirs)
        customer = customer_points(mine.account, mine.name, theirs.account, theirs.name)
        lag = self._lags.get(theirs.source, Lag())
        terms = (
            _reference(mine, theirs, by_reference),
            gap.term or _off(self._p, mine, theirs, gap),
            _customer_term(customer),
            lag.points(theirs.at - mine.at, self._p.amounts.rules.reach),
        )
        return Candidate(sum(term.points for term in terms), here, there, terms, gap)


def _reference(mine: Entry, theirs: Entry, known: int) -> Point:
    points = known or max((alike(ref, own) for ref in theirs.refs for own in (mine.id, *mine.refs)), default=0)
    if points > 0:
        return Point("reference_exact" if points >= 58 else "reference_alike", points)
    return Point("reference_other" if points else "reference_none", points)


def _customer_term(points: int) -> Point:
    return Point("customer_same" if points > 0 else "customer_other" if points else "customer_unknown", points)


def _off(pairing: Pairing, mine: Entry, theirs: Entry, gap: Gap) -> Point:
    """The amount speaks against it; less where it is not far off, or the same figure in another currency."""
    if gap.currency_differs:
        same = pairing.amounts.gross(mine) == theirs.minor or theirs.minor == mine.minor
        return Point("currency_same_figure", 15) if same else OTHER_CURRENCY
    small, large = sorted((max(1, pairing.amounts.gross(mine)), max(1, pairing.amounts.gross(theirs))))
    return (
        Point("amount_near", 10 if small * 10 >= large * 9 else 0) if small * 2 >= large else Point("amount_far", -20)
    )


# ---------------------------------------------------------------- one name, garbled

Alike = dict[int, list[tuple[int, int]]]
"""By place of the left side: (place there that can only mean it, points of how it names it)."""


def names_alike(pairing: Pairing) -> Alike:
    """Free lines there whose references, however garbled, lead to one line here and no other."""
    reach = Reach(
        (place, (pairing.left[place].id, *pairing.left[place].refs))
        for place in pairing.open_left(State.DONE, State.PENDING)
    )
    found: Alike = {}
    for there in pairing.open_right(State.DONE):
        meant: dict[int, int] = {}
        for ref in pairing.right[there].refs:
            for place, points in reach.find(ref):
                meant[place] = max(points, meant.get(place, 0))
        if len(meant) == 1:
            for place, points in meant.items():
                found.setdefault(place, []).append((there, points))
    return found


def match_alike(pairing: Pairing, named: Alike) -> None:
    """Link what can only be meant, where the amounts agree and the customers may be one."""
    for here, theres in named.items():
        if len(theres) != 1:
            continue
        there, points = theres[0]
        mine, theirs = pairing.left[here], pairing.right[there]
        customer = customer_points(mine.account, mine.name, theirs.account, theirs.name)
        gap = pairing.amounts.gap(mine, theirs)
        if customer >= 0 and gap.term is not None and pairing.may(here, there):
            terms = (Point("reference_alike", points), gap.term, _customer_term(customer))
            pairing.take(Pair("reference_alike", (here,), (there,), terms, gap))


# ---------------------------------------------------------------- choosing


def match_by_score(
    pairing: Pairing, known: Mapping[str, Lag], left: tuple[State, ...], right: tuple[State, ...], named: bool = False
) -> None:
    """Best first; what could as well be another one is left alone.

    named: only what is spoken for, whichever of several: tries that failed are all alike.
    """
    scores = Scores(pairing, known, left)
    found = [one for place in pairing.open_right(*right) for one in scores.candidates(place)]
    found.sort(
        key=lambda one: (-one.score, pairing.right[one.right].at, one.right, pairing.left[one.left].at, one.left)
    )
    of_left: dict[int, list[Candidate]] = {}
    of_right: dict[int, list[Candidate]] = {}
    for one in found:
        of_left.setdefault(one.left, []).append(one)
        of_right.setdefault(one.right, []).append(one)
    for one in found:
        if pairing.left_free[one.left] and pairing.right_free[one.right]:
            rivals = () if named else (*of_left[one.left], *of_right[one.right])
            if (not named or _spoken_for(one)) and not any(_rivals(pairing, one, other) for other in rivals):
                code = "reference_alike" if one.terms[0].points >= 25 else "scored"
                pairing.take(Pair(code, (one.left,), (one.right,), one.terms, one.gap))


def _spoken_for(one: Candidate) -> bool:
    """Whether a reference says so, or amount and customer do and no reference says otherwise."""
    reference, _, customer, _ = one.terms
    return reference.points > 0 or (not reference.points and one.gap.term is not None and customer.points > 0)


def _rivals(pairing: Pairing, one: Candidate, other: Candidate) -> bool:
    """Whether another free pair is nearly as good, and not just the same thing twice."""
    if other is one or other.score <= one.score - MARGIN:
        return False
    if not (pairing.left_free[other.left] and pairing.right_free[other.right]):
        return False
    if one.terms[0].points - other.terms[0].points >= 40:
        return False  # one is named, the other isn't
    if other.right == one.right:
        return not _twins(pairing.left[one.left], pairing.left[other.left])
    return not _twins(pairing.right[one.right], pairing.right[other.right])


def _twins(one: Entry, other: Entry) -> bool:
    """Nothing that the other side says tells them apart: whichever is taken, the sums stay the same."""
    return (one.minor, one.currency, one.name) == (other.minor, other.currency, other.name)


def match_interchangeable(pairing: Pairing, known: Mapping[str, Lag]) -> None:
    """Lines that say neither whom nor what: those of one amount on both sides, in order of time.

    Which is linked to which can't be known, and changes nothing: amounts are the same.
    """
    amounts = pairing.amounts
    lefts: dict[tuple[str, int], list[int]] = {}
    for place in pairing.open_left(State.DONE, State.PENDING):
        entry = pairing.left[place]
        lefts.setdefault((entry.currency, amounts.gross(entry)), []).append(place)
    for there in sorted(pairing.open_right(State.DONE), key=lambda place: (pairing.right[place].at, place)):
        entry = pairing.right[there]
        for gross in dict.fromkeys((amounts.gross(entry), entry.minor + (entry.fee or 0))):
            near = [here for here in lefts.get((entry.currency, gross), ()) if _near(pairing, known, here, there)]
            if near:
                usual = known.get(entry.source, Lag()).usual
                here = min(near, key=lambda place: (abs(entry.at - pairing.left[place].at - usual), place))
                terms = (Point("amount_equal", 35), Point("only_one" if len(near) == 1 else "interchangeable", 15))
                gap = amounts.gap(pairing.left[here], entry)
                pairing.take(Pair("scored", (here,), (there,), terms, gap))
                break


def match_misdirected(pairing: Pairing, known: Mapping[str, Lag]) -> None:
    """Lines that name somebody else's order, one that has its own line already, and not at its amount.

    People copy an old number. The one free line of that amount at the usual time is what was meant.
    """
    taken: dict[str, list[int]] = {}
    for pair in pairing.pairs:
        for place in pair.left:
            for text in (pairing.left[place].id, *pairing.left[place].refs):
                for tail in tails(text):
                    taken.setdefault(tail, []).append(place)
    amounts, lefts = pairing.amounts, dict[tuple[str, int], list[int]]()
    for place in pairing.open_left(State.DONE):
        lefts.setdefault((pairing.left[place].currency, amounts.gross(pairing.left[place])), []).append(place)
    for there in pairing.open_right(State.DONE):
        entry = pairing.right[there]
        named = [place for ref in entry.refs for tail in tails(ref) for place in taken.get(tail, ())]
        if not named or any(amounts.gap(pairing.left[place], entry).term is not None for place in named):
            continue
        some = [here for here in lefts.get((entry.currency, amounts.gross(entry)), ()) if pairing.left_free[here]]
        near = [here for here in some if _near(pairing, known, here, there, misdirected=True)]
        if len(near) == 1:
            terms = (Point("amount_equal", 35), Point("only_one", 15), Point("reference_other", -15))
            gap = amounts.gap(pairing.left[near[0]], entry)
            pairing.take(Pair("scored", (near[0],), (there,), terms, gap))


def match_by_customer(pairing: Pairing, known: Mapping[str, Lag]) -> None:
    """One line of a customer on each side at the usual time and nothing else of theirs: one thing, whatever differs."""
    near = Near(pairing.left, pairing.open_left(State.DONE, State.PENDING))
    meant: dict[int, list[int]] = {}
    for there in pairing.open_right(State.DONE):
        theirs = pairing.right[there]
        usual = known.get(theirs.source, Lag()).usual
        some = [here for here in near.of(theirs, usual) if _near(pairing, known, here, there)]
        for here in some if len(some) == 1 else ():
            mine = pairing.left[here]
            if customer_points(mine.account, mine.name, theirs.account, theirs.name) >= 15:
                meant.setdefault(here, []).append(there)
    for here, theres in meant.items():
        if len(theres) == 1:
            gap = pairing.amounts.gap(pairing.left[here], pairing.right[theres[0]])
            terms = (Point("customer_same", 35), Point("only_one", 15))
            pairing.take(Pair("scored", (here,), (theres[0],), terms, gap))


class Near:
    """Free lines of a side by time, and of those near a moment the ones that may be of the same customer."""

    MOST = 80

    def __init__(self, side: list[Entry], places: Iterable[int]) -> None:
        self._side = side
        self._places = sorted((side[place].at, place) for place in places)

    def of(self, beside: Entry, usual: timedelta = timedelta(0)) -> list[int]:
        """Places whose customer is, for all that is known, that of a line."""
        middle = bisect_left(self._places, (beside.at - usual, -1))
        some = self._places[max(0, middle - self.MOST // 2) : middle + self.MOST // 2]
        return [place for _, place in some if _customer(self._side[place], beside) > 0]


def _customer(one: Entry, other: Entry) -> int:
    return customer_points(one.account, one.name, other.account, other.name)


def _near(pairing: Pairing, known: Mapping[str, Lag], here: int, there: int, misdirected: bool = False) -> bool:
    mine, theirs = pairing.left[here], pairing.right[there]
    if not (pairing.left_free[here] and pairing.right_free[there] and pairing.may(here, there)):
        return False
    if customer_points(mine.account, mine.name, theirs.account, theirs.name) < 0:
        return False
    if not misdirected and theirs.refs and _reference(mine, theirs, 0).points < 0:
        return False
    lag = known.get(theirs.source, Lag())
    return lag.points(theirs.at - mine.at, timedelta(0)).points > 0
