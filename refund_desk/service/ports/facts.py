"""What use cases need of the store about facts: what systems said, who the customer is, evidence, quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from refund_desk.domain.facts import Record


@dataclass(frozen=True, slots=True)
class OrderRef:
    id: int
    number: str
    currency: str
    customer_id: int | None


class FactBook(Protocol):
    """Orders, records with their current observations, customers, messages, evidence."""

    def order(self, order_id: int) -> OrderRef: ...
    def records(self, order_id: int) -> list[Record]: ...
    def customer(self, customer_id: int) -> Mapping[str, Any]:
        """customer joined with personal: id, system, external_id, secret, erased_at, name, masked, email …"""

    def messages(self, case_id: int) -> Sequence[Mapping[str, Any]]: ...
    def evidence(self, case_id: int) -> Sequence[Mapping[str, Any]]: ...
    def notes(self, evidence_ids: Iterable[int]) -> Sequence[Mapping[str, Any]]: ...
    def opened(self, case_id: int, person_id: int) -> set[int]:
        """Evidence of a case that somebody has opened."""

    def count_images(self, case_id: int) -> int: ...
    def mark_opened(self, person_id: int, evidence_ids: Iterable[int], at: datetime) -> None: ...
    def add_message(self, **columns: Any) -> int: ...
    def recall_messages(self, case_id: int, proposal_id: int) -> None:
        """Take back the letter of a decision that was undone before it left."""

    def set_promise(self, message_id: int, minor: int, currency: str, form: str) -> None: ...


class IntakeBook(Protocol):
    """Quarantine and what was taken in before."""


class Blobs(Protocol):
    """Original bytes by SHA-256, encrypted under the customer's key."""
