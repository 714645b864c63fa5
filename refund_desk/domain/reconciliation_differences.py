"""In which fields the lines of two sides differ: what is marked where they stand side by side. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from refund_desk.domain.reconciliation import Entry
from refund_desk.domain.reconciliation_references import plain

FIELDS = ("minor", "currency", "state", "refs", "account", "name")
"""Fields that can be held against one another; that two systems have their own times and ids says nothing."""


def differing(here: Sequence[Entry], there: Sequence[Entry]) -> list[str]:
    """Names of `FIELDS` that differ; none where one side has no line. What only one side says isn't a difference."""
    if not here or not there:
        return []
    found = {
        "minor": sum(one.minor for one in here) != sum(one.minor for one in there),
        "currency": {one.currency for one in here} != {one.currency for one in there},
        "state": {one.state for one in here} != {one.state for one in there},
        "refs": _apart([_names(one) for one in here], [_names(one) for one in there]),
        "account": _apart([{one.account} - {""} for one in here], [{one.account} - {""} for one in there]),
        "name": _apart([{one.name} - {""} for one in here], [{one.name} - {""} for one in there]),
    }
    return [name for name in FIELDS if found[name]]


def _names(entry: Entry) -> set[str]:
    return {plain(name) for name in (entry.id, *entry.refs)} - {""}


def _apart(here: Sequence[set[str]], there: Sequence[set[str]]) -> bool:
    mine, theirs = set[str]().union(*here), set[str]().union(*there)
    return bool(mine and theirs) and mine.isdisjoint(theirs)
