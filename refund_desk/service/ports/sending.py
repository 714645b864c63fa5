"""What use cases need of the store about sending: attempts, alarms, what is due. Filled by `store.sending`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from refund_desk.domain.sending import Attempt
from refund_desk.domain.words import Role


@dataclass(frozen=True, slots=True)
class Due:
    """An intent that a worker should look after now."""

    intent: str
    channel: str
    payment: str
    state: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something about money that somebody has to look after. `code` is worded as `finding.<code>`."""

    id: int
    code: str
    subject: str
    role: Role
    case_id: int | None
    intent_id: str | None
    params: Mapping[str, Any]
    at: datetime
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToRead:
    """A payment that has to be read again."""

    record_id: int
    order_id: int
    channel: str
    payment: str
    order: str


class SendingBook(Protocol):
    def due(self, channels: Collection[str], now: datetime, limit: int) -> list[Due]:
        """Intents of these channels whose time has come: to be sent, asked about, or looked at again.

        A reserved one only while its case stands in payout and nothing else of its order is in the air.
        """

    def add_attempt(self, intent_id: str, attempt: Attempt) -> None: ...
    def attempts(self, intent_id: str) -> list[Attempt]:
        """All of an intent, oldest first."""

    def known(self, intent_ids: Collection[str]) -> dict[str, str]:
        """State by id, of those that are ours."""

    def raise_alarm(
        self,
        code: str,
        subject: str,
        role: Role,
        at: datetime,
        case_id: int | None,
        intent_id: str | None,
        params: Mapping[str, Any],
    ) -> bool:
        """An alarm about a subject, once; whether it is new or was gone and is back."""

    def end_alarms(self, subject: str, at: datetime, codes: Collection[str] = ()) -> int: ...
    def alarms(self, case_id: int | None = None, limit: int = 200) -> list[Alarm]:
        """Open ones, of a case or all, newest first."""

    def was_told(self, code: str, subject: str) -> bool:
        """Whether there ever was such an alarm."""

    def read(self, record_id: int, at: datetime, theirs: datetime | None, anew: datetime | None) -> None:
        """Note that a payment was read fresh; anew: payouts halted then, and this may be the first read since."""

    def to_read(
        self, channels: Collection[str], since: datetime, halted: datetime, wait: timedelta, limit: int
    ) -> list[ToRead]:
        """Payments of orders touched since an instant, not yet read so long after payouts halted, by both clocks."""

    def stuck(self, channels: Collection[str], before: datetime, limit: int) -> list[str]:
        """Intents of these channels that wait to leave since before an instant, and nobody was told of."""

    def late(self, now: datetime, limit: int) -> list[str]:
        """Intents without a fact of arrival whose promised day is over and nobody was told of."""
