"""Two sides, matched: the lines that name one another exactly. What is left is scored by `reconciliation_scores`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from refund_desk.domain.reconciliation import EXACT, Apart, Check, Entry, Point, State
from refund_desk.domain.reconciliation_amounts import EQUAL, Amounts, Gap
from refund_desk.domain.reconciliation_customers import other_name

BY_NAME = Point("reference_exact", 60)
SUMS_UP = Point("amounts_sum_up", 30)
OTHER_CURRENCY = Point("currency_differs", -20)


class Pair(NamedTuple):
    """Lines of both sides that are one thing: places in the sides of their pairing. gap: as in `Amounts.gap`."""

    code: str
    left: tuple[int, ...]
    right: tuple[int, ...]
    terms: tuple[Point, ...]
    gap: Gap


@dataclass(slots=True)
class Pairing:
    """A comparison under way. free: 1 while nothing is matched to that place.

    doubted: places of the left side whose own references nothing confirms: they name nobody exactly.
    """

    check: Check
    left: list[Entry]
    right: list[Entry]
    amounts: Amounts
    apart: Apart = frozenset()
    doubted: frozenset[int] = frozenset()
    pairs: list[Pair] = field(default_factory=list)
    shared: bool = False
    """Whether several lines share a name."""
    left_free: bytearray = field(init=False)
    right_free: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.left_free = bytearray(b"\x01") * len(self.left)
        self.right_free = bytearray(b"\x01") * len(self.right)

    def take(self, pair: Pair) -> None:
        self.pairs.append(pair)
        for place in pair.left:
            self.left_free[place] = 0
        for place in pair.right:
            self.right_free[place] = 0

    def may(self, left: int, right: int) -> bool:
        """Whether nobody took these two apart."""
        return not self.apart or (self.left[left].key, self.right[right].key) not in self.apart

    def open_left(self, *states: State) -> list[int]:
        """Free places of the left side in one of these states."""
        return _open(self.left, self.left_free, states)

    def open_right(self, *states: State) -> list[int]:
        return _open(self.right, self.right_free, states)

    def total(self, side: Sequence[Entry], places: Iterable[int]) -> int:
        return sum(self.amounts.gross(side[place]) for place in places)


def _open(side: Sequence[Entry], free: bytearray, states: tuple[State, ...]) -> list[int]:
    found, place = [], free.find(1)
    while place >= 0:
        if side[place].state in states:
            found.append(place)
        place = free.find(1, place + 1)
    return found


Named = dict[str, int | list[int]]


def match_by_reference(pairing: Pairing, code: str = "reference") -> None:
    """Link what one side names exactly, where amounts agree and the customers' keys don't contradict.

    A line that nobody else shares a name with is linked at once. The others are sorted out by amount and time;
    what still doesn't agree is left for the scores, where its reference counts.
    """
    named = _named(pairing)
    single: dict[int, int] = {}
    shared: dict[int, list[int]] = {}
    several: list[tuple[int, list[int]]] = []
    failed, pending, find, free = State.FAILED, State.PENDING, named.get, pairing.right_free
    for place, entry in enumerate(pairing.right):
        if not free[place] or entry.state is failed or entry.state is pending:
            continue
        hit: int | list[int] | None = None
        for ref in entry.refs:
            found = find(ref)
            if found is not None and found != hit:
                hit = found if hit is None else [*_many(hit), *_many(found)]
        if hit is None:
            hit = find(entry.id)
        if hit is None:
            continue
        if type(hit) is not int:
            several.append((place, _many(hit)))
        elif hit in shared:
            shared[hit].append(place)
        elif hit in single:
            shared[hit] = [single.pop(hit), place]
        else:
            single[hit] = place
    pairing.shared = pairing.shared or bool(shared or several)
    _link_single(pairing, single, code)
    for place, places in shared.items():
        _one_to_many(pairing, place, places, code)
    for place, hits in sorted(several, key=lambda one: (pairing.right[one[0]].at, one[0])):
        _many_to_one(pairing, hits, place, code)


def _many(hit: int | list[int]) -> list[int]:
    return [hit] if isinstance(hit, int) else hit


def _named(pairing: Pairing) -> Named:
    """Places of the left side by every name they have."""
    named: Named = {}
    failed, free, doubted = State.FAILED, pairing.left_free, pairing.doubted
    for place, entry in enumerate(pairing.left):
        if not free[place] or entry.state is failed:
            continue
        _name(named, entry.id, place)
        for ref in () if place in doubted else entry.refs:
            if ref not in named:
                named[ref] = place
            else:
                _name(named, ref, place)
    return named


def _name(named: Named, ref: str, place: int) -> None:
    found = named.get(ref)
    if found is None:
        named[ref] = place
    elif isinstance(found, int):
        if found != place:
            named[ref] = [found, place]
    elif found[-1] != place:
        found.append(place)


def _link_single(pairing: Pairing, single: dict[int, int], code: str) -> None:
    """The common case, kept short: it runs for nearly every line."""
    left, right, gap, pairs, apart = pairing.left, pairing.right, pairing.amounts.gap, pairing.pairs, pairing.apart
    left_free, right_free = pairing.left_free, pairing.right_free
    net = {source for source, book in pairing.amounts.rules.books.items() if book.net}
    equal: dict[str, Gap] = {}
    for here, there in single.items():
        mine, theirs = left[here], right[there]
        if mine.account != theirs.account and mine.account and theirs.account:
            continue
        if mine.name != theirs.name and (not mine.account or not theirs.account) and other_name(mine.name, theirs.name):
            continue
        if apart and (mine.key, theirs.key) in apart:
            continue
        if (
            mine.minor == theirs.minor
            and mine.currency == theirs.currency
            and net.isdisjoint((mine.source, theirs.source))
        ):
            found = equal.get(mine.currency) or equal.setdefault(mine.currency, Gap(EQUAL, 0, mine.currency))
        else:
            found = gap(mine, theirs)
        if found.term is None:
            continue
        terms = EXACT if found.term is EQUAL else (BY_NAME, found.term)
        pairs.append(Pair(code, (here,), (there,), terms, found))
        left_free[here] = right_free[there] = 0


def agree(pairing: Pairing, here: int, there: int) -> Gap | None:
    """How two lines come out, where customers and amounts allow them to be one."""
    mine, theirs = pairing.left[here], pairing.right[there]
    if mine.account and theirs.account:
        if mine.account != theirs.account:
            return None
    elif mine.name != theirs.name and other_name(mine.name, theirs.name):
        return None
    if not pairing.may(here, there):
        return None
    found = pairing.amounts.gap(mine, theirs)
    return found if found.term is not None else None


def _one_to_many(pairing: Pairing, here: int, places: list[int], code: str) -> None:
    """Several lines name one: the earliest that agrees, or all of them if they sum up to it."""
    mine = pairing.left[here]
    agreeing = [(place, found) for place in places if (found := agree(pairing, here, place)) is not None]
    if agreeing:
        place, found = min(agreeing, key=lambda one: (abs(pairing.right[one[0]].at - mine.at), one[0]))
        pairing.take(Pair(code, (here,), (place,), (BY_NAME, found.term or EQUAL), found))
        return
    if all(pairing.right[place].currency == mine.currency and pairing.may(here, place) for place in places):
        _sum_up(pairing, (here,), tuple(places))


def _many_to_one(pairing: Pairing, hits: list[int], there: int, code: str) -> None:
    """One line names several, or shares its name with them: the first that agrees, or all of them.

    A name that several have, as two refunds of one order have its number, points at none of them exactly.
    """
    theirs = pairing.right[there]
    code = "reference_shared" if len(set(hits)) > 1 else code
    hits = [hit for hit in dict.fromkeys(hits) if pairing.left_free[hit]]
    agreeing = [(hit, found) for hit in hits if (found := agree(pairing, hit, there)) is not None]
    if agreeing:
        hit, found = min(agreeing, key=lambda one: _first_before(pairing.left[one[0]], theirs, one[0]))
        pairing.take(Pair(code, (hit,), (there,), (BY_NAME, found.term or EQUAL), found))
    elif len(hits) > 1 and all(
        pairing.left[hit].currency == theirs.currency and pairing.may(hit, there) for hit in hits
    ):
        _sum_up(pairing, tuple(hits), (there,))


def _first_before(mine: Entry, theirs: Entry, place: int) -> tuple[bool, datetime, int]:
    """First come, first served; what came after comes last."""
    return mine.at > theirs.at + timedelta(days=1), mine.at, place


def _sum_up(pairing: Pairing, lefts: tuple[int, ...], rights: tuple[int, ...]) -> bool:
    """Link them all if both sides come to the same sum."""
    currency = pairing.right[rights[0]].currency
    difference = pairing.total(pairing.right, rights) - pairing.total(pairing.left, lefts)
    if abs(difference) > pairing.amounts.slack(currency) * max(len(lefts), len(rights)):
        return False
    pairing.take(Pair("sum", lefts, rights, (BY_NAME, SUMS_UP), Gap(SUMS_UP, 0, currency)))
    return True


def uncross(pairing: Pairing) -> None:
    """Lines of one order and one amount that were linked crosswise are linked in order of time.

    Which of two equal refunds a line means is often not said; what came first is the answer to what was asked first.
    A line that names its own answer alone keeps it.
    """
    if not pairing.shared:
        return
    groups: dict[tuple[str, int, str], list[int]] = {}
    for place, pair in enumerate(pairing.pairs):
        if len(pair.left) == len(pair.right) == 1 and pair.gap.term is not None:
            mine, theirs = pairing.left[pair.left[0]], pairing.right[pair.right[0]]
            if mine.refs and mine.id not in theirs.refs:
                key = (mine.refs[-1], pairing.amounts.gross(mine), mine.currency)
                groups.setdefault(key, []).append(place)
    for places in groups.values():
        if len(places) > 1:
            _in_order(pairing, places)


def _in_order(pairing: Pairing, places: list[int]) -> None:
    pairs = [pairing.pairs[place] for place in places]
    lefts = sorted((pair.left[0] for pair in pairs), key=lambda one: (pairing.left[one].at, one))
    by_time = sorted(pairs, key=lambda pair: (pairing.right[pair.right[0]].at, pair.right[0]))
    if all(pairing.may(left, pair.right[0]) for left, pair in zip(lefts, by_time, strict=True)):
        for place, left, pair in zip(places, lefts, by_time, strict=True):
            pairing.pairs[place] = pair._replace(left=(left,))
