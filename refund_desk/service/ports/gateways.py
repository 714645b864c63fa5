"""What a payout channel is: something that gives money back when told to, and says what it gave.

A connector under `sources/` fills `Channel`, one for each gateway. It decides nothing: it turns the
gateway's words into `Answer`, `Listed` and `Snapshot`, and whatever it doesn't know into UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from refund_desk.domain.sending import Answer, Listed, Paid, Parcel, Snapshot, Terms

__all__ = ["Answer", "Channel", "Channels", "Credentials", "CredentialsOf", "Epoch", "EpochFile", "Listing"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where a gateway is and what opens it. The secret never stands in a log, an error or the database."""

    address: str
    secret: str


CredentialsOf = Callable[[str], Credentials | None]
"""The credentials of a channel by its name; None: it isn't set up, and its payouts stay by hand."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a gateway lists under an intent's id, to the end of the list. theirs: by the gateway's clock."""

    found: Sequence[Listed]
    theirs: datetime | None = None


class Channel(Protocol):
    """One gateway. `read` and `find` raise Unavailable `channel.silent` when they can't be sure of the whole."""

    @property
    def terms(self) -> Terms: ...

    def read(self, paid: Paid, at: datetime) -> Snapshot:
        """The payment with all its refunds and disputes, now. at: our clock before the question leaves."""

    def send(self, parcel: Parcel) -> Answer:
        """Ask for the refund, once, under the parcel's key. Never raises: what it can't tell is UNKNOWN."""

    def find(self, parcel: Parcel) -> Listing:
        """Every refund that carries the intent's id in its searchable field."""


Channels = Mapping[str, Channel]
"""Channels by name, which is the source of the payments that go through them."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A count of submissions as it is kept outside the store. before: the last one that is surely in it."""

    before: int
    now: int


class EpochFile(Protocol):
    """Outside the database and its backups, so that a restored database is older than it."""

    def read(self) -> Epoch | None:
        """None: there is none. Raises Unavailable `epoch.unreadable`."""

    def write(self, epoch: Epoch) -> None: ...
