"""What the queue is asked: one chip, a search text, and filters by stage, reason and kind."""

from __future__ import annotations

from dataclasses import dataclass, replace

from refund_desk.domain.words import Reason, RequestKind, Stage

CHIPS = (
    "mine",
    "returned",
    "answer_came",
    "unassigned",
    "overdue",
    "due_2h",
    "conflict",
    "disputed",
    "high_amount",
    "waiting_customer",
    "waiting_approval",
    "mine_to_approve",
)
"""In the order in which they stand."""
CHIP_KINDS = {"overdue": "danger", "due_2h": "warn"}
FILTERS: dict[str, tuple[str, ...]] = {
    "stage": tuple(member.value for member in Stage),
    "reason": tuple(member.value for member in Reason),
    "kind": tuple(member.value for member in RequestKind),
}


@dataclass(frozen=True, slots=True)
class Query:
    """Empty text: not asked."""

    chip: str = ""
    q: str = ""
    stage: str = ""
    reason: str = ""
    kind: str = ""

    def with_(self, **values: str) -> Query:
        return replace(self, **values)

    def filters(self) -> dict[str, str]:
        """Only what is asked, as `take_next` and saved views want it."""
        pairs = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: value for name, value in pairs if value}

    @classmethod
    def of(cls, filters: dict[str, str]) -> Query:
        """From a saved view; what this desk doesn't know is left out."""
        return cls(**{name: value for name, value in filters.items() if name in cls.__slots__})

    def __bool__(self) -> bool:
        return bool(self.filters())
