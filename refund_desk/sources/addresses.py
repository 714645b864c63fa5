"""Which addresses a source may speak to. A name is resolved once, and the connection goes to what was checked.

Every address of a name is looked at: one private among them, and the name is refused, for the next
connection might go there.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from refund_desk.domain.errors import Unavailable

Resolve = Callable[[str, int], list[str]]
_NAT64: Final = IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """Addresses of a name, in the system's order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one only wraps."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def allowed(text: str, private: bool) -> bool:
    """Whether a connection may go to an address. private: networks of one's own as well.

    Link-local ones are never spoken to: machines in a cloud tell their secrets there.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and (inside := _inside(address)) is not None:
        address = inside
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    return address.is_global or (private and (address.is_private or address.is_loopback))


@dataclass(slots=True)
class Addresses:
    """The addresses of one session: each name is resolved once, as long as it lives."""

    system: str
    private: bool
    resolve: Resolve = resolve
    _known: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)

    def of(self, host: str, port: int) -> tuple[str, ...]:
        """Checked addresses. Raises Unavailable `source.unreachable` or `source.address`."""
        key = (host.lower().rstrip("."), port)
        if key not in self._known:
            self._known[key] = self._checked(*key)
        return self._known[key]

    def _checked(self, host: str, port: int) -> tuple[str, ...]:
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unavailable("source.unreachable", system=self.system, why=type(error).__name__) from None
        try:
            good = bool(found) and all(allowed(one, self.private) for one in found)
        except ValueError:
            good = False
        if not good:
            raise Unavailable("source.address", system=self.system, host=host)
        return tuple(found)

    def connect(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """A connection to a checked address, the first that answers. Raises Unavailable."""
        why = "OSError"
        for address in self.of(host, port):
            try:
                return socket.create_connection((address, port), timeout=timeout_s)
            except OSError as error:
                why = type(error).__name__
        raise Unavailable("source.unreachable", system=self.system, why=why)
