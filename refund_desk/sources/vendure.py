"""Vendure (GraphQL admin API): orders with lines, payments, refunds, shipments, notes and pictures.

Tried against Vendure 3.7 (tests/upstreams). What its API doesn't say:
- `Order.updatedAt` doesn't move with notes, refunds, settlements, payments, shipments or custom fields. New
  orders are found by when they were placed; those of the last `days` days are listed again with every run,
  as little of each as shows whether it changed (`mark`), and read whole where it did. Once a day all of
  them are read whole, for what the mark doesn't show.
- The filter `after` can give its boundary again, and orders placed in one moment stand in no order: a
  page begins a second before the last one ended, and what comes twice changes nothing.
- Errors come with status 200. Amounts are minor units.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from refund_desk.domain.errors import DeskError, NotFound, Unavailable
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES
from refund_desk.domain.sources import Heard, Hint, Item, Page, Setting, SettingType, moment
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources import hooks
from refund_desk.sources.vendure_orders import full_query, item_of, light_query, mark_of
from refund_desk.sources.ways import Ways

STREAM: Final = "orders"
NEW_PAGE: Final = 100
LIST_PAGE: Final = 500
WHOLE_EVERY: Final = timedelta(hours=24)
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}\Z")
_LOGIN: Final = (
    "mutation($u:String!,$p:String!){login(username:$u,password:$p){__typename ...on ErrorResult{errorCode}}}"
)
_CHECK: Final = "query($o:OrderListOptions){orders(options:$o){totalItems}}"
_NO_LONGER: Final = frozenset({"FORBIDDEN", "UNAUTHORIZED"})
_SCHEMA: Final = frozenset({"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"})


class Vendure:
    """The connector."""

    name = "vendure"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL),
        Setting("username"),
        Setting("password", SettingType.SECRET),
        Setting("channel", required=False),
        Setting("since", SettingType.DAY, required=False),
        Setting("days", SettingType.WHOLE, required=False, default=30, least=1),
        Setting("evidence_field", required=False),
        Setting("payouts", SettingType.FLAG, required=False, default=False),
        Setting("hook", SettingType.SECRET, required=False),
    )
    streams: Sequence[str] = (STREAM,)

    def open(self, config: Config) -> Session:
        return VendureSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """What a shop's plugin posts, signed as standardwebhooks.com says: `{"orderId": …}`."""
        event = hooks.standard(headers, body, secret, now)
        said = hooks.content(body)
        order = said.get("orderId") if isinstance(said, dict) else None
        known = isinstance(order, str | int) and not isinstance(order, bool) and 0 < len(str(order)) <= 100
        return Heard(event, (Hint(STREAM, str(order)),) if known else ())


CONNECTOR = Vendure()


