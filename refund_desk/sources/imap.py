"""A mailbox over IMAP: what customers write, joined to cases by the service.

The cursor is UIDVALIDITY and the next UID. Another validity, and everything is read anew: a mail is known by
its Message-ID, so that what was read before changes nothing. `UID n:*` always gives the last message: what
is below n is left out. The mailbox is opened for reading alone: nothing is marked as seen, moved or deleted.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from refund_desk.domain.errors import DeskError, Invalid, NotFound, Unavailable
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES
from refund_desk.domain.requests import Problem
from refund_desk.domain.sources import Heard, Item, Page, Setting, SettingType
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources.mails import item_of
from refund_desk.sources.ways import Ways

T = TypeVar("T")
STREAM: Final = "mail"
PAGE: Final = 50
TRIES: Final = 3
_SIZE: Final = re.compile(rb"UID (\d+).*?RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+).*?UID (\d+)", re.DOTALL)
_PORTS: Final = {"tls": 993, "starttls": 143, "none": 143}


class Imap:
    """The connector."""

    name = "imap"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("host"),
        Setting("port", SettingType.WHOLE, required=False, least=1),
        Setting("security", required=False, default="tls"),
        Setting("username"),
        Setting("password", SettingType.SECRET),
        Setting("mailbox", required=False, default="INBOX"),
        Setting("address", required=False),
    )
    streams: Sequence[str] = (STREAM,)

    def open(self, config: Config) -> Session:
        return ImapSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """A mailbox sends no webhooks."""
        raise Invalid("hook.signature")


CONNECTOR = Imap()


class _Imap(imaplib.IMAP4):
    """imaplib over a connection that is there already: to an address that was checked."""

    def __init__(self, connection: Any) -> None:
        self._given = connection
        super().__init__()

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self.sock = self._given
        self.file = self.sock.makefile("rb")


@dataclass(slots=True)
class ImapSession:
    """One mailbox. files: attachments of the mails that were read, until the session ends."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]
    _imap: imaplib.IMAP4 | None = None
    _validity: int = 0
    _files: dict[str, bytes] = field(default_factory=dict)

    def close(self) -> None:
        imap, self._imap = self._imap, None
        if imap is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                imap.logout()

    def check(self) -> None:
        self._asked(lambda imap: imap.noop())

    # ------------------------------------------------------------ pages

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        """Some mails, oldest first."""
        at = dict(cursor or {})
        self._asked(lambda imap: imap.noop())
        begin = int(at.get("next", 1)) if at.get("validity") == self._validity else 1
        uids = self._asked(lambda imap: self._uids(imap, begin))
        some = uids[:PAGE]
        self._files.clear()
        items = [self._asked(partial(self._read, uid=uid)) for uid in some]
        after = {"validity": self._validity, "next": some[-1] + 1 if some else begin}
        there = [item for item in items if item is not None]
        return Page(tuple(there), after, more=len(uids) > PAGE, listed=frozenset(item.id for item in there))

    def _uids(self, imap: imaplib.IMAP4, begin: int) -> list[int]:
        found = self._fine(imap.uid("SEARCH", "UID", f"{begin}:*"))
        words = b" ".join(part for part in found if isinstance(part, bytes)).split()
        return sorted(uid for uid in (int(word) for word in words if word.isdigit()) if uid >= begin)

    def _read(self, imap: imaplib.IMAP4, uid: int) -> Item | None:
        """A mail; None for one that went between the search and now. One that is too large is told by its head."""
        size = self._size(imap, uid)
        if size is None:
            return None
        large = size > MAX_EVIDENCE_BYTES
        section = "(BODY.PEEK[HEADER])" if large else "(BODY.PEEK[])"
        parts = self._fine(imap.uid("FETCH", str(uid), section))
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        if raw is None:
            return None
        own = str(self.config.settings.get("address") or self.config.settings["username"])
        item, files = item_of(self.config.system, raw, own.lower(), self.clock())
        if large:
            too = Problem("", "mail.too_large", {"bytes": size})
            return Item(item.id, raw, None, problems=(too,))
        self._files |= files
        return item

    def _size(self, imap: imaplib.IMAP4, uid: int) -> int | None:
        for part in self._fine(imap.uid("FETCH", str(uid), "(UID RFC822.SIZE)")):
            found = _SIZE.search(part[0] if isinstance(part, tuple) else part or b"")
            if found:
                return int(found[2] or found[3])
        return None

    def one(self, stream: str, id: str) -> Item | None:
        """By its Message-ID. A mail that is gone takes nothing with it: what was said was said."""
        name = id.replace("\\", "").replace('"', "")
        found = self._asked(lambda imap: self._fine(imap.uid("SEARCH", "HEADER", "Message-ID", f'"{name}"')))
        uids = [int(word) for part in found if isinstance(part, bytes) for word in part.split() if word.isdigit()]
        items = (self._asked(partial(self._read, uid=uid)) for uid in uids)
        return next((item for item in items if item is not None and item.id == id), None)

    def file(self, name: str) -> bytes:
        data = self._files.get(name)
        if data is None:
            raise NotFound("evidence.missing", file=name)
        return data

    # ------------------------------------------------------------ asking

    def _asked(self, use: Callable[[imaplib.IMAP4], T]) -> T:
        """What the server says, connected first; connected anew where the connection broke."""
        failure: DeskError | None = None
        for _ in range(min(TRIES, self.ways.patience.tries)):
            try:
                with self._telling():
                    if self._imap is None:
                        self._connect()
                    assert self._imap is not None
                    return use(self._imap)
            except _Broken as broken:
                self._drop()
                failure = broken.final
        assert failure is not None
        raise failure

    def _drop(self) -> None:
        imap, self._imap = self._imap, None
        if imap is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                imap.shutdown()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """What imaplib raises, as what it is. Its texts may hold what we sent: they are not passed on."""
        system = self.config.system
        try:
            yield
        except TimeoutError:
            seconds = round(self.ways.patience.deadline)
            raise _Broken(Unavailable("source.timeout", system=system, seconds=seconds)) from None
        except imaplib.IMAP4.abort:
            raise _Broken(Unavailable("source.unreachable", system=system, why="cut")) from None
        except imaplib.IMAP4.error:
            raise _Broken(Unavailable("source.garbage", system=system)) from None
        except OSError as error:
            why = type(error).__name__
            raise _Broken(Unavailable("source.unreachable", system=system, why=why)) from None

    def _connect(self) -> None:
        given = self.config.settings
        host, way = str(given["host"]), str(given.get("security", "tls"))
        if way not in _PORTS:
            raise Unavailable("source.schema", system=self.config.system, what="security")
        raw = self.ways.addresses.connect(host, int(given.get("port") or _PORTS[way]), self.ways.patience.deadline)
        raw.settimeout(self.ways.patience.deadline)
        if way == "tls":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        imap = self._imap = _Imap(raw)
        if way == "starttls":
            imap.host = host  # the name that its certificate is checked for
            imap.starttls(ssl.create_default_context())
        self._sign_in(imap)
        self._select(imap)

    def _sign_in(self, imap: imaplib.IMAP4) -> None:
        """By AUTHENTICATE PLAIN, which takes any characters; else by LOGIN."""
        name, word = str(self.config.settings["username"]), self.config.secrets["password"]
        try:
            if "AUTH=PLAIN" in imap.capabilities:
                imap.authenticate("PLAIN", lambda _: f"\0{name}\0{word}".encode())
            else:
                imap.login(name, word)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
            if _passes(str(error)):
                self._fine(("NO", []))
            self._drop()
            raise Unavailable("source.sign_in", system=self.config.system, status=401) from None

    def _select(self, imap: imaplib.IMAP4) -> None:
        mailbox = str(self.config.settings.get("mailbox", "INBOX")).replace("\\", "").replace('"', "")
        kind, told = imap.select(f'"{mailbox}"', readonly=True)
        if kind != "OK" and not _passes(str(told)):
            self._drop()
            raise Unavailable("source.mailbox", system=self.config.system, mailbox=mailbox)
        self._fine((kind, told))
        _, said = imap.response("UIDVALIDITY")
        first = said[0] if said else None
        if not isinstance(first, bytes) or not first.isdigit():
            raise Unavailable("source.schema", system=self.config.system, what="UIDVALIDITY")
        self._validity = int(first)

    def _fine(self, answer: tuple[str, list[Any]]) -> list[Any]:
        """The data of an answer; NO is an error that may pass."""
        kind, data = answer
        if kind != "OK":
            raise _Broken(Unavailable("source.answer", system=self.config.system, said=kind[:20]))
        return data


def _passes(said: str) -> bool:
    """Whether a server that says no means: not now (RFC 5530)."""
    return any(code in said for code in ("[UNAVAILABLE]", "[SERVERBUG]", "[INUSE]", "[LIMIT]"))


class _Broken(Exception):
    """Try again on a new connection. final: what it is when that doesn't help."""

    def __init__(self, final: DeskError) -> None:
        super().__init__(final.code)
        self.final = final
