"""Payout channels of the connections that two persons set up to pay through, as they stand now.

A connection pays only where its setting `payouts` says so; its payouts stay by hand otherwise. Its name is
the source of the payments that go back through it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from refund_desk.domain.errors import Unavailable
from refund_desk.service.ports.gateways import Channel, Credentials
from refund_desk.service.ports.sources import Connection, Vault
from refund_desk.sources.stripe_payout import TERMS, StripePayout


def _stripe(name: str, credentials: Credentials) -> Channel:
    return StripePayout(credentials, replace(TERMS, name=name))


MAKERS: Mapping[str, Callable[[str, Credentials], Channel]] = {"stripe": _stripe}
"""By connector: what its setting `payouts` makes of a connection."""


class ConnectedChannels(Mapping[str, Channel]):
    """Every channel by name. Iterating looks at the connections anew; what is looked up is as it stood then.

    A channel whose connection hasn't changed stays the same object: another thread may be sending through it.
    """

    def __init__(self, connections: Callable[[], Sequence[Connection]], vault: Vault | None) -> None:
        self._connections, self._vault = connections, vault
        self._lock = threading.Lock()
        self._made: dict[str, tuple[dict[str, object], Channel]] = {}

    def __getitem__(self, name: str) -> Channel:
        return self._made[name][1]

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            paying = [one for one in self._connections() if one.enabled and one.settings.get("payouts") is True]
            made = {one.name: self._one(one) for one in paying if one.connector in MAKERS}
            self._made = {name: channel for name, channel in made.items() if channel is not None}
        return iter(self._made)

    def _one(self, connection: Connection) -> tuple[dict[str, object], Channel] | None:
        """None: its secret can't be had now; its payouts wait."""
        before = self._made.get(connection.name)
        if before is not None and before[0] == connection.content:
            return before
        try:
            secret = self._vault.get(connection.secrets["key"]) if self._vault else ""
        except Unavailable:
            return None
        found = Credentials(str(connection.settings["url"]), secret)
        return connection.content, MAKERS[connection.connector](connection.name, found)
