"""Changed rules of clocks and calendars, brought to the cases that are open: seen first, then done, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from refund_desk.domain.clocks import Clock
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process
from refund_desk.service import lifecycle
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work

MOST = 200
"""Cases of a page: one transaction, that must not last."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One clock of a case, as it stands and as the rules in force have it."""

    ref: str
    was: Clock
    now: Clock


@dataclass(frozen=True, slots=True)
class ClockPage:
    """`looked_at` open cases; `next` the id after which the next page goes on, None at the end."""

    version: str
    changes: Sequence[Changed]
    looked_at: int
    next: int | None


def preview(work: Work, desk: Desk, who: Principal, after: int = 0, limit: int = MOST) -> ClockPage:
    """What recomputing would change. It changes nothing."""
    process = permit(work, desk, who, "timing.recompute")
    ids = work.cases.open_after(after, limit)
    found = ((state.ref, lifecycle.by_rules(work, process, state)) for state in work.cases.several(ids))
    return _page(process, ids, limit, [Changed(ref, old, new) for ref, pairs in found for old, new in pairs])


def recompute(work: Work, desk: Desk, who: Principal, after: int = 0, limit: int = MOST) -> ClockPage:
    """Bring a page of open cases under the rules in force. What has stopped is history and stays."""
    process = permit(work, desk, who, "timing.recompute")
    ids = work.cases.open_after(after, limit)
    changes: list[Changed] = []
    for seen in work.cases.several(ids):
        state = work.cases.lock(seen.ref)
        pairs = lifecycle.by_rules(work, process, state) if state.open else []
        if pairs:
            lifecycle.recompute(work, process, state, desk.clock(), who, pairs)
            changes += [Changed(state.ref, old, new) for old, new in pairs]
    if changes:
        cases = len({change.ref for change in changes})
        work.audit("timing.rules_applied", who, version=process.version, cases=cases, clocks=len(changes))
    return _page(process, ids, limit, changes)


def _page(process: Process, ids: Sequence[int], limit: int, changes: Sequence[Changed]) -> ClockPage:
    return ClockPage(process.version, changes, len(ids), ids[-1] if len(ids) == limit else None)
