"""What the systems say: order, payment, shipment, return and ledger of one demo case, in the bundle's shape.

The systems agree unless the frame carries a conflict; then one of them says something else, and nothing
but the two figures tells so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain.shares import OrderLine, OrderSums, paid_shares
from refund_desk.domain.words import Reason, RequestKind
from refund_desk.engines.demo_cast import Frame
from refund_desk.engines.demo_orders import Line, Trade, text_of, when

Records = dict[str, list[dict[str, Any]]]


def records(frame: Frame, made: Trade) -> Records:
    """The lists of a bundle's line that come from systems, by their names there."""
    return {
        "orders": _orders(frame, made),
        "payments": _payments(frame, made),
        "shipments": _shipments(frame, made),
        "returns": _returns(frame, made),
        "ledger": _ledger(frame, made),
    }


_STATUS = {"delivered": "delivered", "shipped": "shipped", "paid": "paid", "returning": "returning"}


def _as_of(frame: Frame) -> datetime:
    return frame.now - timedelta(minutes=frame.rng.randrange(3, 55))


def _orders(frame: Frame, made: Trade) -> list[dict[str, Any]]:
    rng = frame.rng
    share = not made.tax and rng.random() < 0.3
    order: dict[str, Any] = {
        "system": made.system,
        "number": made.number,
        "as_of": when(_as_of(frame)),
        "placed_at": when(made.placed),
        "status": _STATUS[frame.delivery],
        "currency": frame.currency,
        "total": text_of(frame, made.goods),
        "paid": text_of(frame, made.paid),
        "refunded": text_of(frame, made.refunded),
        "shipping": text_of(frame, made.shipping),
        "discount": text_of(frame, made.discount),
        "tax": text_of(frame, made.tax),
        "paid_at": when(made.placed + timedelta(seconds=40)),
        "tenders": [{"kind": kind.value, "amount": text_of(frame, amount)} for kind, amount in made.tenders],
        "lines": [_order_line(frame, line) for line in made.lines],
    }
    if share:
        _write_shares(frame, made, order)
    if frame.conflict == "gateway_refunded":
        order["refunded"] = text_of(frame, 0)
    if frame.conflict == "refund_failed":
        order["refunded"] = text_of(frame, made.other)
    orders = [order]
    if frame.conflict == "line_quantity" or rng.random() < 0.28:
        second = {**order, "system": frame.market["second"], "as_of": when(_as_of(frame)), "paid_at": None}
        second["lines"] = [dict(line) for line in order["lines"]]
        if frame.conflict == "line_quantity":
            second["lines"][0]["quantity"] -= 1
        orders.append(second)
    return orders


def _order_line(frame: Frame, line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "sku": f"{line.product.id}-{frame.currency.lower()}",
        "name": line.product.name[frame.lang],
        "quantity": line.quantity,
        "unit_price": text_of(frame, line.unit),
        "discount": text_of(frame, line.discount),
        "perishable": line.product.perishable,
        "made_to_order": line.product.made_to_order,
    }


def _write_shares(frame: Frame, made: Trade, order: dict[str, Any]) -> None:
    """Some systems say what was paid for each line."""
    shares = paid_shares(
        OrderSums(frame.currency, made.paid, made.shipping, made.discount),
        [OrderLine(x.id, x.product.id, x.quantity, x.unit, x.discount) for x in made.lines],
    )
    order["shipping"] = text_of(frame, shares.shipping_minor)
    for row, share in zip(order["lines"], shares.lines, strict=True):
        row["paid"] = text_of(frame, share.minor)


# ------------------------------------------------------------- the payment


