"""EasyPost (REST v2): trackers, joined to the order that has their tracking number; signed webhooks as hints.

Written from the published reference, and tried on objects recorded from its own service. What matters of it:
- Trackers come newest first, pages by `before_id`. Those of the last `days` days are listed with every run; a page has
  them whole, and `updated_at` with the status shows what changed.
- A tracker knows no order: its number does. One whose order isn't here yet is looked at again with the next listing.
- Webhooks are signed over the body (HMAC, NFKD of the secret); no time is signed, their event has an id.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from refund_desk.domain.errors import Invalid, NotFound, Unavailable
from refund_desk.domain.sources import Heard, Hint, Item, Page, Setting, SettingType, Tracked, canonical
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks, relisting
from refund_desk.sources.reading import Node, latest, plain_numbers
from refund_desk.sources.relisting import Seen
from refund_desk.sources.ways import Ways

STREAM: Final = "trackers"
PAGE: Final = 100
_STATES: Final[Mapping[str, str]] = {
    "pre_transit": "created",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "available_for_pickup": "out_for_delivery",
    "delivered": "delivered",
    "return_to_sender": "returned",
    "failure": "failed",
    "error": "failed",
    "cancelled": "cancelled",
    "unknown": "created",
}


class EasyPost:
    """The connector."""

    name = "easypost"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL, required=False, default="https://api.easypost.com"),
        Setting("key", SettingType.SECRET),
        Setting("days", SettingType.WHOLE, required=False, default=30, least=1),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (STREAM,)

    def open(self, config: Config) -> Session:
        return EasyPostSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """An event about a tracker."""
        key = unicodedata.normalize("NFKD", secret).encode()
        wanted = f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}".encode()
        if not hmac.compare_digest(wanted, headers.get("x-hmac-signature", "").encode("utf-8", "replace")):
            raise Invalid("hook.signature")
        said = Node(hooks.content(body))
        about, event = said.maybe("result"), said.maybe("id").words(200) or ""
        id = about.maybe("id").words(200) if about.maybe("object").words(40) == "Tracker" else None
        return Heard(event, (Hint(STREAM, id),) if id else ())


CONNECTOR = EasyPost()


@dataclass(slots=True)
class EasyPostSession:
    """One account."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]
    _page: dict[str, dict[str, Any]] = field(default_factory=dict)

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        self._rows({"page_size": "1"})

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        days = int(self.config.settings.get("days") or 30)
        return relisting.pull(cursor, known, self.clock, days, self._seen, self._whole)

    def _seen(self, since: datetime, place: Any) -> tuple[list[Seen], Any]:
        asked = {"page_size": str(PAGE), "start_datetime": since.isoformat()}
        rows, more = self._rows({**asked, "before_id": str(place)} if place is not None else asked)
        self._page = {row["id"]: row for row in rows}
        return [Seen(row["id"], mark_of(row)) for row in rows], rows[-1]["id"] if more and rows else None

    def _whole(self, ids: Sequence[str]) -> list[Item]:
        return [item_of(self._page[id]) for id in ids]

    def one(self, stream: str, id: str) -> Item | None:
        try:
            row = self._get(f"/v2/trackers/{quote(id, safe='')}")
        except NotFound:
            return None
        if not isinstance(row, dict) or row.get("id") != id:
            raise Unavailable("source.schema", system=self.config.system, what="tracker")
        return item_of(row)

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    def _rows(self, params: Mapping[str, str]) -> tuple[list[dict[str, Any]], bool]:
        said = self._get(f"/v2/trackers?{urlencode(params)}")
        rows = said.get("trackers") if isinstance(said, dict) else None
        if not isinstance(rows, list) or not all(isinstance(r, dict) and isinstance(r.get("id"), str) for r in rows):
            raise Unavailable("source.schema", system=self.config.system, what="trackers")
        return rows, said.get("has_more") is True

    def _get(self, path: str) -> Any:
        """The key goes as the name of Basic, without a password."""
        name = b64encode(f"{self.config.secrets['key']}:".encode()).decode("ascii")
        base = str(self.config.settings["url"]).rstrip("/")
        return self.ways.get(f"{base}{path}", {"authorization": f"Basic {name}"}).json()


def mark_of(row: Mapping[str, Any]) -> str:
    return f"{row.get('updated_at')}/{row.get('status')}"


def item_of(row: dict[str, Any]) -> Item:
    """A tracker. When it was shipped and delivered stands among what happened to it."""
    node = Node(row)
    made, changed = node["created_at"].time(), node["updated_at"].time()
    happened = [(one["status"].text(60), one["datetime"].when()) for one in node["tracking_details"].each()]
    moving = [at for status, at in happened if at and status in ("in_transit", "out_for_delivery", "delivered")]
    status = node["status"].text(60)
    arrived = [at for name, at in happened if at and name == "delivered"] if status == "delivered" else []
    parcel = Tracked(
        tracking=node["tracking_code"].text(400),
        status=_STATES.get(status, status),
        as_of=changed,
        carrier=node["carrier"].words(400),
        shipped_at=min(moving, default=None),
        delivered_at=latest(*arrived),
    )
    what = None if node.problems else parcel
    bare = {name: value for name, value in row.items() if name not in ("public_url", "fees")}
    return Item(row["id"], canonical(plain_numbers(bare)), what, changed, made, mark_of(row), tuple(node.problems))
