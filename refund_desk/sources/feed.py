"""A feed: messages of chats and calls, and where parcels are, of any system that serves our documented JSON over HTTP.

`GET <url>/messages?after=<cursor>&limit=100`, with a bearer token, answers `{"items": […], "next": "<cursor>",
"more": true}`; without `after` it begins at the beginning, the cursor is the system's own. `GET <url>/messages/<id>`
answers one item. The same for `parcels`, which are listed again when they change. What an item is,
`refund-desk schema message` and `refund-desk schema parcel` say (docs/connectors.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast
from urllib.parse import quote, urlencode

from refund_desk.domain.errors import NotFound, Unavailable
from refund_desk.domain.requests import Letter, Problem
from refund_desk.domain.sources import (
    Heard,
    Hint,
    Item,
    Mail,
    Page,
    Setting,
    SettingType,
    Tracked,
    canonical,
)
from refund_desk.domain.words import Who
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks
from refund_desk.sources.reading import Node, plain_numbers
from refund_desk.sources.ways import Ways

MESSAGES, PARCELS = "messages", "parcels"
PAGE: Final = 100
CHANNELS: Final = frozenset({"chat", "call"})
STATES: Final = frozenset({"created", "shipped", "in_transit", "out_for_delivery", "delivered", "returned", "failed"})
_DIRECTIONS: Final = frozenset({"in", "out", "note"})


class Feed:
    """The connector."""

    name = "feed"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL),
        Setting("token", SettingType.SECRET),
        Setting("messages", SettingType.FLAG, required=False, default=True),
        Setting("parcels", SettingType.FLAG, required=False, default=True),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (MESSAGES, PARCELS)

    def open(self, config: Config) -> Session:
        return FeedSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """Signed as standardwebhooks.com says: `{"stream": "parcels", "id": …}`."""
        event = hooks.standard(headers, body, secret, now)
        said = hooks.content(body)
        stream, id = (said.get("stream"), said.get("id")) if isinstance(said, dict) else (None, None)
        known = stream in self.streams and isinstance(id, str) and 0 < len(id) <= 400
        return Heard(event, (Hint(str(stream), str(id)),) if known else ())


CONNECTOR = Feed()


@dataclass(slots=True)
class FeedSession:
    """One feed."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        for stream in (MESSAGES, PARCELS):
            if self._has(stream):
                self._page(stream, {"limit": "1"})

    def _has(self, stream: str) -> bool:
        return self.config.settings.get(stream) is not False

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        at = dict(cursor or {})
        if not self._has(stream):
            return Page((), at)
        after = {"after": str(at["after"])} if at.get("after") is not None else {}
        rows, place, more = self._page(stream, {**after, "limit": str(PAGE)})
        items = tuple(self._item(stream, row) for row in rows)
        where = at if place is None else {"after": place}
        return Page(items, where, more=more and where != at, listed=frozenset(item.id for item in items))

    def _page(self, stream: str, params: Mapping[str, str]) -> tuple[list[dict[str, Any]], str | None, bool]:
        said = self._get(f"{stream}?{urlencode(params)}")
        rows, place = (said.get("items"), said.get("next")) if isinstance(said, dict) else (None, None)
        fine = isinstance(rows, list) and all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows)
        if not fine or not (place is None or isinstance(place, str)):
            raise Unavailable("source.schema", system=self.config.system, what=stream)
        return cast(list[dict[str, Any]], rows), place, said.get("more") is True

    def one(self, stream: str, id: str) -> Item | None:
        try:
            row = self._get(f"{stream}/{quote(id, safe='')}")
        except NotFound:
            return None
        if not isinstance(row, dict) or row.get("id") != id:
            raise Unavailable("source.schema", system=self.config.system, what=stream)
        return self._item(stream, row)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    def _item(self, stream: str, row: dict[str, Any]) -> Item:
        return message_item(self.config.system, row) if stream == MESSAGES else parcel_item(row)

    def _get(self, path: str) -> Any:
        url = f"{str(self.config.settings['url']).rstrip('/')}/{path}"
        return self.ways.get(url, {"authorization": f"Bearer {self.config.secrets['token']}"}).json()


def message_item(system: str, row: dict[str, Any]) -> Item:
    """A message of a chat, or a note of a call."""
    node = Node(row)
    sent = node["sent_at"].time()
    who = node["who"].text(40)
    if who not in set(Who):
        _wrong(node["who"])
        who = Who.SYSTEM.value
    letter = Letter(
        source=system,
        id=node["id"].id(),
        direction=cast(Literal["in", "out", "note"], _one_of(node["direction"], _DIRECTIONS, "note")),
        channel=_one_of(node["channel"], CHANNELS, "chat"),
        who=Who(who),
        name=node.maybe("name").words(300),
        sent_at=sent,
        text=node["text"].text(),
        language=node.maybe("language").words(20),
        attachments=(),
        promise=None,
    )
    order, email = node.maybe("order").words(200), (node.maybe("email").words(300) or "").lower()
    after = tuple(one.id() for one in node.maybe("after").each())
    mail = Mail(letter, "", (order,) if order else (), email, after)
    what = None if node.problems else mail
    return Item(row["id"], canonical(plain_numbers(row)), what, sent, sent, None, tuple(node.problems))


def parcel_item(row: dict[str, Any]) -> Item:
    """Where a parcel is by now."""
    node = Node(row)
    at = node["as_of"].time()
    parcel = Tracked(
        tracking=node["tracking"].text(400),
        status=_one_of(node["status"], STATES, "created"),
        as_of=at,
        carrier=node.maybe("carrier").words(400),
        shipped_at=node.maybe("shipped_at").when(),
        delivered_at=node.maybe("delivered_at").when(),
        order=node.maybe("order").words(200),
    )
    what = None if node.problems else parcel
    return Item(row["id"], canonical(plain_numbers(row)), what, at, at, None, tuple(node.problems))


def _one_of(node: Node, allowed: frozenset[str], instead: str) -> str:
    """One of these words; any other is a mistake."""
    found = node.text(40)
    if found in allowed:
        return found
    _wrong(node)
    return instead


def _wrong(node: Node) -> None:
    node.problems.append(Problem(node.path, "field.not_allowed", {"allowed": ""}))
