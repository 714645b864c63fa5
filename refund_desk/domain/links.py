"""Where a record is seen in its own system: an address per system and kind of record, with a place for its id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from refund_desk.domain.words import RecordKind

LONGEST: Final = 500
PLACES: Final[Mapping[RecordKind, frozenset[str]]] = {
    **dict.fromkeys(RecordKind, frozenset({"id"})),
    RecordKind.SHIPMENT: frozenset({"id", "tracking"}),
    RecordKind.RETURN: frozenset({"id", "tracking"}),
}
"""What an address may name: a record's own id; of parcels also the number their carrier knows them by."""
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_ODD: Final = re.compile(r"[\s\x00-\x1f\x7f\\<>\"^`|]")

Links = Mapping[str, Mapping[RecordKind, str]]
"""System → kind of record → address."""


def address_problem(kind: RecordKind, address: str) -> str | None:
    """Why an address can't be used, as a code; None where it can.

    Only http and https, a host that no id can change, and at least one place for what the record is called.
    """
    if len(address) > LONGEST:
        return "link.too_long"
    named = _PLACE.findall(address)
    if set("{}") & set(_PLACE.sub("", address)) or not set(named) <= PLACES[kind]:
        return "link.unknown_place"
    if not named:
        return "link.no_place"
    bare = _PLACE.sub("0", address)
    try:
        parts = urlsplit(bare)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "link.not_address"
    if parts.scheme not in ("http", "https"):
        return "link.scheme"
    if not host or _ODD.search(bare) or "@" in parts.netloc or not bare.isascii():
        return "link.not_address"
    return "link.place_in_host" if urlsplit(address).netloc != parts.netloc else None


def link_to(links: Links, system: str, kind: RecordKind, id: str, tracking: str | None = None) -> str | None:
    """The address of a record, its id percent-encoded; None where its system has none, or it can't be named."""
    address = links.get(system, {}).get(kind)
    values = {"id": id, "tracking": tracking or ""}
    # A path made of dots leads up, however it is encoded.
    if address is None or not all(values[name].strip(".") for name in _PLACE.findall(address)):
        return None
    return _PLACE.sub(lambda place: quote(values[place[1]], safe=""), address)
