"""Payout channels of the connections that two persons set up to pay through, as they stand now.

A connection pays only where its setting `payouts` says so; its payouts stay by hand otherwise. Its name is
the source of the payments that go back through it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from refund_desk.domain.errors import Unavailable
from refund_desk.service.ports.gateways import Channel, Credentials
from refund_desk.service.ports.sources import Config, Connection, Vault
from refund_desk.sources import medusa_payout, stripe_payout, vendure_payout
from refund_desk.sources.medusa import MedusaSession
from refund_desk.sources.vendure import VendureSession
from refund_desk.sources.ways import Patience, Ways

ONCE: Final = Patience(deadline=15.0, tries=1)
"""A call that may have moved money is never repeated by what carries it."""
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Maker:
    """How a connector's connection becomes a channel. secret: the setting that opens it."""

    secret: str
    make: Callable[[Connection, str, Clock], Channel]


def _stripe(connection: Connection, secret: str, _clock: Clock) -> Channel:
    found = Credentials(str(connection.settings["url"]), secret)
    return stripe_payout.StripePayout(found, replace(stripe_payout.TERMS, name=connection.name))


def _vendure(connection: Connection, secret: str, clock: Clock) -> Channel:
    ways = Ways(connection.name, private=connection.settings.get("private") is True, patience=ONCE)
    config = Config(connection.name, connection.settings, {"password": secret}, clock, ways)
    session = VendureSession(config, ways, clock)
    return vendure_payout.VendurePayout(session, replace(vendure_payout.TERMS, name=connection.name))


def _medusa(connection: Connection, secret: str, clock: Clock) -> Channel:
    ways = Ways(connection.name, private=connection.settings.get("private") is True, patience=ONCE)
    config = Config(connection.name, connection.settings, {"key": secret}, clock, ways)
    session = MedusaSession(config, ways, clock)
    return medusa_payout.MedusaPayout(session, clock, replace(medusa_payout.TERMS, name=connection.name))


MAKERS: Mapping[str, Maker] = {
    "medusa": Maker("key", _medusa),
    "stripe": Maker("key", _stripe),
    "vendure": Maker("password", _vendure),
}
"""By connector: what its setting `payouts` makes of a connection."""


class ConnectedChannels(Mapping[str, Channel]):
    """Every channel by name. Iterating looks at the connections anew; what is looked up is as it stood then.

    A channel whose connection hasn't changed stays the same object: another thread may be sending through it.
    """

    def __init__(self, connections: Callable[[], Sequence[Connection]], vault: Vault | None, clock: Clock) -> None:
        self._connections, self._vault, self._clock = connections, vault, clock
        self._lock = threading.Lock()
        self._made: dict[str, tuple[dict[str, object], Channel]] = {}

    def __getitem__(self, name: str) -> Channel:
        return self._made[name][1]

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            paying = [one for one in self._connections() if one.pays_out]
            made = {one.name: self._one(one) for one in paying if one.connector in MAKERS}
            self._made = {name: channel for name, channel in made.items() if channel is not None}
        return iter(self._made)

    def _one(self, connection: Connection) -> tuple[dict[str, object], Channel] | None:
        """None: its secret can't be had now; its payouts wait."""
        before = self._made.get(connection.name)
        if before is not None and before[0] == connection.content:
            return before
        maker = MAKERS[connection.connector]
        try:
            secret = self._vault.get(connection.secrets[maker.secret]) if self._vault else ""
        except Unavailable:
            return None
        return connection.content, maker.make(connection, secret, self._clock)
