"""What a gateway pays out at once: its lines put together, as the one line that the bank will show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from operator import itemgetter

from refund_desk.domain.reconciliation import Entry, Kind, Point, State
from refund_desk.domain.reconciliation_amounts import Amounts, Gap, day
from refund_desk.domain.reconciliation_customers import name_points
from refund_desk.domain.reconciliation_pairs import SUMS_UP, Pair, Pairing
from refund_desk.domain.reconciliation_references import alike

MOST_DAYS = 5
"""A gateway that lists no payouts may pay a long weekend at once."""


@dataclass(slots=True)
class Batches:
    """lines: one for each payout; members: positions of what it pays, beside it. by_day: whose days were guessed."""

    lines: list[Entry] = field(default_factory=list)
    members: list[tuple[int, ...]] = field(default_factory=list)
    by_day: set[str] = field(default_factory=set)


def batches(entries: Sequence[Entry], positions: Sequence[int], amounts: Amounts) -> Batches:
    """By the payout that lines name; of a source that names none, by day and currency.

    A day that gives back more than it takes is paid with the next one.
    """
    settled = [(position, entries[position]) for position in positions if entries[position].state is State.DONE]
    naming = {entry.source for _, entry in settled if entry.batch}
    made, groups = Batches(), dict[tuple[str, str, str], list[tuple[int, Entry]]]()
    for position, entry in settled:
        if entry.batch or entry.source not in naming:
            name = entry.batch or day(entry.at)
            groups.setdefault((entry.source, entry.currency, name), []).append((position, entry))
    made.by_day = {source for source, _, _ in groups} - naming
    carried: dict[tuple[str, str], list[tuple[int, Entry]]] = {}
    for (source, currency, name), some in sorted(groups.items(), key=itemgetter(0)):
        whole = [*carried.pop((source, currency), ()), *some] if source in made.by_day else some
        total = sum(amounts.net(entry) for _, entry in whole)
        if total > 0:
            made.lines.append(_line(source, currency, name, total, [entry for _, entry in whole], source in naming))
            made.members.append(tuple(position for position, _ in whole))
        elif source in made.by_day:
            carried[source, currency] = whole
    return made


def _line(source: str, currency: str, name: str, total: int, some: list[Entry], named: bool) -> Entry:
    ref = name if named else f"{source} {name}"
    at = max(entry.at for entry in some)
    return Entry(source, Kind.PAYOUT, f"{ref} {currency}", (ref,), total, currency, at, name=source)


def join_days(pairing: Pairing, by_day: set[str]) -> None:
    """Bank lines that pay several days of a gateway that names no payouts."""
    free = [place for place in pairing.open_left(State.DONE) if pairing.left[place].source in by_day]
    free.sort(key=lambda place: (pairing.left[place].source, pairing.left[place].currency, pairing.left[place].at))
    by_sum: dict[tuple[str, int], list[tuple[int, ...]]] = {}
    for start in range(len(free)):
        first, total = pairing.left[free[start]], 0
        for end in range(start, min(start + MOST_DAYS, len(free))):
            entry = pairing.left[free[end]]
            if (entry.source, entry.currency) != (first.source, first.currency):
                break
            total += entry.minor
            if end > start and entry.at - first.at < timedelta(days=MOST_DAYS):
                by_sum.setdefault((entry.currency, total), []).append(tuple(free[start : end + 1]))
    for there in pairing.open_right(State.DONE):
        theirs = pairing.right[there]
        for days in by_sum.get((theirs.currency, theirs.minor), ()):
            last = pairing.left[days[-1]]
            if all(pairing.left_free[place] for place in days) and _plausible(last, theirs):
                terms = (Point("amounts_sum_up", 30), Point("payout_days", 20))
                pairing.take(Pair("payout", days, (there,), terms, Gap(SUMS_UP, 0, theirs.currency)))
                break


def _plausible(last: Entry, theirs: Entry) -> bool:
    if not timedelta(days=-2) <= theirs.at - last.at <= timedelta(days=14):
        return False
    named = max((alike(ref, last.source) for ref in theirs.refs), default=0)
    return name_points(last.name, theirs.name) >= 0 or named > 0
