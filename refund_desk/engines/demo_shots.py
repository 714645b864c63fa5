"""Which pictures a demo case has, who sent them, and what stands on them: always its own order's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.money import parse
from refund_desk.domain.words import Reason, Who
from refund_desk.engines.demo_cast import Frame
from refund_desk.engines.demo_data import DemoData, Product
from refund_desk.engines.demo_images import Capture, GoodsShot, ParcelShot, Picture
from refund_desk.engines.demo_orders import Trade, text_of, when
from refund_desk.engines.demo_papers import Chat, Receipt, Waybill
from refund_desk.engines.demo_systems import Records
from refund_desk.engines.demo_talk import money_words

Shot = tuple[dict[str, Any], Picture]
"""An entry of the bundle's `evidence`, and its picture."""


@dataclass(frozen=True, slots=True)
class Told:
    """A case as told so far: its frame, order, what systems said, its messages and the request's own words."""

    frame: Frame
    made: Trade
    data: DemoData
    said: Records
    messages: list[dict[str, Any]]
    opening: str


def shots(told: Told) -> list[Shot]:
    """Evidence of a case, in the order in which it came; attaches the pictures to the messages that brought them."""
    frame = told.frame
    carriers = _carriers_of(frame, told.messages, len(frame.pictures))
    out: list[Shot] = []
    for i, (name, carrier) in enumerate(zip(frame.pictures, carriers, strict=True)):
        sent = carrier.get("sent_at") or when(frame.asked)
        picture = _picture(told, name, i, datetime.fromisoformat(sent))
        file = f"evidence/{frame.request_id.lower()}/{i + 1}.jpg"
        who = Who.CARRIER if name == "doorstep" else Who.CUSTOMER
        entry = {"file": file, "name": _file_name(picture, i), "kind": picture.kind.value, "who": who.value}
        out.append(({**entry, "sent_at": sent}, picture))
        if carrier:
            carrier["attachments"].append(file)
    return out


