"""The layouts of Chinese payment bills: JD, WeChat (users' and merchants'), Alipay (users' and merchants').

JD and WeChat (users') were tried on the exports that double-entry-generator keeps (Apache-2.0). The others know
the columns that their makers publish and were tried on files made for the tests alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

from refund_desk.domain.reconciliation import Kind, State
from refund_desk.domain.statements import StatementFinding, StatementRow
from refund_desk.sources.bills import Cell, Layout, Sums, Unreadable, amount

_CHINA = ZoneInfo("Asia/Shanghai")
_SIDES = {"收入": "in", "支出": "out", "不计收支": "neither", "中性交易": "neither", "/": "neither", "": "neither"}
_COUNT = re.compile(r"共[:：]?\s*(\d+)\s*笔记录")
_SUM = re.compile(
    r"(收入|支出|不计收支|中性交易)[:：]\s*(\d+)\s*笔[^0-9,，]*(?:\([^)]*\)|（[^）]*）)?[,，]?\s*([0-9.,]+)\s*元"
)
_FAILED = ("关闭", "失败", "已撤销", "未支付", "拒绝")
_PENDING = ("等待", "处理中", "待")


def _side(text: str) -> str:
    if text not in _SIDES:
        raise Unreadable("side_unknown", text=text[:40])
    return _SIDES[text]


def _state(text: str) -> State:
    if any(word in text for word in _FAILED):
        return State.FAILED
    return State.PENDING if any(word in text for word in _PENDING) else State.DONE


def _sums(said: Sequence[str], currency: str) -> Sums:
    found: dict[str, tuple[int, int | None]] = {}
    for line in said:
        if count := _COUNT.search(line):
            found["all"] = int(count[1]), None
        for name, count_, total in _SUM.findall(line):
            found[_SIDES[name]] = int(count_), amount(total, currency)[0]
    return Sums(found)


def _counted(rows: Sequence[StatementRow]) -> dict[str, tuple[int, int]]:
    made = {"all": (len(rows), 0)}
    for side in ("in", "out", "neither"):
        some = [row for row in rows if row.side == side]
        made[side] = len(some), sum(row.minor for row in some)
    return made


# ---------------------------------------------------------------- JD


def _jd_read(cells: Cell) -> tuple[Kind | None, State, str]:
    refund = "退款" in cells["交易状态"] or cells["交易说明"].startswith("退款-")
    return Kind.REFUND if refund else Kind.PAYMENT, _state(cells["交易状态"]), _side(cells["收/支"])


def _jd_totals(said: Sequence[str], rows: Sequence[StatementRow], currency: str) -> Iterator[StatementFinding]:
    """Its expenses are after refunds; of what it counts as neither, it sums the refunds alone."""
    counted = _counted(rows)
    out = [row for row in rows if row.side == "out"]
    back = [row for row in rows if row.side == "neither" and row.kind is Kind.REFUND]
    counted["out"] = len(out), sum(row.minor - row.refunded for row in out)
    counted["neither"] = counted["neither"][0], sum(row.minor for row in back)
    yield from _sums(said, currency).against(counted, currency)


JD = Layout(
    "jd_bill",
    "CNY",
    _CHINA,
    ("交易时间", "商户名称", "交易说明", "金额", "交易状态", "收/支", "交易订单号"),
    at=("交易时间",),
    amount=("金额",),
    id=("交易订单号",),
    refs=("交易订单号", "商家订单号"),
    name=("商户名称",),
    read=_jd_read,
    totals=_jd_totals,
)

# ---------------------------------------------------------------- WeChat

_WX_NEITHER = ("零钱提现", "零钱充值", "信用卡还款", "理财通", "零钱通转出", "转入零钱通")


def _wx_read(cells: Cell) -> tuple[Kind | None, State, str]:
    what, state = cells["交易类型"], cells["当前状态"]
    kind: Kind | None = Kind.REFUND if "退款" in what else Kind.PAYMENT
    if any(word in what for word in _WX_NEITHER):
        kind = None
    return kind, _state(state), _side(cells["收/支"])


def _wx_totals(said: Sequence[str], rows: Sequence[StatementRow], currency: str) -> Iterator[StatementFinding]:
    yield from _sums(said, currency).against(_counted(rows), currency)


WECHAT = Layout(
    "wechat_bill",
    "CNY",
    _CHINA,
    ("交易时间", "交易类型", "交易对方", "收/支", "金额(元)", "当前状态", "交易单号"),
    at=("交易时间",),
    amount=("金额(元)",),
    id=("交易单号",),
    refs=("交易单号", "商户单号"),
    name=("交易对方",),
    read=_wx_read,
    totals=_wx_totals,
    fee=("备注",),
)


def _wx_merchant_read(cells: Cell) -> tuple[Kind | None, State, str]:
    status = cells["交易状态"]
    if status == "REFUND":
        return Kind.REFUND, State.PENDING if cells.get("退款状态") == "PROCESSING" else State.DONE, "out"
    if status in {"SUCCESS", "REVOKED"}:
        return Kind.PAYMENT, State.DONE if status == "SUCCESS" else State.FAILED, "in"
    raise Unreadable("state_unknown", text=status[:40])


def _no_totals(said: Sequence[str], rows: Sequence[StatementRow], currency: str) -> Iterator[StatementFinding]:
    del said, rows, currency
    yield from ()


def _wx_merchant_totals(said: Sequence[str], rows: Sequence[StatementRow], currency: str) -> Iterator[StatementFinding]:
    """The two lines below the table: names of sums, and the sums."""
    names, values = next(
        ((a.split(), b.split()) for a, b in pairwise(said) if a.startswith("总交易单数")), (list[str](), list[str]())
    )
    told = dict(zip(names, values, strict=False))
    back = [row for row in rows if row.kind is Kind.REFUND]
    paid = [row for row in rows if row.kind is Kind.PAYMENT]
    found: dict[str, tuple[int, int | None]] = {}
    if told:
        found["all"] = int(told["总交易单数"]), None
        for side, name, some in (("in", "应结订单总金额", paid), ("out", "退款总金额", back)):
            if name in told:
                found[side] = len(some), amount(told[name], currency)[0]
    counted = {"all": (len(rows), 0), "in": _sum(paid), "out": _sum(back)}
    yield from Sums(found).against(counted, currency)


def _sum(rows: Sequence[StatementRow]) -> tuple[int, int]:
    return len(rows), sum(row.minor for row in rows)


_WX_MERCHANT = ("交易时间", "商户号", "微信订单号", "商户订单号", "交易状态", "手续费")
WECHAT_MERCHANT = Layout(
    "wechat_merchant",
    "CNY",
    _CHINA,
    (*_WX_MERCHANT, "应结订单金额"),
    at=("交易时间",),
    amount=("应结订单金额",),
    id=("微信订单号",),
    refs=("商户退款单号", "商户订单号", "微信订单号"),
    name=(),
    read=_wx_merchant_read,
    totals=_wx_merchant_totals,
    fee=("手续费",),
    refund_amount=("退款金额", "申请退款金额"),
    refund_id=("微信退款单号",),
)

# ---------------------------------------------------------------- Alipay


def _ali_read(cells: Cell) -> tuple[Kind | None, State, str]:
    status = cells["交易状态"]
    kind = Kind.REFUND if "退款" in status or cells.get("交易分类") == "退款" else Kind.PAYMENT
    return kind, _state(status), _side(cells["收/支"])


ALIPAY = Layout(
    "alipay_bill",
    "CNY",
    _CHINA,
    ("交易时间", "交易分类", "交易对方", "收/支", "金额", "交易状态", "交易订单号"),
    at=("交易时间",),
    amount=("金额",),
    id=("交易订单号",),
    refs=("商家订单号", "交易订单号"),
    name=("交易对方",),
    read=_ali_read,
    totals=_wx_totals,
)


def _ali_merchant_read(cells: Cell) -> tuple[Kind | None, State, str]:
    what = cells["业务类型"]
    if what not in {"交易", "退款"}:
        raise Unreadable("kind_unknown", text=what[:40])
    return (Kind.REFUND, State.DONE, "out") if what == "退款" else (Kind.PAYMENT, State.DONE, "in")


ALIPAY_MERCHANT = Layout(
    "alipay_merchant",
    "CNY",
    _CHINA,
    ("支付宝交易号", "商户订单号", "业务类型", "完成时间", "订单金额（元）"),
    at=("完成时间", "创建时间"),
    amount=("订单金额（元）",),
    id=("退款批次号/请求号", "支付宝交易号"),
    refs=("商户订单号", "支付宝交易号", "退款批次号/请求号"),
    name=("对方账户",),
    read=_ali_merchant_read,
    totals=_no_totals,
    fee=("服务费（元）",),
)

LAYOUTS = (JD, WECHAT, WECHAT_MERCHANT, ALIPAY, ALIPAY_MERCHANT)
