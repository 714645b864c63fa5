"""What an audit entry says: who did what, when, to which case. Ids, field names and digests, nothing personal.

Its canonical bytes (RFC 8785, made by an engine) are what is stored, hashed and proven. RFC 8785 sorts the
keys, so every entry begins with action, actor, at and case in that order: `opening` rebuilds these first
bytes from a row's columns, and verification compares them without parsing a line of JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from json.encoder import encode_basestring
from types import MappingProxyType
from typing import Any

SCHEMA = 1
"""Version of the entry's shape, in every entry as `v`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ACTION = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)*\Z")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry.

    at: when, aware. actor: the principal, such as `person:12/account:3`, `local-operator:ada`,
    `system:worker`. action: dotted, such as `proposal.made`, worded by `action.<action>` of the catalogue;
    that of something a rule forbade is `refused`, with the `rule` in its data.
    case: the case's reference. data: str, int, bool, None and lists and dicts of them; never a float.
    desk: the desk's id; epoch: counts restorations of its database.
    """

    at: datetime
    actor: str
    action: str
    case: str | None = None
    data: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    desk: str = ""
    epoch: int = 0

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an entry's time has an offset")
        if not _ACTION.match(self.action):
            raise ValueError(f"not a dotted action: {self.action!r}")
        if not self.actor:
            raise ValueError("an entry has an actor")

    @property
    def at_micros(self) -> int:
        """Microseconds since 1970-01-01 UTC, as in the bytes; canonical JSON holds them until the year 2255."""
        return (self.at - _EPOCH) // timedelta(microseconds=1)

    def to_dict(self) -> dict[str, Any]:
        """The entry as plain values, ready for canonical JSON. TypeError names a value that has no place in it."""
        return {
            "action": self.action,
            "actor": self.actor,
            "at": self.at_micros,
            "case": self.case,
            "data": _plain(self.data, "data"),
            "desk": self.desk,
            "epoch": self.epoch,
            "v": SCHEMA,
        }


def opening(action: str, actor: str, at_micros: int, case: str | None) -> bytes:
    """The bytes that an entry with these values begins with, up to and including the key of its data."""
    case_text = "null" if case is None else encode_basestring(case)
    head = f'{{"action":{encode_basestring(action)},"actor":{encode_basestring(actor)}'
    return f'{head},"at":{at_micros},"case":{case_text},"data":'.encode("utf-8", "surrogatepass")


def _plain(value: Any, path: str) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value, path)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {_key(key, path): _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    raise TypeError(f"{path}: {type(value).__name__} has no place in an audit entry")


def _key(key: Any, path: str) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        raise TypeError(f"{path}: keys are text")
    return key