def _carriers_of(frame: Frame, messages: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """For each picture the message that brought it; an empty dict where it came with the request form."""
    bringing = [m for m in messages if m.pop("_photos", False)]
    if frame.special == "long":
        return [messages[4]] * (count - 1) + [messages[15]]
    first = bringing[0] if bringing and bringing[0]["sent_at"] <= when(frame.asked) else {}
    later = bringing[-1] if bringing and bringing[-1] is not first else first
    return [first if i < (count + 1) // 2 else later for i in range(count)]


def _file_name(picture: Picture, i: int) -> str:
    """As phones and apps name their files."""
    if picture.capture is None:
        return (
            f"mmexport{1763000000000 + picture.seed * 7919 % 10**9}.jpg"
            if i % 2
            else f"screenshot_{picture.seed % 10**6}.jpg"
        )
    day, clock = picture.capture.taken.replace(":", "").split(" ")
    return f"IMG_{day}_{clock}.jpg"


# ------------------------------------------------------------- what is on it


def _picture(told: Told, name: str, i: int, sent: datetime) -> Picture:
    frame, made, data = told.frame, told.made, told.data
    what, _, state = name.partition(".")
    seed = frame.index * 16 + i
    if frame.special == "reused" and what == "parcel":
        return Picture(ParcelShot("torn", _bill_of_nobody()), 424242, _reused_capture(data))
    subject: Any
    match what:
        case "parcel":
            subject = ParcelShot(state, _bill(frame, made))
        case "doorstep":
            subject = ParcelShot("intact", _bill(frame, made))
        case "waybill":
            subject = _bill(frame, made)
        case "receipt":
            subject = _receipt(frame, made, data)
        case "statement":
            subject = _statement(told)
        case "chat":
            return Picture(_chat(told, sent), seed)
        case _:
            subject = _goods(frame, data, made.lines[0].product, state)
    return Picture(subject, seed, _capture(frame, made, data, sent, i))


def _goods(frame: Frame, data: DemoData, product: Product, state: str) -> GoodsShot:
    """A product has one colour in every picture of it."""
    if state == "other":  # what came instead: a thing of another kind
        others = [p for p in data.products if p.picture != product.picture]
        product, state = others[frame.index % len(others)], "whole"
    return GoodsShot(product.picture, data.products.index(product) % 5, state)


def _capture(frame: Frame, made: Trade, data: DemoData, sent: datetime, i: int) -> Capture | None:
    """Most pictures come as the camera left them; messengers strip the tags of some; a few were edited."""
    rng = frame.rng
    if rng.random() < 0.25 and not frame.special:
        return None
    start = max(made.delivered or sent - timedelta(hours=3), sent - timedelta(hours=6))
    taken = start + max(timedelta(0), sent - start) * rng.uniform(0.2, 0.9) + timedelta(seconds=i * 11)
    camera = data.systems["cameras"][frame.index % len(data.systems["cameras"])]
    return Capture(
        taken=min(taken, sent).strftime("%Y:%m:%d %H:%M:%S"),
        make=camera["make"],
        model=camera["model"],
        orientation=rng.choices((1, 6, 8), (78, 15, 7))[0],
        software=rng.choice(data.systems["editors"]) if rng.random() < 0.03 else None,
    )


def _reused_capture(data: DemoData) -> Capture:
    camera = data.systems["cameras"][3]
    return Capture("2025:08:02 14:11:37", camera["make"], camera["model"])


def _masked(frame: Frame) -> str:
    name = str(frame.customer["name"])
    return f"{name[0]}** {str(frame.customer['phone'])[-4:]}" if frame.lang == "zh" else f"{name.split()[0][:14]} ***"


def _shop(frame: Frame, data: DemoData) -> str:
    return frame.merchant["name"] if frame.merchant else str(data.systems["shops"][frame.lang])


def _bill(frame: Frame, made: Trade) -> Waybill:
    zh = frame.lang == "zh"
    address = str(frame.customer["address"])
    return Waybill(
        carrier=frame.carrier[frame.lang],
        tracking=made.tracking,
        sender=frame.merchant["name"] if frame.merchant else ("梧桐里仓配中心" if zh else "Larkfield Fulfilment"),
        receiver=_masked(frame),
        address=f"{address[: len(address) * 2 // 3]}***",
        order=made.number,
        weight=f"{0.4 + sum(x.quantity for x in made.lines) * 0.62:.2f} kg",
        date=(made.shipped or made.placed).strftime("%Y-%m-%d"),
        chinese=zh,
    )


def _bill_of_nobody() -> Waybill:
    """The label in a picture that two strangers sent: it belongs to neither."""
    return Waybill(
        "中通快递",
        "780012345678901",
        "义乌小商品",
        "刘** 0417",
        "浙江省金华市义乌市***",
        "8-20250731",
        "2.10 kg",
        "2025-07-31",
        True,
    )


def _receipt(frame: Frame, made: Trade, data: DemoData) -> Receipt:
    """Lines and totals of the order itself, discounts and shipping included, so that they sum to what was paid."""
    zh = frame.lang == "zh"
    cut = made.discount + sum(line.discount for line in made.lines)
    rows = [
        ("商品合计" if zh else "Subtotal", sum(line.unit * line.quantity for line in made.lines)),
        ("优惠" if zh else "Discount", -cut),
        ("运费" if zh else "Shipping", made.shipping),
        ("税" if zh else "Tax", made.tax),
    ]
    totals = [(name, text_of(frame, amount)) for i, (name, amount) in enumerate(rows) if amount or i == 0]
    totals.append(("实付" if zh else "TOTAL", money_words(frame, made.paid)))
    method = {
        "alipay": "支付宝", "wechat_pay": "微信支付", "card": "银行卡" if zh else "Card", "paypal": "PayPal",
    }[frame.gateway["method"]]  # fmt: skip
    return Receipt(
        shop=_shop(frame, data),
        order=made.number,
        date=made.placed.strftime("%Y-%m-%d %H:%M"),
        lines=tuple((x.product.name[frame.lang], x.quantity, text_of(frame, x.unit * x.quantity)) for x in made.lines),
        totals=tuple(totals),
        method=f"{method} {frame.gateway['hint'] or ''}".strip(),
        chinese=zh,
    )


def _statement(told: Told) -> Receipt:
    """A slip from the bank: what was really taken, once or twice."""
    frame, made, data = told.frame, told.made, told.data
    zh = frame.lang == "zh"
    taken = [p["captured"] for p in told.said["payments"]]
    if len(taken) > 1:  # a hold looks like a second charge to whoever reads the statement
        taken = [taken[0], taken[0]]
    whole = sum(parse(amount, frame.currency).minor for amount in taken)
    return Receipt(
        shop="账户交易明细" if zh else "Account activity",
        order=made.number,
        date=made.placed.strftime("%Y-%m-%d"),
        lines=tuple((_shop(frame, data), 1, f"-{amount}") for amount in taken),
        totals=(("支出合计" if zh else "TOTAL OUT", money_words(frame, whole)),),
        method=frame.gateway["hint"] or frame.gateway["system"],
        chinese=zh,
        title="交易回单" if zh else "STATEMENT",
    )


_EARLIER = {
    "zh": (
        "您好，请稍等，我查一下这笔订单。",
        "好，等你。",
        "查到了。这边帮您登记，麻烦您在订单里提交申请，会有同事专门处理。",
    ),
    "en": (
        "Hello, one moment please, I'm looking up the order.",
        "Sure.",
        "Found it. Please use the form on your order, a colleague will take it from there.",
    ),
}


def _chat(told: Told, sent: datetime) -> Chat:
    """The talk as far as it had come; with the courier where nobody had written to the shop yet."""
    frame, data = told.frame, told.data
    zh = frame.lang == "zh"
    before = [m for m in told.messages if m["direction"] != "note" and datetime.fromisoformat(m["sent_at"]) <= sent]
    lines = tuple((m["direction"] == "in", m["text"]) for m in before[-7:])
    title = f"{_shop(frame, data)}{'客服' if zh else ''}"
    if len(lines) < 2 and frame.reason in (Reason.NOT_RECEIVED, Reason.LATE):
        title, lines = _courier(frame)
    elif len(lines) < 2:
        first, second, third = _EARLIER[frame.lang]
        lines = ((True, told.opening), (False, first), (True, second), (False, third))
    return Chat(title, lines, sent.strftime("%H:%M"), zh)


def _courier(frame: Frame) -> tuple[str, tuple[tuple[bool, str], ...]]:
    """A talk with the driver, one of several."""
    name, talks = frame.carrier[frame.lang], _COURIER[frame.lang]
    return f"{name} {'派件员' if frame.lang == 'zh' else 'driver'}", talks[frame.index % len(talks)]


_COURIER: dict[str, tuple[tuple[tuple[bool, str], ...], ...]] = {
    "zh": (
        (
            (True, "师傅你好，我的件显示今天派送，几点能到？"),
            (False, "今天件多，下午五点前。"),
            (True, "现在八点了，还没有人来。"),
            (False, "系统里已经点了签收，你再找找门口和消防栓箱。"),
            (True, "都找过了，没有，麻烦你说一下放在哪里了。"),
        ),
        (
            (True, "您好，请问我的快递放哪儿了？"),
            (False, "放菜鸟驿站了。"),
            (True, "驿站说没有我的件，取件码也没收到。"),
            (False, "那可能是放前台了，我当时打你电话没通。"),
            (True, "我一天都没有未接来电……前台也问了。"),
            (False, "我晚上回网点帮你查下巴枪记录。"),
        ),
        (
            (False, "你这个地址今天送不了，车坏了，明天行不行？"),
            (True, "已经明天三次了，能不能给个准点？"),
            (False, "明天上午一定。"),
            (True, "上午过了，人呢？"),
        ),
    ),
    "en": (
        (
            (True, "Hello, the app says you are coming today. Any idea when?"),
            (False, "Before five, busy route today."),
            (True, "It's past eight and nobody has rung."),
            (False, "Shows as done on my side. Check the porch and the bin store."),
            (True, "I did. Nothing there. Where exactly did you leave it?"),
        ),
        (
            (True, "Hi, where did you leave my parcel?"),
            (False, "With a neighbour, number 9 I think."),
            (True, "Number 9 is a dentist and they have nothing."),
            (False, "Might have been the next street then. I'll ask at the depot tonight."),
        ),
        (
            (False, "Can't get to you today, van's broken down. Tomorrow ok?"),
            (True, "That's the third tomorrow. Morning or afternoon?"),
            (False, "Morning, first thing."),
            (True, "It's two o'clock."),
        ),
    ),
}