@dataclass(slots=True)
class VendureSession:
    """One shop."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]
    _token: str | None = None
    _files: dict[str, str] = field(default_factory=dict)
    theirs: datetime | None = None
    """The shop's own time of its last answer."""

    def close(self) -> None:
        """Its token ends by itself."""

    def check(self) -> None:
        self.ask(_CHECK, {"o": {"take": 1}})
        self.ask(light_query(self._evidence), {"o": {"take": 1}})

    # ------------------------------------------------------------ pages

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        """New orders first, then the recent ones again."""
        at = dict(cursor or {})
        return self._again(at, known) if at.get("phase") == "recent" else self._new(at)

    def _new(self, at: dict[str, Any]) -> Page:
        after = at.get("after") or f"{self.config.settings.get('since') or '1970-01-01'}T00:00:00.000Z"
        skip = int(at.get("skip", 0))
        rows = self._list(full_query(self._evidence), after, skip, NEW_PAGE)
        end = len(rows) < NEW_PAGE
        place = _next(after, skip, rows)
        return Page(
            items=tuple(self._item(row) for row in rows),
            cursor={**at, **place, "phase": "recent" if end else "new", "list": None},
            more=True,
            listed=frozenset(_id(row) for row in rows),
        )

    def _again(self, at: dict[str, Any], known: Known) -> Page:
        """One page of those placed in the last days; whole where they changed, or where it is time for all."""
        listing = at.get("list")
        fresh = listing is None
        if listing is None:
            now = self.clock()
            since = _text(now - timedelta(days=int(self.config.settings["days"])))
            last = at.get("whole_at")
            whole = last is not None and moment(last) <= now - WHOLE_EVERY  # the first run has just read them all
            listing = {"since": since, "after": since, "skip": 0, "whole": whole, "began": _text(now)}
        rows = self._list(light_query(self._evidence), listing["after"], listing["skip"], LIST_PAGE)
        items = [self._item(row) for row in self._by_id(self._to_read(rows, known, bool(listing["whole"])))]
        end = len(rows) < LIST_PAGE
        after = {**at, "phase": "new", "list": None} if end else at
        if end and (listing["whole"] or "whole_at" not in at):
            after["whole_at"] = listing["began"]
        if not end:
            after = {**at, "list": {**listing, **_next(listing["after"], listing["skip"], rows)}}
        return Page(
            items=tuple(items),
            cursor=after,
            more=not end,
            listed=frozenset(_id(row) for row in rows),
            fresh=fresh,
            whole=moment(listing["since"]) if end else None,
        )

    def _to_read(self, rows: Sequence[Any], known: Known, whole: bool) -> list[str]:
        if whole:
            return [_id(row) for row in rows]
        marks = known.marks([_id(row) for row in rows])
        return [_id(row) for row in rows if marks.get(_id(row)) != mark_of(row)]

    def _by_id(self, ids: Sequence[str]) -> list[Any]:
        rows: list[Any] = []
        for start in range(0, len(ids), NEW_PAGE):
            some = list(ids[start : start + NEW_PAGE])
            options = {"take": len(some), "filter": {"id": {"in": some}}}
            rows += self._rows(self.ask(full_query(self._evidence), {"o": options}))
        return rows

    def _list(self, query: str, after: str, skip: int, take: int) -> list[Any]:
        """Orders that were placed, oldest first. Carts have no such time."""
        options = {
            "take": take,
            "skip": skip,
            "sort": {"orderPlacedAt": "ASC"},
            "filter": {"orderPlacedAt": {"after": after}},
        }
        return self._rows(self.ask(query, {"o": options}))

    def _rows(self, data: Any) -> list[Any]:
        rows = data.get("orders", {}).get("items") if isinstance(data.get("orders"), dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise Unavailable("source.schema", system=self.config.system, what="orders.items")
        return rows

    def one(self, stream: str, id: str) -> Item | None:
        rows = self._by_id([id])
        return self._item(rows[0]) if rows else None

    def _item(self, row: Any) -> Item:
        item, files = item_of(self.config.system, row, self._evidence)
        self._files |= files
        return item

    @property
    def _evidence(self) -> str | None:
        """The name of the custom field with pictures; it becomes part of a query."""
        name = self.config.settings.get("evidence_field")
        if name is None:
            return None
        if not isinstance(name, str) or not _FIELD.match(name):
            raise Unavailable("source.schema", system=self.config.system, what="evidence_field")
        return name

    # ------------------------------------------------------------ files

    def file(self, name: str) -> bytes:
        """A picture, as it was uploaded. Assets are served without sign-in: no token goes with it."""
        url = self._files.get(name)
        if url is None:
            raise NotFound("evidence.missing", file=name)
        return self.ways.get(url, limit=MAX_EVIDENCE_BYTES).content

    # ------------------------------------------------------------ asking

    def ask(self, query: str, variables: Mapping[str, Any]) -> Any:
        """The data of an answer; signed in first, and once more where the session is over."""
        for last in (False, True):
            if self._token is None:
                self._sign_in()
            data, code = self._send(query, variables)
            if code is None:
                return data
            if code not in _NO_LONGER or last:
                raise self._failure(code)
            self._token = None
        raise AssertionError("asked twice")

    def _failure(self, code: str) -> DeskError:
        if code in _NO_LONGER:
            return Unavailable("source.sign_in", system=self.config.system, status=403)
        if code in _SCHEMA:
            return Unavailable("source.schema", system=self.config.system, what=code)
        return Unavailable("source.answer", system=self.config.system, said=code)

    def _send(self, query: str, variables: Mapping[str, Any]) -> tuple[Any, str | None]:
        """Data, or the code of the first error."""
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        if channel := self.config.settings.get("channel"):
            headers["vendure-token"] = str(channel)
        url = f"{str(self.config.settings['url']).rstrip('/')}/admin-api"
        answer = self.ways.post(url, headers, {"query": query, "variables": dict(variables)}, fine=frozenset({400}))
        said, self.theirs = answer.json(), answer.time
        if not isinstance(said, dict):
            raise Unavailable("source.garbage", system=self.config.system)
        if errors := said.get("errors"):
            first = errors[0] if isinstance(errors, list) else {}
            extensions = first.get("extensions", {}) if isinstance(first, dict) else {}
            return None, str(extensions.get("code") if isinstance(extensions, dict) else None)[:60]
        if not isinstance(said.get("data"), dict):
            raise Unavailable("source.garbage", system=self.config.system)
        if token := answer.headers.get("vendure-auth-token"):
            self._token = token
        return said["data"], None

    def _sign_in(self) -> None:
        given = {"u": self.config.settings["username"], "p": self.config.secrets["password"]}
        data, code = self._send(_LOGIN, given)
        result = data.get("login") if code is None else None
        kind = result.get("__typename") if isinstance(result, dict) else code
        if kind != "CurrentUser" or self._token is None:
            self._token = None
            raise Unavailable("source.sign_in", system=self.config.system, status=401)


def _id(row: Any) -> str:
    return str(row["id"])


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _next(after: str, skip: int, rows: Sequence[Any]) -> dict[str, Any]:
    """Where the next page begins: a second before the last row. Where that is no step, by counting."""
    if not rows:
        return {"after": after, "skip": 0}
    placed = rows[-1].get("orderPlacedAt")
    try:
        further = _text(moment(str(placed)) - timedelta(seconds=1))
    except ValueError:
        return {"after": after, "skip": skip + len(rows)}
    return {"after": further, "skip": 0} if further > after else {"after": after, "skip": skip + len(rows)}
