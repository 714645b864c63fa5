"""What a feed of a system of one's own serves: messages of chats and calls, and where parcels are.

`refund-desk schema message` and `refund-desk schema parcel` print their JSON Schema; `sources.feed` reads them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from refund_desk.domain.words import Who
from refund_desk.wire.base import Direction, Id, Language, Time, Wire
from refund_desk.wire.bundle import Long, Short


class FeedMessage(Wire):
    """One message of a chat, or a note of a call. It goes to the case of its order, thread or sender."""

    id: Id = Field(description="The system's own, for ever.")
    channel: Literal["chat", "call"] = Field(description="Where it was said.")
    direction: Direction = Field(
        description="in: from the customer; out: to them; note: internal, as a note of a call."
    )
    who: Who = Field(description="Who said it, or wrote the note.")
    name: Short | None = Field(default=None, description="Name of whoever said it.")
    sent_at: Time
    text: Long = Field(min_length=1, description="Every word, as it was said; of a call what it came to.")
    language: Language | None = None
    order: Id | None = Field(default=None, description="Number of the order it is about, where that is known.")
    email: Short | None = Field(default=None, description="The customer's address, where it is known.")
    after: list[Id] = Field(default_factory=list, max_length=20, description="Messages it answers, nearest first.")


class FeedParcel(Wire):
    """Where a parcel is by now. It goes to the order that has its tracking number."""

    id: Id = Field(description="The system's own, for ever.")
    tracking: Id = Field(description="The carrier's number of the parcel.")
    carrier: Short | None = None
    status: Literal["created", "shipped", "in_transit", "out_for_delivery", "delivered", "returned", "failed"]
    as_of: Time = Field(description="When it came to be so; what is older than what is known changes nothing.")
    shipped_at: Time | None = None
    delivered_at: Time | None = None
    order: Id | None = Field(default=None, description="Number of the order, where that is known.")
