"""A second look at what was decided: which cases are drawn for it, and whether two people decide alike. Pure.

Who looks again doesn't know what was decided first. What is drawn follows from the proposal's digest, so that nobody
who proposes can steer it, and drawing twice draws the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from refund_desk.domain.errors import Conflict, Refused
from refund_desk.domain.words import Decision, Reason

_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class QualityRule:
    """Percent of decided cases that are looked at again, by the customer's reason where one is named; who doesn't look
    within `within_s` seconds lets it go."""

    percent: int = 0
    reason: Mapping[Reason, int] = field(default_factory=dict)
    within_s: int = 14 * 86_400


@dataclass(frozen=True, slots=True)
class Sample:
    """A decision that was drawn, and the second one. Amounts are minor units of `currency`."""

    id: int
    case_id: int
    proposal_id: int
    decision: str
    amount: int | None
    currency: str
    decided_by: int
    approved_by: int | None
    decided_at: datetime
    drawn_at: datetime
    reviewed_by: int | None = None
    reviewed_at: datetime | None = None
    second: str | None = None
    second_amount: int | None = None
    agrees: bool | None = None
    note: str | None = None


def drawn(rule: QualityRule, reason: str, digest: bytes) -> bool:
    """Whether a decision is looked at again."""
    percent = {one.value: n for one, n in rule.reason.items()}.get(reason, rule.percent)
    place = int.from_bytes(hashlib.sha256(b"quality " + digest).digest()[:8]) % _WHOLE
    return place < percent * _WHOLE // 100


def check_reviewer(sample: Sample, person: int) -> None:
    """Raises Refused `quality.own` for who proposed or approved it, Conflict `quality.reviewed`."""
    if person in (sample.decided_by, sample.approved_by):
        raise Refused("quality.own", rule="quality.second_person", could=[])
    if sample.reviewed_at is not None:
        raise Conflict("quality.reviewed", id=sample.id)


def agrees(sample: Sample, second: Decision, amount: int | None) -> bool:
    """The same decision, and the same amount where one has any."""
    return sample.decision == second.value and (sample.amount or 0) == (amount or 0)
