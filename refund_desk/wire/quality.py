"""A second look at what was decided, without knowing it."""

from __future__ import annotations

from pydantic import Field

from refund_desk.domain.words import Decision
from refund_desk.wire.base import MAX_INT, Amount, Time, Wire
from refund_desk.wire.cases import EvidenceView, MessageView, RequestView
from refund_desk.wire.commands import Reason
from refund_desk.wire.figures import Said


class SampleRow(Wire):
    """A decision that waits for a second look. Neither its case nor what was decided is said."""

    id: int
    reason: str
    drawn_at: Time


class MyQuality(Wire):
    """own: figures of one's own decisions in the span, by name."""

    waiting: list[SampleRow]
    own: dict[str, Said]


class BlindView(Wire):
    """What was known when it was decided. decisions: those one may choose."""

    id: int
    currency: str
    requests: list[RequestView]
    messages: list[MessageView]
    evidence: list[EvidenceView]
    decisions: list[Decision]


class SecondLook(Wire):
    """amount in minor units of the sample's currency, where the decision has one."""

    decision: Decision
    minor: int | None = Field(default=None, ge=0, le=MAX_INT)
    note: Reason


class SecondLookDone(Wire):
    """What was decided first, now that one knows."""

    ref: str
    agrees: bool
    first: Decision
    first_amount: Amount | None
    second: Decision
    second_amount: Amount | None
