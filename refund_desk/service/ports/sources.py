"""What a connector to an outside system is, and what sync needs of the store, of secrets and of the network.

A connector is an object of the entry point group `refund_desk.sources` that fills `Connector`; ours are
in `sources/`, a company can bring its own (docs/connectors.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from refund_desk.domain.sources import Counts, Heard, Hint, Item, Page, Setting

GROUP = "refund_desk.sources"
"""The entry point group."""


class Known(Protocol):
    """What the desk already has of a stream, so that what hasn't changed needn't be fetched."""

    def marks(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        """The marks with which these records were last taken; those never taken are left out."""


class Session(Protocol):
    """One connection at work. Everything it raises for the system's sake is a DeskError `source.…`."""

    def check(self) -> None:
        """Sign in and read as little as shows that reading will work. Raises what is wrong."""

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        """The page after a cursor; None: from the beginning. The same cursor again gives the same, or newer."""

    def one(self, stream: str, id: str) -> Item | None:
        """A single record as it is now; None: the system has none (any more)."""

    def file(self, name: str) -> bytes:
        """A file of evidence that a record listed (`Proof.file`). Raises NotFound, TooLarge, Unavailable."""

    def close(self) -> None: ...


class Connector(Protocol):
    """A way to read one kind of system. Stateless; what belongs to one connection is in its session."""

    name: str
    """As in the entry point, lower case."""
    version: str
    settings: Sequence[Setting]
    streams: Sequence[str]
    """Names of its streams, in the order in which they are pulled."""

    def open(self, config: Config) -> Session:
        """A session. Nothing is sent yet."""

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """A webhook, its signature checked over the raw body in constant time and its time within its window.

        headers: names in lower case. Raises Invalid `hook.…`. A hint at most: it is read again.
        """


@dataclass(frozen=True, slots=True)
class Config:
    """What a session is opened with. system: the connection's name, the source of what it says.

    ways: how it reaches the outside, guarded (`sources.ways.Ways`); a port here would only repeat it.
    """

    system: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    clock: Any
    ways: Any


@dataclass(frozen=True, slots=True)
class About:
    """A connector as somebody setting one up sees it. hooks: it takes webhooks."""

    name: str
    version: str
    settings: tuple[Setting, ...]
    streams: tuple[str, ...]
    hooks: bool


class Connectors(Protocol):
    """Every connector of this installation, by name."""

    def all(self) -> Sequence[About]: ...
    def about(self, name: str) -> About:
        """Raises NotFound `source.no_connector`."""

    def open(
        self,
        name: str,
        system: str,
        settings: Mapping[str, Any],
        secrets: Mapping[str, str],
        *,
        quick: bool = False,
    ) -> Session:
        """A session of a connection. quick: somebody waits for it, every call is tried once."""

    def hear(self, name: str, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard: ...


class Vault(Protocol):
    """Where secrets are: never in the database, never in a log."""

    def put(self, owner: str, value: str) -> str:
        """Keep a secret; returns what it is referred to by, which begins with `owner`."""

    def get(self, ref: str) -> str:
        """Raises Unavailable `secret.missing`, `secret.exposed`."""

    def drop(self, ref: str) -> None: ...


# ---------------------------------------------------------------- the store's part


@dataclass(frozen=True, slots=True)
class Connection:
    """A source as it is connected. secrets: setting → reference into the vault. salt keys its records' hashes."""

    id: int
    name: str
    connector: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    enabled: bool
    salt: bytes
    next_at: datetime | None
    busy_until: datetime | None = None

    @property
    def pays_out(self) -> bool:
        """Whether two persons set it up to give money back by itself."""
        return self.enabled and self.settings.get("payouts") is True

    @property
    def content(self) -> dict[str, Any]:
        """As a change of settings has it."""
        return {
            "connector": self.connector,
            "settings": dict(self.settings),
            "secrets": dict(self.secrets),
            "enabled": self.enabled,
        }


@dataclass(frozen=True, slots=True)
class TakenRecord:
    """How a record was last taken, or is to be remembered.

    order_id: the order it is about; head: `<kind>/<external id>` of the first thing it said of it;
    waiting: it has more, for a case to come; made_at: when the thing came to be.
    """

    id: str
    digest: bytes
    as_of: datetime
    made_at: datetime | None = None
    mark: str | None = None
    order_id: int | None = None
    head: str | None = None
    waiting: bool = False
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a source: what it did, and what ended it."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    status: str
    counts: Counts
    error: Mapping[str, Any] | None = None


class SourceBook(Protocol):
    """Connections, their cursors, runs and what was taken. Filled by `store.sources`."""

    def all(self) -> list[Connection]: ...
    def by_name(self, name: str) -> Connection | None: ...
    def save(self, name: str, content: Mapping[str, Any], salt: bytes, at: datetime, change_id: int | None) -> int: ...
    def claim(self, connection_id: int, holder: str, now: datetime, until: datetime) -> bool:
        """Make this run the only one of a source until then; False while another holds it."""

    def held(self, connection_id: int, holder: str, until: datetime) -> bool:
        """Hold on to it; False where it was lost. Locks the row until the commit."""

    def free(self, connection_id: int, holder: str, next_at: datetime | None, *, failed: bool = False) -> None: ...
    def due(self, now: datetime) -> list[Connection]: ...
    def ask_for(self, connection_id: int, at: datetime) -> None:
        """Let it run by then, if it isn't to earlier."""

    def cursor(self, connection_id: int, stream: str) -> Mapping[str, Any] | None: ...
    def cursors(self, connection_id: int) -> dict[str, Mapping[str, Any]]: ...
    def put_cursor(self, connection_id: int, stream: str, cursor: Mapping[str, Any], at: datetime) -> None: ...
    def start_run(self, connection_id: int, at: datetime) -> int: ...
    def end_run(
        self, run_id: int, at: datetime, status: str, counts: Counts, error: Mapping[str, Any] | None
    ) -> None: ...
    def runs(self, connection_id: int, limit: int) -> list[Run]: ...
    def records(self, connection_id: int, stream: str, ids: Sequence[str]) -> dict[str, TakenRecord]: ...
    def remember(self, connection_id: int, stream: str, rows: Sequence[TakenRecord], at: datetime) -> None: ...
    def streams_of(self, connection_id: int, id: str) -> list[str]:
        """Streams in which a record of that id was taken or refused."""

    def since(self, connection_id: int, stream: str, since: datetime) -> set[str]:
        """Ids of things made since then that were not gone when last seen."""

    def add_hints(self, connection_id: int, hints: Iterable[Hint], at: datetime) -> None: ...
    def hints(self, connection_id: int, limit: int) -> list[tuple[int, Hint]]: ...
    def drop_hints(self, hint_ids: Collection[int]) -> None: ...
    def waiting(self, connection_id: int, limit: int) -> list[Hint]:
        """Records with something for a case, whose order has one by now."""

    def heard(self, connection_id: int, event: str, at: datetime) -> bool:
        """Note an event's id; False where it was noted before."""

    def forget_heard(self, before: datetime) -> None: ...
    def cases_of_messages(self, source: str, ids: Sequence[str]) -> list[int]:
        """Cases that have one of these messages, the nearest first."""

    def cases_of_address(self, spellings: Sequence[str]) -> list[int]:
        """Open cases of customers with that mail address, newest first."""

    def orders_named(self, names: Sequence[str]) -> list[str]:
        """Those of the words that are order numbers, in their order."""

    def orders_of(self, tracking: str) -> list[str]:
        """Numbers of the orders that have a parcel of that tracking number, by any system's current word."""

    def knows_address(self, spellings: Sequence[str]) -> bool: ...
