"""Systems whose lists are cheap: list those of the last days with every run, and read whole what its mark says changed.

The first listing goes back to the beginning. A listing that was cut off goes on where it was, by the place that the
system gave; where it no longer knows the place, it begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from refund_desk.domain.errors import NotFound
from refund_desk.domain.sources import Item, Page, moment
from refund_desk.service.ports.sources import Known
from refund_desk.sources.reading import NEVER

BEGINNING: Final = NEVER


@dataclass(frozen=True, slots=True)
class Seen:
    """A row of a cheap list: its id, and a text that changes when it does; mark None: it is always read."""

    id: str
    mark: str | None


Rows = Callable[[datetime, Any], tuple[Sequence[Seen], Any]]
"""Things made since then, oldest first, from a place on (None: the first page); with the next place, None: the end.

Raises NotFound for a place that the system no longer knows.
"""
Whole = Callable[[Sequence[str]], Sequence[Item]]
"""Things by their ids, whole; those that are gone are left out. Their mark is the list's."""


def pull(
    cursor: Mapping[str, Any] | None, known: Known, clock: Callable[[], datetime], days: int, rows: Rows, whole: Whole
) -> Page:
    """One page of the listing at hand, or of a new one."""
    at = dict(cursor or {})
    listing, fresh = at.get("list"), at.get("list") is None
    if listing is None:
        since = clock() - timedelta(days=days) if at.get("done") else BEGINNING
        listing = {"since": since.isoformat(), "place": None}
    since = moment(listing["since"])
    try:
        seen, place = rows(since, listing["place"])
    except NotFound:
        if listing["place"] is None:
            raise
        return pull({**at, "list": None}, known, clock, days, rows, whole)
    marks = known.marks([one.id for one in seen])
    changed = [one.id for one in seen if one.mark is None or marks.get(one.id) != one.mark]
    end = place is None
    return Page(
        items=tuple(whole(list(dict.fromkeys(changed)))) if changed else (),
        cursor={"done": True} if end else {**at, "list": {**listing, "place": place}},
        more=not end,
        listed=frozenset(one.id for one in seen),
        fresh=fresh,
        whole=since if end else None,
    )
