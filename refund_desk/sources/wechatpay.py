"""WeChat Pay v3: a merchant's daily bills, and single payments and refunds asked for when a notification names them.

Written from the published reference. What matters of it:
- There is no list. Yesterday's bill is there from ten in the morning (Beijing), one file a day, for ninety days; it
  never changes again. What happens meanwhile is told by notifications, which are hints: what they name is queried.
- The order's number is the merchant's own (`out_trade_no`).
- Answers are signed by the platform; a bill's file isn't, it has a hash in the answer that names it.
Amounts are minor units in answers and yuan in bills.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from refund_desk.domain.errors import Invalid, NotFound, Unavailable
from refund_desk.domain.reconciliation import Kind, State
from refund_desk.domain.requests import Problem, Saying
from refund_desk.domain.sources import Heard, Hint, Item, OrderFacts, Page, Setting, SettingType, canonical
from refund_desk.domain.statements import StatementRow
from refund_desk.domain.words import RecordKind
from refund_desk.service.ports.sources import Config, Known, Session
from refund_desk.sources.bill_layouts import WECHAT_MERCHANT
from refund_desk.sources.bills import find_layout, read_bill, table
from refund_desk.sources.reading import Node
from refund_desk.sources.ways import MAX_ANSWER, Answer, Ways
from refund_desk.sources.wechatpay_signing import Merchant, Platform, heard

BILLS, PAYMENTS, REFUNDS = "bills", "payments", "refunds"
CHINA: Final = ZoneInfo("Asia/Shanghai")
READY: Final = time(10)
"""From then on, in Beijing, the bill of the day before is there."""
KEPT: Final = timedelta(days=89)
NO_BILL: Final = frozenset({"NO_STATEMENT_EXIST"})
_PAID: Final[Mapping[str, str]] = {
    "SUCCESS": "captured",
    "REFUND": "partially_refunded",
    "NOTPAY": "pending",
    "USERPAYING": "pending",
    "CLOSED": "cancelled",
    "REVOKED": "cancelled",
    "PAYERROR": "failed",
}
_BACK: Final[Mapping[str, str]] = {
    "SUCCESS": "succeeded",
    "PROCESSING": "pending",
    "ABNORMAL": "failed",
    "CLOSED": "cancelled",
}


class WeChatPay:
    """The connector."""

    name = "wechatpay"
    version = "1"
    settings: Sequence[Setting] = (
        Setting("url", SettingType.URL, required=False, default="https://api.mch.weixin.qq.com"),
        Setting("mchid"),
        Setting("serial"),
        Setting("key", SettingType.SECRET),
        Setting("hook", SettingType.SECRET),
        Setting("since", SettingType.DAY, required=False),
    )
    streams: Sequence[str] = (BILLS, PAYMENTS, REFUNDS)

    def open(self, config: Config) -> Session:
        return WeChatSession(config, config.ways, config.clock)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        """A payment or a refund that has come to an end: both are queried."""
        said, about = heard(headers, body, secret, now)
        node = Node(about)
        payment, refund = node.maybe("transaction_id").words(64), node.maybe("out_refund_no").words(64)
        hints = [Hint(stream, id) for stream, id in ((PAYMENTS, payment), (REFUNDS, refund)) if id]
        event = said.get("id")
        return Heard(event if isinstance(event, str) else "", tuple(hints), (payment,) if payment else ())


CONNECTOR = WeChatPay()


@dataclass(slots=True)
class WeChatSession:
    """One merchant."""

    config: Config
    ways: Ways
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        self._told(self._today() - timedelta(days=2))

    # ------------------------------------------------------------ pages

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        """The bill of the next day; of the last one there is, again, unless its hash is the same. Payments and
        refunds come by notifications alone."""
        at, last = dict(cursor or {}), self._last()
        if stream != BILLS:
            return Page((), at)
        day = min(self._first() if at.get("day") is None else date.fromisoformat(at["day"]), last)
        told = self._told(day)
        digest = told[1] if told else ""
        if digest and (day.isoformat(), digest) == (at.get("read"), at.get("hash")):
            return Page((), at)
        items = tuple(self._items(day, told))
        after = {"day": (day + timedelta(days=1)).isoformat(), "read": day.isoformat(), "hash": digest}
        return Page(items, after, more=day < last, listed=frozenset(item.id for item in items))

    def _today(self) -> date:
        return self.clock().astimezone(CHINA).date()

    def _last(self) -> date:
        """The last day whose bill is there."""
        here = self.clock().astimezone(CHINA)
        return here.date() - timedelta(days=1 if here.time() >= READY else 2)

    def _first(self) -> date:
        named, oldest = self.config.settings.get("since"), self._today() - KEPT
        return max(date.fromisoformat(str(named)), oldest) if named else oldest

    def one(self, stream: str, id: str) -> Item | None:
        if stream == BILLS:
            day = date.fromisoformat(id.partition("/")[0])
            return next((item for item in self._items(day, self._told(day)) if item.id == id), None)
        try:
            return self._payment(id) if stream == PAYMENTS else self._refund(id)
        except NotFound:
            return None

    def file(self, name: str) -> bytes:
        raise NotFound("evidence.missing", file=name)

    # ------------------------------------------------------------ bills

    def _items(self, day: date, told: tuple[str, str] | None) -> Iterator[Item]:
        if told is None:
            return
        content = self._file(*told)
        try:
            bill, rows = read_bill(content, (WECHAT_MERCHANT,)), table(content)[0]
        except Invalid:
            raise Unavailable("source.garbage", system=self.config.system) from None
        found = find_layout(rows, (WECHAT_MERCHANT,))
        heading = rows[found[1]] if found else []
        for row in bill.rows:
            cells = dict(zip(heading, rows[row.line - 1], strict=False))
            yield self._row(day, row, cells)
        for bad in bill.bad:
            raw = canonical([day.isoformat(), rows[bad.line - 1]])
            problem = Problem(f"line {bad.line}", "record.unreadable")
            yield Item(f"{day.isoformat()}/line-{bad.line}", raw, None, problems=(problem,))

    def _row(self, day: date, row: StatementRow, cells: Mapping[str, str]) -> Item:
        payment, order = cells.get("微信订单号", ""), cells.get("商户订单号", "")
        problems = [
            Problem(name, "field.empty") for name, text in (("微信订单号", payment), ("商户订单号", order)) if not text
        ]
        back = row.kind is Kind.REFUND
        paid: dict[str, Any] = {"currency": row.currency}
        if not back:
            state = "captured" if row.state is State.DONE else "cancelled"
            captured = row.minor if row.state is State.DONE else 0
            paid |= {"method": "wechat", "status": state, "captured": captured, "captured_at": row.at, "fee": row.fee}
        said = [self._said("payment", RecordKind.PAYMENT, payment, order, row.at, paid, row.currency)]
        if back:
            status = "pending" if row.state is State.PENDING else "succeeded"
            given = {"amount": row.minor, "status": status, "created_at": row.at}
            given |= {"reference": cells.get("商户退款单号") or row.id}
            said.append(self._said("refund", RecordKind.REFUND, row.id, order, row.at, given, row.currency, 0))
        what = None if problems else OrderFacts(order, row.currency, tuple(said))
        id = f"{day.isoformat()}/{row.id if back else payment}"
        return Item(id, canonical(dict(cells)), what, row.at, row.at, None, tuple(problems))

    def _told(self, day: date) -> tuple[str, str] | None:
        """Where a day's file is, and its hash; None: nothing was paid or given back on it."""
        query = urlencode({"bill_date": day.isoformat(), "bill_type": "ALL"})
        answer = self._ask(f"/v3/bill/tradebill?{query}", fine=frozenset({400}))
        said = Node(answer.json())
        if answer.status == 400:
            code = said.maybe("code").words(100)
            if code in NO_BILL:
                return None
            raise Unavailable("source.answer", system=self.config.system, said=code or "400")
        url, digest = said["download_url"].text(2000), said["hash_value"].text(200)
        if said.problems or said.maybe("hash_type").words() != "SHA1":
            raise Unavailable("source.schema", system=self.config.system, what="download_url")
        return url, digest

    def _file(self, url: str, digest: str) -> bytes:
        parts, ours = urlsplit(url), urlsplit(self._base)
        if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):  # our signature goes nowhere else
            raise Unavailable("source.redirect", system=self.config.system)
        content = self._ask(f"{parts.path}?{parts.query}", signed=False).content
        if hashlib.sha1(content).hexdigest() != digest.lower():  # noqa: S324 - the hash that it is told with
            raise Unavailable("source.garbage", system=self.config.system)
        return content

    # ------------------------------------------------------------ single ones

    def _payment(self, id: str) -> Item:
        query = urlencode({"mchid": self.config.settings["mchid"]})
        node = Node(self._ask(f"/v3/pay/transactions/id/{quote(id, safe='')}?{query}").json())
        order, state = node["out_trade_no"].text(100), node["trade_state"].text(40)
        money = node.maybe("amount")
        currency = money.maybe("currency").words(3) or "CNY"
        done = state in ("SUCCESS", "REFUND")
        at = node.maybe("success_time").when()
        paid = {
            "method": "wechat",
            "status": _PAID.get(state, state.lower()),
            "currency": currency,
            "captured": money["total"].minor() if done else 0,
            "captured_at": at if done else None,
        }
        number = node["transaction_id"].text(64)
        now = at or self.clock()
        said = self._said("", RecordKind.PAYMENT, number, order, now, paid, currency)
        what = None if node.problems else OrderFacts(order, currency, (said,))
        return Item(id, canonical(node.value), what, at, at, None, tuple(node.problems))

    def _refund(self, id: str) -> Item:
        node = Node(self._ask(f"/v3/refund/domestic/refunds/{quote(id, safe='')}").json())
        order, money = node["out_trade_no"].text(100), node["amount"]
        currency = money.maybe("currency").words(3) or "CNY"
        made, done = node["create_time"].time(), node.maybe("success_time").when()
        at = max(made, done) if done else made
        given = {
            "amount": money["refund"].minor(),
            "status": _BACK.get(node["status"].text(40), "pending"),
            "created_at": made,
            "reference": node["out_refund_no"].text(64),
        }
        paid = self._said(
            "payment", RecordKind.PAYMENT, node["transaction_id"].text(64), order, at, {"currency": currency}, currency
        )
        back = self._said("", RecordKind.REFUND, node["refund_id"].text(64), order, at, given, currency, 0)
        what = None if node.problems else OrderFacts(order, currency, (paid, back))
        return Item(id, canonical(node.value), what, at, made, None, tuple(node.problems))

    def _said(
        self,
        path: str,
        kind: RecordKind,
        id: str,
        order: str,
        at: datetime,
        fields: Mapping[str, Any],
        currency: str,
        parent: int | None = None,
    ) -> Saying:
        known = {name: value for name, value in fields.items() if value is not None}
        return Saying(path, self.config.system, kind, id, order, at, known, parent, currency)

    # ------------------------------------------------------------ asking

    @property
    def _base(self) -> str:
        return str(self.config.settings["url"]).rstrip("/")

    def _ask(self, path: str, *, signed: bool = True, fine: frozenset[int] = frozenset()) -> Answer:
        """signed: the answer carries the platform's signature, and is nothing without it."""
        at, nonce = int(self.clock().timestamp()), secrets.token_hex(16)
        told, under = self.config.settings, urlsplit(self._base).path
        try:
            merchant = Merchant.of(str(told["mchid"]), str(told["serial"]), self.config.secrets["key"])
            platform = Platform.of(self.config.secrets["hook"])
        except (ValueError, Invalid):
            raise Unavailable("source.sign_in", system=self.config.system, status=401) from None
        headers = {
            "accept": "application/json",
            "authorization": merchant.authorization("GET", f"{under}{path}", at, nonce),
        }
        answer = self.ways.send("GET", f"{self._base}{path}", headers, None, MAX_ANSWER, fine)
        if signed and not platform.signed(answer.headers, answer.content):
            raise Unavailable("source.garbage", system=self.config.system)
        return answer
