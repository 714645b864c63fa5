"""Signatures of webhooks, over the raw body, in constant time, within a window of time.

`standard` is the scheme of standardwebhooks.com: headers webhook-id, webhook-timestamp and
webhook-signature, the last `v1,<base64 of HMAC-SHA256 of "id.timestamp.body">`, several with spaces between;
the secret is `whsec_` and base64, or any text.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from refund_desk.domain.errors import Invalid

WINDOW_S: Final = 300
_MOST: Final = 10


def standard(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> str:
    """The id of a webhook that holds. Raises Invalid."""
    name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    within(at, now)
    signed = f"{name}.{at}.".encode("utf-8", "replace") + body
    wanted = b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest())
    given = headers.get("webhook-signature", "").split(" ")[:_MOST]
    same = [hmac.compare_digest(wanted, one.removeprefix("v1,").encode()) for one in given if one.startswith("v1,")]
    if not name or not any(same):
        raise Invalid("hook.signature")
    return name


def stripe(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> None:
    """A `stripe-signature` that holds: `t=<seconds>,v1=<hex>` over "t.body". Raises Invalid."""
    pairs = [part.partition("=") for part in headers.get("stripe-signature", "").split(",")[: 2 * _MOST]]
    at = next((value for name, _, value in pairs if name.strip() == "t"), "")
    within(at, now)
    wanted = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest().encode()
    same = [hmac.compare_digest(wanted, value.encode()) for name, _, value in pairs if name.strip() == "v1"]
    if not any(same):
        raise Invalid("hook.signature")


def within(at: str, now: datetime) -> None:
    """Seconds since 1970, not further from now than the window. Raises Invalid."""
    if not at.isascii() or not at.isdigit() or len(at) > 12 or abs(int(at) - now.timestamp()) > WINDOW_S:
        raise Invalid("hook.time")


def _key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        try:
            return b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass  # somebody's own text
    return secret.encode()


def content(body: bytes) -> Any:
    """The JSON of a webhook. Raises Invalid."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("hook.not_json") from None
