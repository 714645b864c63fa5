"""Lines of reconciliation by their names: what a break or a match is about, as it stands now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from refund_desk.domain.reconciliation import Entry, Key
from refund_desk.domain.reconciliation_systems import lines_of
from refund_desk.service.ports import Work


@dataclass(frozen=True, slots=True)
class Line:
    """A line and what is known of it; entry None: its system doesn't list it any more."""

    key: Key
    entry: Entry | None


def lines(work: Work, names: Sequence[Sequence[str]], order_id: int | None) -> list[Line]:
    """In the order of their names. order_id: of the order that they are about, where it is known."""
    keys: list[Key] = [(name[0], name[1], name[2]) for name in names]
    known: dict[Key, Entry] = {}
    ours = [key[2] for key in keys if key[0].startswith("desk:")]
    if ours:
        known.update((entry.key, entry) for _, entry in work.reconciliation.paid_out(ours))
    if keys:
        known.update((entry.key, entry) for _, entry in work.reconciliation.rows_named(keys))
    for said in work.reconciliation.said([order_id]) if order_id is not None else ():
        known.update((line.entry.key, line.entry) for line in lines_of(said))
    return [Line(key, known.get(key)) for key in keys]
