"""What every wire shape shares: frozen, strict, unknown fields refused, money as text."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

_ISO_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
_HUGE = re.compile(r"-?[1-9][0-9]{15,}(\.[0-9]+)?\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?\Z")


MAX_INT = 2**53 - 1
"""The largest integer that every JSON reader reads exactly."""


class Wire(BaseModel):
    """Base of all shapes that cross HTTP. Frozen; an unknown field is an error, not a loss."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False)


def _text_only(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str):
        raise ValueError("money.not_text")  # 12.30 as a JSON number is a binary float: refuse it
    return value


def _decimal(value: str) -> str:
    if not _DECIMAL.match(value):
        raise ValueError("money.too_large" if _HUGE.match(value) else "money.not_decimal")
    return value


DecimalText = Annotated[
    str,
    BeforeValidator(_text_only),
    AfterValidator(_decimal),
    Field(description='A decimal in major units, as text: "1299.00". Never a JSON number.', examples=["1299.00"]),
]
Minor = Annotated[
    int, Field(strict=True, ge=0, le=10**15, description="Minor units of the currency; an integer, never 12.0.")
]
Id64 = Annotated[int, Field(strict=True, ge=0, le=MAX_INT, description="Id of a row, as the service gave it.")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code.", examples=["CNY"])]
Id = Annotated[str, Field(min_length=1, max_length=200, description="An id as its own system writes it.")]


def _time_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _ISO_TIME.match(value):
        raise ValueError("time.unreadable")  # a number is seconds to some systems and milliseconds to others
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("time.unreadable") from None


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_time_text),
    Field(description="ISO 8601 with an offset.", examples=["2026-11-19T18:20:00+08:00"]),
]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z][A-Za-z]{1,3})?$", examples=["zh", "en"])]


class Amount(Wire):
    """Minor units and their currency, as the desk computes."""

    minor: int = Field(description="Integer of minor units (cents, fen, yen).")
    currency: Currency


class Coded(Wire):
    """A sentence to be worded by the reader's catalogue: `code` is the key, `params` its values."""

    code: str
    params: dict[str, Any] = Field(default_factory=dict)


class Text2(Wire):
    """Text that is data (process, policy, clause), in both languages."""

    zh: str
    en: str


class Problem(Wire):
    """RFC 9457 problem+json. `code` and `params` are worded by the client; `title` is for a log."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    params: dict[str, Any] = Field(default_factory=dict)


Direction = Literal["in", "out", "note"]


class PersonRef(Wire):
    id: int
    name: str
