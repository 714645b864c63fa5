"""An order and a return application of mall's tables in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from refund_desk.domain.requests import Asked, Buyer, Problem, RequestRecord, Saying, Wanted
from refund_desk.domain.sources import Item, OrderFacts, canonical
from refund_desk.domain.words import Reason, RecordKind, RequestKind
from refund_desk.sources.reading import NEVER, Node, latest, plain_numbers

CURRENCY: Final = "CNY"
CHINA: Final = ZoneInfo("Asia/Shanghai")
_STATES: Final[Mapping[str, str]] = {
    "0": "unpaid",
    "1": "paid",
    "2": "shipped",
    "3": "completed",
    "4": "cancelled",
    "5": "cancelled",
}
_RETURNS: Final[Mapping[str, str]] = {"0": "requested", "1": "returning", "2": "received", "3": "refused"}
_METHODS: Final[Mapping[str, str]] = {"1": "alipay", "2": "wechat"}
_REASONS: Final[tuple[tuple[str, Reason], ...]] = (
    ("质量", Reason.DEFECTIVE),
    ("破损", Reason.DAMAGED),
    ("发错", Reason.WRONG_ITEM),
    ("少件", Reason.MISSING_ITEM),
    ("描述", Reason.NOT_AS_DESCRIBED),
    ("尺码", Reason.CHANGED_MIND),
    ("颜色", Reason.CHANGED_MIND),
    ("无理由", Reason.CHANGED_MIND),
    ("价格", Reason.PRICE_DIFFERENCE),
    ("物流", Reason.LATE),
    ("发票", Reason.OTHER),
)
"""A shop names reasons as it likes: the first that is in the name is meant."""
_TIMES: Final = ("create_time", "payment_time", "delivery_time", "receive_time", "comment_time", "modify_time")


def moment(node: Node) -> datetime | None:
    """A time of Beijing that doesn't say so."""
    text = node.words(40)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=CHINA)
    except ValueError:
        node.problems.append(Problem(node.path, "time.unreadable"))
        return NEVER


def order_item(system: str, row: dict[str, Any], lines: Sequence[dict[str, Any]]) -> Item:
    """An order with its lines, its payment and its parcel."""
    node = Node({"order": row, "lines": list(lines)})
    sayings = _sayings(system, node)
    head = node["order"]
    made, number = moment(head["create_time"]), head["order_sn"].id()
    what = None if node.problems else OrderFacts(number, CURRENCY, tuple(sayings), _buyer(system, head))
    raw = canonical(plain_numbers(node.value))
    return Item(number, raw, what, sayings[0].as_of, made, None, tuple(node.problems))


def _sayings(system: str, node: Node) -> list[Saying]:
    head, number = node["order"], node["order"]["order_sn"].id()
    times = {name: moment(head.maybe(name)) for name in _TIMES}
    at = latest(*times.values()) or NEVER
    paid_at, paid = times["payment_time"], head["pay_amount"].major(CURRENCY)
    fields = {
        "placed_at": moment(head["create_time"]),
        "status": _STATES.get(status := head["status"].id(), status),
        "currency": CURRENCY,
        "total": head["total_amount"].major(CURRENCY),
        "paid": paid if paid_at else 0,
        "shipping": head["freight_amount"].major(CURRENCY),
        "discount": sum(
            head[f"{name}_amount"].major(CURRENCY) for name in ("coupon", "integration", "discount") if head.has
        ),
        "tax": 0,
    }

    def said(kind: RecordKind, id: str, values: Mapping[str, Any], parent: int | None = None) -> Saying:
        known = {name: value for name, value in values.items() if value is not None}
        currency = CURRENCY if kind in (RecordKind.ORDER, RecordKind.PAYMENT) else None
        return Saying("order", system, kind, id, number, at, known, parent, currency)

    out = [said(RecordKind.ORDER, number, fields)]
    out += [said(RecordKind.ORDER_LINE, line["id"].id(), _line(line), 0) for line in node["lines"].each()]
    if paid_at:
        method = _METHODS.get(head["pay_type"].id())
        payment = {"method": method, "status": "captured", "currency": CURRENCY, "captured": paid}
        out.append(said(RecordKind.PAYMENT, f"{number}-pay", {**payment, "captured_at": paid_at}))
    if times["delivery_time"]:
        parcel = {
            "carrier": head["delivery_company"].words(400),
            "tracking": head["delivery_sn"].words(400),
            "status": "delivered" if times["receive_time"] else "shipped",
            "shipped_at": times["delivery_time"],
            "delivered_at": times["receive_time"],
        }
        out.append(said(RecordKind.SHIPMENT, f"{number}-1", parcel))
    return out


