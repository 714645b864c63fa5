"""What is new in a case since one last looked stays marked until one leaves it, however often it is fetched again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from refund_desk.wire.cases import CaseView, Change, EvidenceView, MessageView

Item = TypeVar("Item", MessageView, EvidenceView)


class Since:
    """The service counts a case as looked at a moment after it opened; these are the marks it had then, and later ones.

    `mark` each view of a case before it is shown, `leave` when another one opens.
    """

    def __init__(self) -> None:
        self._changes: dict[int, Change] = {}
        self._messages: set[int] = set()
        self._evidence: set[int] = set()
        self._moments: set[tuple[datetime, str]] = set()

    def leave(self) -> None:
        """Nothing is new any more."""
        for known in (self._changes, self._messages, self._evidence, self._moments):
            known.clear()

    def mark(self, view: CaseView) -> CaseView:
        """The view with what is new in it or was when this case was opened."""
        self._changes |= {change.position: change for change in view.changes}
        self._moments |= {(entry.at, entry.what.code) for entry in view.timeline if entry.unseen}
        timeline = [
            entry.model_copy(update={"unseen": (entry.at, entry.what.code) in self._moments}) for entry in view.timeline
        ]
        return view.model_copy(
            update={
                "changes": [self._changes[position] for position in sorted(self._changes)],
                "messages": _marked(view.messages, self._messages),
                "evidence": _marked(view.evidence, self._evidence),
                "timeline": timeline,
            }
        )


def _marked(items: Sequence[Item], known: set[int]) -> list[Item]:
    known |= {item.id for item in items if item.unseen}
    return [item.model_copy(update={"unseen": item.id in known}) for item in items]
