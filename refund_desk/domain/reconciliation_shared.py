"""Several lines of one order and one amount: which answer belongs to which, where the order's number says nothing."""

from __future__ import annotations

from refund_desk.domain.reconciliation import Point, State
from refund_desk.domain.reconciliation_amounts import EQUAL
from refund_desk.domain.reconciliation_pairs import BY_NAME, Pair, Pairing, agree
from refund_desk.domain.reconciliation_references import alike

NAMED = 25
"""Points of a garbled reference from which it means this line rather than another of its order."""


def give_way(pairing: Pairing) -> None:
    """An answer that names the order alone was given to the first who asked. Where another answer, however garbled,
    means that one, and the order has a second line of that amount without an answer, the first goes to the second.
    """
    free = _free_by_amount(pairing)
    waiting = _waiting(pairing)
    if not free or not waiting:
        return
    for place, pair in enumerate(pairing.pairs):
        if pair.code != "reference_shared" or len(pair.left) != 1 or len(pair.right) != 1:
            continue
        here, there = pair.left[0], pair.right[0]
        second = next((p for p in _alike_lines(pairing, here, waiting) if _may(pairing, p, there)), None)
        own = second if second is None else _own_answer(pairing, here, free)
        if second is None or own is None:
            continue
        answer, points = own
        pairing.pairs[place] = _linked(pairing, here, answer, Point("reference_alike", points), "reference_alike")
        pairing.right_free[answer] = 0
        pairing.take(_linked(pairing, second, there, BY_NAME, pair.code))


def _linked(pairing: Pairing, here: int, there: int, term: Point, code: str) -> Pair:
    gap = pairing.amounts.gap(pairing.left[here], pairing.right[there])
    return Pair(code, (here,), (there,), (term, gap.term or EQUAL), gap)


def _may(pairing: Pairing, here: int, there: int) -> bool:
    return bool(pairing.left_free[here]) and agree(pairing, here, there) is not None


def _free_by_amount(pairing: Pairing) -> dict[int, list[int]]:
    """Free lines there that say anything, by their amount."""
    found: dict[int, list[int]] = {}
    for place in pairing.open_right(State.DONE):
        if pairing.right[place].refs:
            found.setdefault(pairing.amounts.gross(pairing.right[place]), []).append(place)
    return found


def _waiting(pairing: Pairing) -> dict[str, list[int]]:
    """Free lines here by the order they are of."""
    found: dict[str, list[int]] = {}
    for place in pairing.open_left(State.DONE, State.PENDING):
        if refs := pairing.left[place].refs:
            found.setdefault(refs[-1], []).append(place)
    return found


def _alike_lines(pairing: Pairing, here: int, waiting: dict[str, list[int]]) -> list[int]:
    """Others of the order and amount that wait, those nearest in time first."""
    mine, amounts = pairing.left[here], pairing.amounts
    same = [
        place
        for place in waiting.get(mine.refs[-1] if mine.refs else "", ())
        if place != here and amounts.gross(pairing.left[place]) == amounts.gross(mine)
    ]
    return sorted(same, key=lambda place: (abs(pairing.left[place].at - mine.at), place))


def _own_answer(pairing: Pairing, here: int, free: dict[int, list[int]]) -> tuple[int, int] | None:
    """The one free line there that means this one by its own number: (place, points)."""
    mine = pairing.left[here]
    gross, slack = pairing.amounts.gross(mine), pairing.amounts.slack(mine.currency)
    found = []
    for minor in range(gross - slack, gross + slack + 1):
        for place in free.get(minor, ()):
            points = max(alike(ref, mine.id) for ref in pairing.right[place].refs)
            if points >= NAMED and pairing.right_free[place] and agree(pairing, here, place) is not None:
                found.append((place, points))
    return found[0] if len(found) == 1 else None