def _line(node: Node) -> dict[str, Any]:
    """Its amounts are those of one unit."""
    units = _units(node["product_quantity"])
    return {
        "sku": node["product_sku_code"].words(400),
        "name": node["product_name"].text(1000),
        "quantity": units,
        "unit_price": node["product_price"].major(CURRENCY),
        "discount": units * node["promotion_amount"].major(CURRENCY),
        "paid": units * node["real_amount"].major(CURRENCY),
    }


def _units(node: Node) -> int:
    text = node.id()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        node.problems.append(Problem(node.path, "field.wrong_type", {"wanted": "integer"}))
        return 1
    return max(1, int(text))


def _buyer(system: str, head: Node) -> Buyer:
    parts = [head.maybe(f"receiver_{name}").words(400) for name in ("province", "city", "region", "detail_address")]
    name, phone = head.maybe("receiver_name").words(200), head.maybe("receiver_phone").words(100)
    return Buyer(system, head["member_id"].id(), name, None, phone, "".join(filter(None, parts)) or None, "CN")


# ---------------------------------------------------------------- applications


def apply_item(system: str, row: dict[str, Any], order: dict[str, Any] | None, lines: Sequence[dict[str, Any]]) -> Item:
    """What a customer asks for: goods first, money for them after."""
    node = Node({"apply": row, "order": order, "lines": list(lines)})
    head, number = node["apply"], node["apply"]["order_sn"].id()
    made = moment(head["create_time"]) or NEVER
    times = [moment(head.maybe(name)) for name in ("handle_time", "receive_time")]
    at = latest(made, *times) or made
    named, amount = head["reason"].words(400), head["return_amount"]
    units = _units(head["product_count"])
    asked = Asked(
        system=system,
        id=head["id"].id(),
        order=number,
        kind=RequestKind.RETURN_FIRST,
        reason=next((reason for part, reason in _REASONS if part in (named or "")), Reason.OTHER),
        reason_text=named,
        text=head["description"].words(),
        created_at=made,
        amount_minor=amount.major(CURRENCY) if amount.has else None,
        currency=CURRENCY,
        lines=(Wanted(_meant(head, lines), units, tuple(range(1, units + 1))),),
        language="zh",
        channel="shop",
        want=None,
    )
    goods = {"status": _RETURNS.get(status := head["status"].id(), status), "received_at": times[1]}
    goods |= {"note": head.maybe("handle_note").words(2000)}
    told = {name: value for name, value in goods.items() if value is not None}
    sayings = [Saying("apply", system, RecordKind.RETURN, head["id"].id(), number, at, told)]
    raw, buyer = canonical(plain_numbers(node.value)), _buyer(system, node["order"]) if order is not None else None
    if not node.problems and order is not None:
        sayings += _of_order(system, order, lines, node)
    record = RequestRecord(asked, buyer, None, tuple(sayings), (), (), raw)
    return Item(head["id"].id(), raw, None if node.problems else record, at, made, None, tuple(node.problems))


def _of_order(system: str, order: dict[str, Any], lines: Sequence[dict[str, Any]], node: Node) -> list[Saying]:
    """What the order says, too, so that the case has it at once; its own mistakes count here as well."""
    own = Node({"order": order, "lines": list(lines)})
    said = _sayings(system, own)
    node.problems.extend(own.problems)
    return [
        Saying(
            s.path,
            s.source,
            s.kind,
            s.external_id,
            s.order,
            s.as_of,
            s.fields,
            None if s.parent is None else 1,
            s.currency,
        )
        for s in said
    ]


def _meant(head: Node, lines: Sequence[dict[str, Any]]) -> str:
    """The line of the application: with its product, and its attributes where several have it."""
    product = head["product_id"].id()
    same = [line for line in lines if str(line.get("product_id")) == product]
    wanted = _attributes(head.maybe("product_attr").value)
    exact = [line for line in same if _attributes(line.get("product_attr")) == wanted]
    found = next(iter([*exact, *same]), None)
    return f"product:{product}" if found is None else str(found.get("id"))


def _attributes(said: Any) -> frozenset[tuple[str, str]]:
    """`颜色：金色;内存：16G`, or the same as JSON in a text."""
    text = said.strip() if isinstance(said, str) else ""
    if text.startswith("["):
        try:
            return frozenset((str(one["key"]), str(one["value"])) for one in json.loads(text))
        except (ValueError, KeyError, TypeError):
            return frozenset()
    parts = (part.replace(":", "：").partition("：") for part in re.split("[;；]", text))
    return frozenset((name.strip(), value.strip()) for name, sign, value in parts if sign)
