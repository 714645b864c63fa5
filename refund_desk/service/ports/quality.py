"""Decisions drawn for a second look. Filled by `store.quality`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from refund_desk.domain.quality import Sample


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that may be drawn. amount in minor units; reason: the customer's."""

    proposal_id: int
    case_id: int
    reason: str
    decision: str
    amount: int | None
    currency: str
    person_id: int
    approved_by: int | None
    at: datetime
    digest: bytes


class QualityBook(Protocol):
    def decided(self, case_ids: Sequence[int], since: datetime) -> Sequence[Decided]:
        """What was decided on these cases since then and isn't drawn."""

    def draw(self, one: Decided, at: datetime) -> None: ...
    def waiting(self, person: int, since: datetime, limit: int) -> Sequence[Sample]:
        """Drawn since then, not yet looked at again, and none of this person's own; the oldest first."""

    def get(self, number: int, lock: bool = False) -> Sample:
        """Raises NotFound `quality.not_found`."""

    def review(self, number: int, **columns: Any) -> None: ...
