"""A merchant's own way to answer: a link for one question of one case, signed, for a time. Pure.

The link carries the case, when it was put to the merchant and until when it holds. It needs no table: the
moment of the question names it, so an answer, a new question or the end of the wait makes it worth nothing.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from refund_desk.domain.errors import NotFound

LONGEST: Final = 400
"""Characters of a token; nobody reads a longer one."""
UNLESS_LIMITED: Final = timedelta(hours=72)
"""How long a link holds where the process sets the merchant no time."""
_PURPOSE: Final = b"merchant-link/1\0"
_TICK: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Seal = Callable[[bytes], bytes]
"""A keyed digest of bytes that only this desk can make."""


@dataclass(frozen=True, slots=True)
class Link:
    """asked_at: when the case came to wait for its merchant; until: the last moment for an answer."""

    ref: str
    asked_at: datetime
    until: datetime


def token_of(link: Link, seal: Seal) -> str:
    """The link's secret part: letters, digits, - and _ around one point."""
    said = f"{link.ref}/{_number(link.asked_at)}/{_number(link.until)}".encode("ascii")
    return f"{_text(said)}.{_text(seal(_PURPOSE + said))}"


def link_of(token: str, seal: Seal) -> Link:
    """What a token says, if this desk made it. Raises NotFound `merchant.link_bad`, always the same."""
    said, _, mac = token.partition(".") if len(token) <= LONGEST else ("", "", "")
    try:
        content, given = _bytes(said), _bytes(mac)
        if not hmac.compare_digest(seal(_PURPOSE + content), given):
            raise ValueError("not ours")
        ref, asked, until = content.decode("ascii").split("/")
        return Link(ref, _moment(asked), _moment(until))
    except (ValueError, Error, OverflowError):
        raise NotFound("merchant.link_bad") from None


def _number(at: datetime) -> int:
    return (at - _EPOCH) // _TICK


def _moment(number: str) -> datetime:
    return _EPOCH + int(number) * _TICK


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    """Strict: a character more or less is another token."""
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("not as it is written")
    return raw