def _payment_id(frame: Frame, made: Trade) -> str:
    rng = frame.rng
    digits = "".join(str(rng.randrange(10)) for _ in range(16))
    day = made.placed.strftime("%Y%m%d")
    letters = "".join(rng.choice("0123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(20))
    shapes = {
        "stripe": f"ch_3{letters}",
        "alipay": f"{day}22001{digits}",
        "wechat_pay": f"4200002{day}{digits[:10]}",
        "unionpay": f"{day}{digits[:13]}",
        "adyen": letters[:16].upper(),
        "paypal": letters[:17].upper(),
    }
    return shapes[frame.gateway["system"]]


def _payments(frame: Frame, made: Trade) -> list[dict[str, Any]]:
    rng, captured = frame.rng, made.in_money
    if frame.conflict == "total_vs_captured":
        captured += made.other
    rate = 0.006 if frame.lang == "zh" else 0.029
    payment: dict[str, Any] = {
        "system": frame.gateway["system"],
        "id": _payment_id(frame, made),
        "order": made.number,
        "as_of": when(_as_of(frame)),
        "method": frame.gateway["method"],
        "account_hint": frame.gateway["hint"],
        "status": "captured",
        "currency": frame.currency,
        "captured": text_of(frame, captured),
        "refunded": text_of(frame, made.refunded),
        "fee": text_of(frame, round(captured * rate)),
        "captured_at": when(made.placed + timedelta(seconds=38)),
        "arrival_days": frame.gateway["days"],
        "refunds": _refunds(frame, made),
        "disputes": [],
    }
    if frame.disputed:
        payment["disputes"] = [_dispute(frame, captured)]
    payments = [payment]
    if frame.reason is Reason.DUPLICATE_CHARGE:
        taken = frame.conflict == "captured_twice"
        payments.append(
            {
                **payment,
                "id": _payment_id(frame, made),
                "status": "captured" if taken else "authorised",
                "captured": text_of(frame, made.in_money if taken else 0),
                "refunded": text_of(frame, 0),
                "fee": text_of(frame, round(made.in_money * rate) if taken else 0),
                "captured_at": when(made.placed + timedelta(seconds=rng.randrange(61, 140))) if taken else None,
                "refunds": [],
                "disputes": [],
            }
        )
    return payments


def _refunds(frame: Frame, made: Trade) -> list[dict[str, Any]]:
    """The gateway's own list; a failed one counts for nothing."""
    if made.refund_at is None:
        return []
    failed = frame.conflict == "refund_failed"
    letters = "".join(frame.rng.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(14))
    return [
        {
            "id": f"re_3{letters}",
            "amount": text_of(frame, made.other if failed else made.refunded),
            "status": "failed" if failed else "succeeded",
            "created_at": when(made.refund_at),
            "reason": {
                "zh": "账户状态异常" if failed else "部分退款",
                "en": "account closed" if failed else "partial refund",
            }[frame.lang],
            "by": "api:erp" if frame.conflict else "api:mall",
        }
    ]


def _dispute(frame: Frame, captured: int) -> dict[str, Any]:
    opened = max(frame.asked, frame.now - timedelta(days=4)) - timedelta(hours=frame.rng.uniform(1, 20))
    reasons = {Reason.UNAUTHORISED: "fraudulent", Reason.NOT_RECEIVED: "product_not_received"}
    return {
        "id": f"dp_{frame.index:03d}{frame.rng.randrange(10**9, 10**10)}",
        "amount": text_of(frame, captured),
        "status": frame.rng.choice(("open", "open", "under_review")),
        "opened_at": when(opened),
        "due_at": when(opened + timedelta(days=frame.rng.choice((7, 10, 14)))),
        "reason": reasons.get(frame.reason, "product_unacceptable"),
    }


# ------------------------------------------------------------- parcels and books


def _shipments(frame: Frame, made: Trade) -> list[dict[str, Any]]:
    if made.shipped is None:
        return []
    rng = frame.rng
    status = {"delivered": "delivered", "shipped": "in_transit", "returning": "refused"}[frame.delivery]
    parcel: dict[str, Any] = {
        "system": frame.carrier["system"],
        "id": f"{frame.carrier['system']}-{made.tracking[-8:]}",
        "order": made.number,
        "as_of": when(_as_of(frame)),
        "carrier": frame.carrier[frame.lang],
        "tracking": made.tracking,
        "status": status,
        "shipped_at": when(made.shipped),
        "delivered_at": when(made.delivered) if made.delivered else None,
    }
    parcels = [parcel]
    if frame.conflict == "delivered_vs_transit" or rng.random() < 0.25:
        own = {**parcel, "system": made.system, "id": f"{made.number}-1", "as_of": when(_as_of(frame))}
        if frame.conflict == "delivered_vs_transit":
            behind = rng.choice((own, parcel))
            behind.update(status="in_transit", delivered_at=None)
        parcels.append(own)
    return parcels


def _returns(frame: Frame, made: Trade) -> list[dict[str, Any]]:
    """Goods already under way: refused parcels, and returns that the customer posted before anybody said so."""
    rng = frame.rng
    refused = frame.delivery == "returning"
    early = frame.kind is RequestKind.RETURN_FIRST and frame.delivery == "delivered" and not frame.special
    if not refused and not (early and rng.random() < 0.22 and frame.age > timedelta(hours=30)):
        return []
    received = frame.age > timedelta(hours=40) and rng.random() < 0.5
    digits = "".join(str(rng.randrange(10)) for _ in range(frame.carrier["digits"]))
    return [
        {
            "system": "wms",
            "id": f"RT-{frame.index:04d}",
            "order": made.number,
            "as_of": when(_as_of(frame)),
            "status": "received" if received else "in_transit",
            "tracking": made.tracking if refused else frame.carrier["prefix"] + digits,
            "received_at": when(frame.now - timedelta(hours=rng.uniform(1, 8))) if received else None,
            "note": None,
        }
    ]


def _ledger(frame: Frame, made: Trade) -> list[dict[str, Any]]:
    """What finance has booked: nothing yet on young orders."""
    if frame.now - made.placed < timedelta(hours=30) or (frame.rng.random() < 0.15 and frame.conflict is None):
        return []

    def entry(kind: str, amount: int, at: datetime) -> dict[str, Any]:
        return {
            "system": "finance",
            "id": f"JE-{frame.index:04d}-{kind}",
            "order": made.number,
            "as_of": when(_as_of(frame)),
            "kind": kind,
            "amount": text_of(frame, amount),
            "currency": frame.currency,
            "booked_at": when(min(at, frame.now - timedelta(hours=1))),
            "reference": f"044001{frame.rng.randrange(10**6, 10**7)}" if kind == "invoice" else None,
        }

    booked = [entry("payment", made.in_money, made.placed + timedelta(hours=14))]
    if frame.rng.random() < 0.6:
        booked.append(entry("invoice", made.in_money, made.placed + timedelta(hours=16)))
    if made.refund_at and frame.conflict == "refund_failed":
        booked.append(entry("refund", made.other, made.refund_at + timedelta(hours=6)))
    elif made.refund_at and frame.conflict is None:
        booked.append(entry("refund", made.refunded, made.refund_at + timedelta(hours=10)))
    return booked
