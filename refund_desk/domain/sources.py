"""What comes from a connected system: settings of a connection, pages of records, hints. Pure.

A connector (`service.ports.sources`) reads one outside system and gives what it read in these shapes. It
decides nothing: whether a record is new, old, late or odd is the service's to find out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from refund_desk.domain.errors import Invalid
from refund_desk.domain.order_files import columns_of
from refund_desk.domain.requests import Buyer, Letter, Problem, Proof, RequestRecord, Saying

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z")
"""Names of connections: they stand in addresses, in observations and in file names."""
LONGEST: Final = 2000
"""Characters of a setting."""
DELETED: Final = "deleted"
"""The status of a thing that its system no longer has."""


# ---------------------------------------------------------------- settings


class SettingType(StrEnum):
    TEXT = "text"
    URL = "url"
    WHOLE = "whole"
    FLAG = "flag"
    DAY = "day"
    COLUMNS = "columns"  # which column of a file is what, as `order_files.Columns.text`
    SECRET = "secret"  # noqa: S105 - the word, not one


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a connection needs. Its label is `source.setting.<connector>.<name>` of the catalogue.

    required: it has to be given; default: what holds where it isn't (None: nothing). A `SECRET` never
    stands among the settings: it is kept apart and referred to. least: of a whole number.
    """

    name: str
    type: SettingType = SettingType.TEXT
    required: bool = True
    default: str | int | bool | None = None
    least: int = 0

    @property
    def secret(self) -> bool:
        return self.type is SettingType.SECRET


COMMON: Final = (
    Setting("private", SettingType.FLAG, required=False, default=False),
    Setting("every", SettingType.WHOLE, required=False, default=5),
)
"""Settings that every connection has.

private: it may speak to addresses of a private network; every: minutes between two runs, 0: none by itself.
"""


def check_settings(wanted: Sequence[Setting], given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they will hold, with defaults. Raises Invalid `source.settings` with every mistake's path."""
    known = {setting.name: setting for setting in (*wanted, *COMMON) if not setting.secret}
    found = [Problem(f"settings.{name}", "setting.unknown") for name in sorted(given.keys() - known.keys())]
    out: dict[str, Any] = {}
    for name, setting in known.items():
        value = given.get(name)
        if value is None or value == "":
            if setting.required:
                found.append(Problem(f"settings.{name}", "setting.missing"))
            elif setting.default is not None:
                out[name] = setting.default
            continue
        code = _wrong(setting, value)
        if code:
            found.append(Problem(f"settings.{name}", code, {"least": setting.least}))
        out[name] = value
    if found:
        raise Invalid("source.settings", problems=[problem.plain() for problem in found])
    return out


def check_secrets(wanted: Sequence[Setting], given: Iterable[str]) -> None:
    """Raises Invalid `source.settings` where a secret is missing or nobody asked for it."""
    names, secrets = set(given), {setting.name: setting for setting in wanted if setting.secret}
    found = [Problem(f"secrets.{name}", "setting.unknown") for name in sorted(names - secrets.keys())]
    lacking = [s.name for s in secrets.values() if s.required and s.name not in names]
    found += [Problem(f"secrets.{name}", "setting.missing") for name in lacking]
    if found:
        raise Invalid("source.settings", problems=[problem.plain() for problem in found])


def _wrong(setting: Setting, value: Any) -> str | None:
    """The code of what is wrong with a value, None where it holds."""
    if setting.type is SettingType.FLAG:
        return None if isinstance(value, bool) else "setting.not_flag"
    if setting.type is SettingType.WHOLE:
        good = isinstance(value, int) and not isinstance(value, bool) and setting.least <= value <= 2**53
        return None if good else "setting.not_whole"
    if not isinstance(value, str) or len(value) > LONGEST or any(ord(sign) < 32 for sign in value):
        return "setting.not_text"
    if setting.type is SettingType.URL and not _is_url(value):
        return "setting.not_url"
    if setting.type is SettingType.COLUMNS and not _are_columns(value):
        return "setting.not_columns"
    if setting.type is SettingType.DAY and not _is_day(value):
        return "setting.not_day"
    return None


def _is_url(text: str) -> bool:
    """http(s) with a host, and no name or password in it: those would end in a log."""
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.username is None and parts.password is None and parts.port != 0
    except ValueError:
        return False
    return named and parts.scheme in ("http", "https") and not parts.query and not parts.fragment


def _are_columns(text: str) -> bool:
    try:
        columns_of(text)
    except Invalid:
        return False
    return True


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


# ---------------------------------------------------------------- what is read


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What a system says about one order, whether or not anybody asks for money back.

    letters and proofs (notes, pictures) belong to a case: until the order has one they are only known to exist.
    """

    order: str
    currency: str
    sayings: tuple[Saying, ...]
    buyer: Buyer | None = None
    letters: tuple[Letter, ...] = ()
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """A message from a mailbox, not yet known to belong to any case.

    names: words in it that may be order numbers; address: the other side's, in lower case; after: ids of
    messages that it answers, nearest first.
    """

    letter: Letter
    subject: str
    names: tuple[str, ...]
    address: str
    after: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Tracked:
    """Where a parcel is, by a system that knows its tracking number and mostly no order. as_of: by its clock."""

    tracking: str
    status: str
    as_of: datetime
    carrier: str | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    order: str | None = None


What = OrderFacts | RequestRecord | Mail | Tracked


@dataclass(frozen=True, slots=True)
class Item:
    """One record as a system has it now. `what` None: it can't be read, and `problems` says why.

    id: the system's own, unique in its stream. raw: its bytes, the same however it was sent: what is
    hashed, and what is kept where it can't be taken. as_of: when the system last changed it, by the
    system's clock; None where it doesn't say. made_at: when the thing came to be. mark: a short text that
    changes when it does (`Known.marks`).
    """

    id: str
    raw: bytes
    what: What | None
    as_of: datetime | None = None
    made_at: datetime | None = None
    mark: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.raw).digest()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of one stream. cursor: where the next one begins, plain JSON; kept with the page's records.

    more: the stream has further pages now. listed: ids that the system listed on it, those among them that
    haven't changed as well. fresh: with this page a listing begins anew. whole: with this page the system
    has listed everything it has since then; what we know of since then and saw nowhere is gone.
    """

    items: tuple[Item, ...]
    cursor: Mapping[str, Any]
    more: bool = False
    listed: frozenset[str] = frozenset()
    fresh: bool = False
    whole: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that a system says has changed: to be read again."""

    stream: str
    id: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A webhook whose signature held. `event`: its id, seen once. payments: those it speaks of, by their numbers:
    what of ours is out on them is asked about now."""

    event: str
    hints: tuple[Hint, ...] = ()
    payments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run did. read = new + changed + unchanged + quarantined + ignored; gone are beside them."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    ignored: int = 0
    gone: int = 0
    pages: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


# ---------------------------------------------------------------- reading what a system sent


def canonical(value: Any) -> bytes:
    """Bytes of plain values that don't depend on the order of keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def moment(text: str) -> datetime:
    """An ISO 8601 time with its offset, in UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not 1900 <= at.year <= 2900:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC)


def not_after(at: datetime | None, now: datetime) -> datetime:
    """When a system said something, by our clock: never later than now, whatever its clock shows."""
    return now if at is None else min(at, now)
