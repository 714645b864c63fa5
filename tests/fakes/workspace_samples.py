"""Invented cases as the wire has them, and a client that answers with them. For tests of the workspace alone."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from pydantic import BaseModel

from refund_desk.client.api import DeskClient
from refund_desk.domain.errors import DeskError, NotFound
from refund_desk.domain.words import (
    Aspect,
    ClockKind,
    Decision,
    EvidenceKind,
    Progress,
    Raci,
    Reason,
    RequestKind,
    Role,
    Stage,
    Tender,
    WaitFor,
    Who,
)
from refund_desk.wire import cases as c
from refund_desk.wire import commands as k
from refund_desk.wire import decisions as wd
from refund_desk.wire import facts as wf
from refund_desk.wire.base import Amount, Coded, PersonRef, Text2
from refund_desk.wire.clocks import MerchantLink
from refund_desk.wire.exports import CaseOrder

NOW = datetime.now(UTC).replace(microsecond=0)
LIN = PersonRef(id=7, name="林晓")
ZHAO = PersonRef(id=8, name="赵敏")
ANA = PersonRef(id=9, name="Ana Ruiz")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def ahead(**span: float) -> datetime:
    return NOW + timedelta(**span)


def cny(minor: int) -> Amount:
    return Amount(minor=minor, currency="CNY")


def eur(minor: int) -> Amount:
    return Amount(minor=minor, currency="EUR")


def money(amount: Amount) -> dict[str, Any]:
    """As it stands in JSON, where a field's type is Any."""
    return amount.model_dump()


def said(system: str, record: str, value: Any, **since: float) -> wf.Said:
    at = ago(**(since or {"hours": 2}))
    return wf.Said(system=system, record=record, value=value, as_of=at, fetched_at=at)


def field(key: str, value: Any, *systems: wf.Said, conflict: bool = False) -> wf.FieldView:
    return wf.FieldView(key=key, value=value, said=list(systems), conflict=conflict)


def seat(letter: str, role: Role, state: Any, person: PersonRef | None = None, required: bool = False) -> wd.RaciSeat:
    return wd.RaciSeat(letter=Raci(letter), role=role, state=state, person=person, required=required)


NOT_FOR_KIND = Coded(code="error.process.not_for_kind", params={"decision": "exchange", "kind": "refund_only"})
ABOVE = {"asked": "¥1,299.00", "value": "¥1,279.00"}
MAIL = {"channel": "email", "text": "收到壶身裂了"}
CHARGE = {"payment": "ch_3Q8kd02eZvKYlo2C"}
RACI = [
    seat("R", Role.REVIEWER, "you", LIN),
    seat("A", Role.SUPERVISOR, "waiting"),
    seat("C", Role.FINANCE, "done", ZHAO, required=True),
    seat("I", Role.CUSTOMER_SERVICE, "none"),
]
REASONS = {
    Decision.FULL: ["damage_verified", "defect_verified", "goods_returned", "promise_kept"],
    Decision.PARTIAL: ["part_of_order", "reduced_value", "rest_already_refunded", "damage_verified", "goodwill"],
    Decision.RETURN_FIRST: ["within_window", "defect_verified", "damage_verified"],
    Decision.EXCHANGE: ["damage_verified", "wrong_item_verified"],
    Decision.STORE_CREDIT: ["customer_choice", "goodwill"],
    Decision.COUPON: ["goodwill", "delivery_late"],
    Decision.MORE_INFORMATION: ["photos_needed", "photos_unclear", "details_needed"],
    Decision.DECLINE: ["already_refunded", "outside_window", "evidence_missing", "evidence_contradicts"],
    Decision.ESCALATE: ["amount_disputed", "rule_unclear"],
    Decision.HOLD: ["suspected_fraud", "identity_check"],
    Decision.CANCEL: ["customer_withdrew", "duplicate_request"],
}


def options(raci: list[wd.RaciSeat] = RACI) -> list[wd.DecisionOption]:
    lines = {Decision.PARTIAL, Decision.RETURN_FIRST, Decision.EXCHANGE}
    gives = lines | {Decision.FULL, Decision.STORE_CREDIT, Decision.COUPON}
    quick = {Decision.MORE_INFORMATION, Decision.ESCALATE, Decision.HOLD}
    out = [
        wd.DecisionOption(
            decision=decision,
            allowed=True,
            raci=raci,
            reasons=reasons,
            needs_amount=decision in gives,
            needs_lines=decision in lines,
            needs_approval=decision not in quick,
        )
        for decision, reasons in REASONS.items()
    ]
    out[4] = out[4].model_copy(
        update={
            "allowed": False,
            "why_not": NOT_FOR_KIND,
            "could": [Role.LEAD],
        }
    )
    return out


def evidence(number: int, **values: Any) -> c.EvidenceView:
    base: dict[str, Any] = {
        "id": number,
        "name": f"IMG_{4400 + number}.jpg",
        "kind": EvidenceKind.PHOTO,
        "who": Who.CUSTOMER,
        "sha256": f"{number:064x}",
        "media_type": "image/jpeg",
        "bytes": 2_413_000 + number,
        "status": "ready",
        "width": 4032,
        "height": 3024,
        "exif": {"Make": "HUAWEI", "Model": "Mate 60", "DateTimeOriginal": "2026:11-19 17:52:04"},
        "taken_at": "2026-11-19 17:52:04",
        "sent_at": ago(days=2, minutes=number),
    }
    return c.EvidenceView(**{**base, **values})


def message(number: int, direction: Any, who: Who, name: str | None, text: str, hours: float, **more: Any) -> Any:
    return c.MessageView(
        id=number,
        direction=direction,
        channel=more.pop("channel", "email"),
        system=more.pop("system", "helpdesk"),
        who=who,
        name=name,
        sent_at=ago(hours=hours),
        text=text,
        **more,
    )


def chinese() -> c.CaseView:
    """Damaged goods, two systems disagree about what was given back, a promise was made."""
    promise = c.PromiseView(amount=cny(30000), form=Tender.MONEY, by="阿宁", at=ago(hours=50), message=12)
    zero, given = money(cny(0)), money(cny(30000))
    paid = money(cny(129900))
    refunded = [said("vendure", "SO-8841207", zero), said("stripe", "ch_3Q8kd02eZvKYlo2C", given, minutes=40)]
    return c.CaseView(
        ref="RC-26-004182",
        round=1,
        stage=Stage.REVIEW,
        progress=Progress.SUBMITTED,
        open=True,
        language="zh",
        channel="app",
        opened_at=ago(hours=15),
        act_by=ahead(hours=1),
        requests=[
            c.RequestView(
                system="vendure",
                id="RQ-77120",
                kind=RequestKind.REFUND_ONLY,
                reason=Reason.DAMAGED,
                reason_text="到货破损",
                text="收到壶身裂了，盖子也碎了，申请全额退款。",
                created_at=ago(hours=15),
                amount=cny(129900),
                lines=[("L1", 1), ("L2", 2)],
                channel="app",
            )
        ],
        customer=c.CustomerView(
            id="cus_5521", unmasked=False, name="张**", email="z***@example.com", country="CN", refunds_in_period=0
        ),
        assignment=c.Assignment(person=LIN, taken_at=ago(minutes=4), lease_until=ahead(minutes=16), yours=True),
        versions={Aspect.FACTS: 5, Aspect.MONEY: 2, Aspect.PROPOSAL: 0, Aspect.ASSIGNMENT: 3, Aspect.THREAD: 6},
        steps=[
            _step(Stage.REVIEW, "审核", "Review", "current", Role.REVIEWER, due_at=ahead(hours=1.87)),
            _step(Stage.APPROVAL, "审批", "Approval", "next", Role.SUPERVISOR),
            _step(Stage.RETURN, "退货", "Return", "skipped", Role.WAREHOUSE),
            _step(Stage.PAYOUT, "打款", "Payout", "next", Role.FINANCE),
            _step(Stage.SETTLEMENT, "核对到账", "Settlement", "next", Role.FINANCE),
            _step(Stage.CLOSED, "已结案", "Closed", "next", Role.LEAD),
        ],
        clocks=[
            c.Clock(kind=ClockKind.FIRST_ANSWER, started_at=ago(hours=15), due_at=None, stopped_at=ago(hours=14)),
            c.Clock(kind=ClockKind.DECISION, started_at=ago(hours=15), due_at=ahead(hours=1.87), remaining_s=6720),
        ],
        order=_chinese_order(paid, zero, refunded),
        payment=_chinese_payment(paid, given, refunded),
        conflicts=[
            wf.ConflictView(field="order.refunded", subject="SO-8841207", said=refunded, rule="higher", effective=given)
        ],
        findings=[
            c.FindingView(
                id=1,
                code="finding.request.above_order_paid",
                params={"asked": "¥1,299.00", "value": "¥1,279.00"},
                severity="warning",
                at=ago(hours=10),
            )
        ],
        messages=_chinese_messages(promise),
        evidence=[
            evidence(1, notes=[c.ImageNote(id=1, x=0.42, y=0.2, w=0.5, h=0.44, text="裂纹", by=LIN, at=ago(hours=1))]),
            evidence(2, opened=True),
            evidence(3, kind=EvidenceKind.WAYBILL, unseen=True),
            evidence(4, name="聊天截图 <b>1</b>.png", kind=EvidenceKind.CHAT, exif={}, taken_at=None),
            evidence(5, status="refused", problem=Coded(code="evidence.truncated"), width=None, height=None, exif={}),
            evidence(6, status="waiting", width=None, height=None, exif={}),
        ],
        timeline=[
            _entry("order", "vendure", "timeline.ordered", 180),
            _entry("payment", "stripe", "timeline.captured", 179, {"amount": paid}),
            _entry("shipment", "sf", "timeline.delivered", 64, {"carrier": "顺丰"}),
            _entry(
                "message",
                "helpdesk",
                "timeline.message_in",
                62,
                MAIL,
                who="张**",
            ),
            _entry("refund", "stripe", "timeline.refunded", 50, {"amount": given, "status": "succeeded"}),
            _entry("case", "desk", "case.opened", 15),
            _entry("case", "desk", "case.taken", 0.07, who="林晓", unseen=True),
        ],
        money=wd.MoneyView(
            currency="CNY",
            refundable=cny(99900),
            paid=cny(129900),
            given_back=cny(30000),
            ceilings=[
                wd.Ceiling(
                    kind="payment",
                    subject="ch_3Q8kd02eZvKYlo2C",
                    amount=cny(99900),
                    terms=[
                        wd.Term(
                            what=Coded(code="term.ceiling.captured", params=CHARGE),
                            amount=cny(129900),
                        ),
                        wd.Term(what=Coded(code="term.ceiling.refunded_elsewhere"), amount=cny(-30000)),
                    ],
                ),
                wd.Ceiling(kind="order", subject="SO-8841207", amount=cny(99900), terms=[]),
            ],
        ),
        promise=promise,
        recommendation=wd.Recommendation(
            policy="damage",
            version="2026-09",
            clause="damage.3",
            clause_text=Text2(zh="凭证充分的破损，扣除已补偿部分后退款，免退货。", en="Damage shown."),
            public_text=Text2(zh="已核实商品破损", en="The damage is confirmed"),
            decision=Decision.PARTIAL,
            reason="rest_already_refunded",
            amount=cny(99900),
            terms=[
                wd.Term(what=Coded(code="term.lines"), amount=cny(129900)),
                wd.Term(what=Coded(code="term.given_back"), amount=cny(-30000)),
            ],
            trace=[
                wd.PolicyTrace(field="days_since_delivery", saw=2, wanted="<= 7", held=True),
                wd.PolicyTrace(field="images", saw=6, wanted=">= 2", held=True),
                wd.PolicyTrace(field="conflict", saw=True, wanted="false", held=False),
            ],
            missing=[Coded(code="missing.photo_of_parcel")],
        ),
        options=options(),
        consultations=[
            wd.ConsultationView(
                id=31,
                role=Role.FINANCE,
                required=True,
                question="网关 11-20 的 ¥300.00 是否为客服补偿？财务账未见。",
                asked_by=LIN,
                asked_at=ago(hours=9),
                due_at=ahead(hours=15),
                answer="是，客服阿宁手工退款，凭证已补录。",
                answered_by=ZHAO,
                answered_at=ago(hours=6),
            ),
            wd.ConsultationView(
                id=32,
                role=Role.WAREHOUSE,
                required=False,
                question="是否有同批破损？",
                asked_by=LIN,
                asked_at=ago(hours=1),
                due_at=ahead(hours=23),
            ),
        ],
        newest=102,
        changes=[
            c.Change(position=101, at=ago(minutes=30), what=Coded(code="event.message.came"), aspect=Aspect.THREAD),
            c.Change(position=102, at=ago(minutes=20), what=Coded(code="event.evidence.came"), aspect=Aspect.FACTS),
        ],
        actions=[
            "proposal.make",
            "consult.ask",
            "message.reply",
            "message.receive",
            "note.add",
            "case.release",
            "evidence.annotate",
            "customer.unmask",
        ],
    )


def _step(stage: Stage, zh: str, en: str, state: Any, role: Role, **more: Any) -> c.Step:
    return c.Step(stage=stage, label=Text2(zh=zh, en=en), state=state, role=role, **more)


def _entry(kind: Any, source: str, code: str, hours: float, params: Any = None, **more: Any) -> c.TimelineEntry:
    return c.TimelineEntry(
        at=ago(hours=hours), source=source, what=Coded(code=code, params=params or {}), kind=kind, **more
    )


def _chinese_order(paid: Any, zero: Any, refunded: list[wf.Said]) -> wf.OrderPane:
    return wf.OrderPane(
        number="SO-8841207",
        systems=["vendure"],
        as_of=ago(minutes=2),
        links=[wf.SystemLink(system="vendure", url="https://shop.example/orders/SO-8841207")],
        fields=[
            field("order.placed_at", ago(hours=180).isoformat()),
            field("order.status", "delivered", said("vendure", "SO-8841207", "delivered")),
            field("order.paid", paid, said("vendure", "SO-8841207", paid)),
            field("order.refunded", zero, *refunded, conflict=True),
            field("order.shipping", money(cny(2000))),
        ],
        lines=[
            _line("L1", "陶瓷手冲壶 600ml", 1, cny(89900), cny(89900), cny(69152)),
            _line("L2", "滤杯套装", 2, cny(19000), cny(38000), cny(38000)),
        ],
        shipments=[
            wf.RecordView(
                kind="shipment",
                system="sf",
                id="SF1409226637281",
                as_of=ago(hours=3),
                link="https://sf.example/SF1409226637281",
                fields=[
                    field("shipment.carrier", "顺丰速运"),
                    field("shipment.tracking", "SF1409226637281"),
                    field("shipment.status", "delivered"),
                    field("shipment.delivered_at", ago(hours=64).isoformat()),
                ],
            )
        ],
    )


def _line(number: str, name: str, quantity: int, unit: Amount, paid: Amount, left: Amount) -> wf.LineView:
    return wf.LineView(
        id=number,
        sku=f"SKU-{number}",
        name=name,
        quantity=quantity,
        unit_price=unit,
        paid_share=paid,
        refundable=left,
        refundable_quantity=quantity,
        requested_quantity=quantity,
    )


def _chinese_payment(paid: Any, given: Any, refunded: list[wf.Said]) -> wf.PaymentPane:
    charge = "ch_3Q8kd02eZvKYlo2C"
    return wf.PaymentPane(
        systems=["stripe"],
        as_of=ago(minutes=2),
        payments=[
            wf.RecordView(
                kind="payment",
                system="stripe",
                id=charge,
                as_of=ago(minutes=2),
                link=f"https://pay.example/{charge}",
                fields=[
                    field("payment.method", "card"),
                    field("payment.account_hint", "•••• 4242"),
                    field("payment.captured", paid, said("stripe", charge, paid)),
                    field("payment.refunded", given, *refunded, conflict=True),
                    field("payment.fee", money(cny(3897))),
                    field("payment.arrival_days", 5),
                ],
            )
        ],
        movements=[
            wf.MovementView(
                kind="refund",
                system="stripe",
                id="re_3Q9mBa2eZvKYlo2C",
                amount=cny(30000),
                status="succeeded",
                at=ago(hours=50),
                by="api:erp",
            ),
            wf.MovementView(
                kind="ledger_entry",
                system="kingdee",
                id="GL-0441",
                amount=cny(129900),
                status="payment",
                at=ago(days=7),
            ),
        ],
    )


def _chinese_messages(promise: c.PromiseView) -> list[c.MessageView]:
    return [
        message(11, "in", Who.CUSTOMER, "张**", "收到壶身裂了,盖子也碎了,申请全额退款。", 62, attachments=[1, 2]),
        message(12, "out", Who.AGENT, "客服 阿宁", "非常抱歉,已为您补偿 ¥300,请留意到账。", 50, promise=promise),
        message(13, "in", Who.CUSTOMER, "张**", "300 收到了,但整套不能用了,我要全额退。", 38),
        message(14, "out", Who.SYSTEM, None, "退款申请已受理,预计 11-22 14:33 前答复。", 15, channel="app"),
        message(15, "note", Who.AGENT, "林晓", "网关有一笔订单系统不知道的退款。", 9),
        message(16, "in", Who.CUSTOMER, "张**", "补一张面单照片。", 0.5, attachments=[3], unseen=True),
    ]


def english() -> c.CaseView:
    """Another case with other values everywhere: a return in the warehouse's hands, in another currency."""
    base = chinese()
    paid = money(eur(5990))
    return base.model_copy(
        update={
            "ref": "RC-26-004207",
            "stage": Stage.REVIEW,
            "language": "en",
            "channel": "web",
            "disputed": True,
            "requests": [
                base.requests[0].model_copy(
                    update={
                        "id": "RQ-9",
                        "reason": Reason.DUPLICATE_CHARGE,
                        "amount": eur(5990),
                        "text": "Charged twice.",
                        "reason_text": None,
                    }
                )
            ],
            "customer": c.CustomerView(id="cus_9", unmasked=True, name="Jonas <img src=x> Weber", refunds_in_period=3),
            "assignment": None,
            "clocks": [
                c.Clock(kind=ClockKind.DECISION, started_at=ago(hours=60), due_at=ago(minutes=14), remaining_s=-840)
            ],
            "order": wf.OrderPane(
                number="10-553",
                systems=["mall", "erp"],
                as_of=ago(hours=4),
                fields=[field("order.placed_at", ago(days=9).isoformat()), field("order.paid", paid)],
                lines=[_line("A", "Pour-over kettle, black", 1, eur(5990), eur(5990), eur(5990))],
            ),
            "payment": wf.PaymentPane(systems=["adyen"], as_of=ago(hours=1), payments=[], movements=[]),
            "conflicts": [],
            "findings": [],
            "messages": [message(91, "in", Who.CUSTOMER, "Jonas Weber", "You charged me twice.", 30, language="en")],
            "evidence": [],
            "timeline": [_entry("order", "mall", "timeline.ordered", 216)],
            "money": None,
            "promise": None,
            "recommendation": None,
            "consultations": [],
            "changes": [],
            "actions": ["case.take", "note.add"],
            "options": [],
        }
    )


def proposal(**more: Any) -> wd.ProposalView:
    base: dict[str, Any] = {
        "id": 501,
        "number": 2,
        "round": 1,
        "decision": Decision.PARTIAL,
        "reason": "rest_already_refunded",
        "by": LIN,
        "at": ago(minutes=12),
        "status": "open",
        "amount": cny(99900),
        "tender": Tender.MONEY,
        "lines": [
            wd.ProposedLine(line="L1", quantity=1, amount=cny(61900)),
            wd.ProposedLine(line="L2", quantity=2, amount=cny(38000)),
        ],
        "destination": "ch_3Q8kd02eZvKYlo2C",
        "policy_version": "2026-09",
        "clause": "damage.3",
        "note": "网关已退 300",
        "digest": "sha256:aa",
        "terms": [wd.Term(what=Coded(code="term.lines"), amount=cny(99900))],
        "opened_evidence": [1, 2],
    }
    return wd.ProposalView(**{**base, **more})


def for_approval() -> c.CaseView:
    earlier = proposal(
        id=500, number=1, amount=cny(129900), status="returned", verdict_by=ANA, verdict_reason="扣除已补偿的 300"
    )
    return chinese().model_copy(
        update={
            "stage": Stage.APPROVAL,
            "proposal": proposal(),
            "proposals": [earlier],
            "changes": [],
            "actions": ["proposal.approve", "proposal.return", "proposal.decline", "note.add", "consult.ask"],
        }
    )


def intent(**more: Any) -> wd.IntentView:
    base: dict[str, Any] = {
        "id": "0197a1c2-77aa-7c11-9c54-0a1b2c3d4e5f",
        "state": "reserved",
        "tender": Tender.MONEY,
        "amount": cny(99900),
        "channel": "stripe",
        "destination": "ch_3Q8kd02eZvKYlo2C",
        "at": ago(minutes=30),
        "age_s": 1800,
        "owner": Role.FINANCE,
    }
    return wd.IntentView(**{**base, **more})


def for_finance() -> c.CaseView:
    return chinese().model_copy(
        update={
            "stage": Stage.PAYOUT,
            "progress": Progress.APPROVED,
            "proposals": [proposal(status="approved", verdict_by=ANA, verdict_at=ago(minutes=30))],
            "intents": [intent()],
            "changes": [],
            "actions": ["payout.confirm", "payout.fail", "payout.cancel", "note.add"],
        }
    )


def settled() -> c.CaseView:
    """Two payouts went out; finance waits for them to arrive."""
    paid = {"state": "succeeded", "reference": "BANK-1", "amount": cny(99900)}
    other = intent(id="0197a1c2-99bb", amount=cny(5000), state="arrived", reference="BANK-2")
    return for_finance().model_copy(
        update={
            "stage": Stage.SETTLEMENT,
            "progress": Progress.REFUNDING,
            "intents": [intent(**paid), other, intent(id="0197a1c2-00cc", state="failed")],
            "actions": ["payout.fail", "payout.returned", "case.close", "note.add"],
        }
    )


def for_warehouse() -> c.CaseView:
    return chinese().model_copy(
        update={
            "stage": Stage.INSPECTION,
            "progress": Progress.BEING_INSPECTED,
            "proposals": [proposal(decision=Decision.RETURN_FIRST, status="approved", verdict_by=ANA)],
            "intents": [intent()],
            "changes": [],
            "actions": ["return.inspect", "note.add"],
        }
    )


def long_case() -> c.CaseView:
    """20 messages and 6 images, for the clock."""
    base = chinese()
    texts = [m for _ in range(4) for m in base.messages[:5]]
    return base.model_copy(
        update={
            "ref": "RC-26-009999",
            "messages": [m.model_copy(update={"id": 1000 + i}) for i, m in enumerate(texts)],
            "evidence": [evidence(i) for i in range(1, 7)],
        }
    )


def worth(line: k.LineAmountBody) -> k.LineAmountBody:
    """A line as the service computes it where no amount is named: 619.00 a unit."""
    return line.model_copy(update={"minor": 61900 * line.quantity if line.minor is None else line.minor})


def picture(number: int, size: str) -> bytes:
    """A JPEG that looks like something and differs by number."""
    wide, high = {"thumb": (160, 120), "screen": (1200, 900)}.get(size, (2000, 1500))
    image = Image.new("RGB", (wide, high), (205 - 12 * number, 180 - 8 * number, 140 + 6 * number))
    draw = ImageDraw.Draw(image)
    for step in range(8):
        inset = step * min(wide, high) // 18
        shade = 200 - step * 14 - number * 5
        draw.ellipse((inset, inset, wide - inset, high - inset), outline=(shade, shade - 20, shade - 60), width=9)
    draw.line((wide * 0.45, high * 0.25, wide * 0.6, high * 0.5, wide * 0.52, high * 0.62), fill=(60, 40, 20), width=5)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


EXPORTED = b"PK a case"


def waiting() -> c.CaseView:
    """Clocks in office hours: one waits for the carrier by hand and waited for the customer before; it is night."""
    office = Text2(zh="工作时间（北京）", en="office hours (Beijing)")
    rest: dict[str, Any] = {"calendar": office, "working": False, "counts_s": 0, "turns_at": ahead(hours=14)}
    asked, lost = Coded(code="clock.paused.waiting_customer"), Coded(code="clock.paused.by_hand.carrier")
    answered = c.PauseView(
        why=asked, waits_for=WaitFor.CUSTOMER, from_at=ago(hours=26), until_at=ago(hours=20), by=LIN, ended_by=LIN
    )
    lasting = c.PauseView(why=lost, waits_for=WaitFor.CARRIER, from_at=ago(hours=3), by=LIN, message=12)
    decision = c.Clock(
        kind=ClockKind.DECISION,
        started_at=ago(hours=30),
        due_at=None,
        paused_for=lost,
        remaining_s=9 * 3600,
        limit_s=16 * 3600,
        pauses=[answered, lasting],
        **rest,
    )
    answer = c.Clock(
        kind=ClockKind.FIRST_ANSWER,
        started_at=ago(hours=2),
        due_at=ahead(hours=18),
        remaining_s=4 * 3600 + 720,
        limit_s=8 * 3600,
        **rest,
    )
    base = chinese()
    more = ["wait.begin", "wait.end", "merchant.ask"]
    return base.model_copy(update={"clocks": [answer, decision], "actions": [*base.actions, *more]})


def with_merchant() -> c.CaseView:
    """Put to its merchant, who has twenty hours left."""
    base = waiting()
    held = base.clocks[1].model_copy(update={"paused_for": Coded(code="clock.paused.waiting_merchant")})
    return base.model_copy(
        update={
            "stage": Stage.WAITING_MERCHANT,
            "clocks": [held],
            "answer_due": ahead(hours=20),
            "actions": ["case.look", "note.add", "merchant.answer", "wait.end"],
            "options": [],
        }
    )


MERCHANT_LINK = "https://desk.example/merchant/abc.def"


class FakeDesk(DeskClient):
    """Answers with the cases it is given; `sent` has every write as (name, ref, body, key)."""

    def __init__(self, *views: c.CaseView) -> None:
        self.token, self.checkpoint = "t", None
        self.held = {view.ref: view for view in views}
        self.sent: list[tuple[str, str, Any, str | None]] = []
        self.looked: list[k.Looks] = []
        self.previewed: list[k.ProposalBody] = []
        self.fails: dict[str, DeskError] = {}
        self.slow: dict[str, asyncio.Event] = {}

    def _write(self, name: str, ref: str, body: BaseModel | str | None, key: str | None) -> k.Outcome:
        self.sent.append((name, ref, body, key))
        if name in self.fails:
            raise self.fails[name]
        view = self.held.get(ref) or next(iter(self.held.values()))
        return k.Outcome(
            ref=view.ref,
            what=Coded(code=f"outcome.{name}"),
            stage=view.stage,
            progress=view.progress,
            versions=view.versions,
            proposal=3 if name == "propose" else None,
            undo_until=datetime.now(UTC) + timedelta(seconds=10) if name == "propose" else None,
        )

    async def merchant_link(self, ref: str) -> MerchantLink:
        self.sent.append(("merchant-link", ref, None, None))
        return MerchantLink(url=MERCHANT_LINK, until=NOW)

    async def start_export_case(self, ref: str, order: CaseOrder, key: str | None = None) -> k.Job:
        digest = hashlib.sha256(EXPORTED).hexdigest()
        return k.Job(id="x1", kind="export.case", status="done", done=1, total=1, result={"sha256": digest})

    async def job_file_to(self, job_id: str, path: Path) -> int:
        return path.write_bytes(EXPORTED)

    async def case(self, ref: str, ahead: bool = False) -> c.CaseView:
        if ref not in self.held:
            raise NotFound("case.unknown", ref=ref)
        return self.held[ref]

    async def customer(self, ref: str, reason: str) -> c.CustomerView:
        self.sent.append(("customer", ref, reason, None))
        return self.held[ref].customer.model_copy(
            update={"unmasked": True, "name": "张思远", "phone": "138 0000 0000", "address": "杭州市西湖区 1 号"}
        )

    async def looks(self, ref: str, body: k.Looks) -> None:
        self.looked.append(body)

    async def image(self, evidence: int, size: str = "screen") -> bytes:
        """Being asked for, an image is decoded."""
        for ref, view in self.held.items():
            ready = [
                item.model_copy(update={"status": "ready"}) if (item.id, item.status) == (evidence, "waiting") else item
                for item in view.evidence
            ]
            if ready != view.evidence:
                self.held[ref] = view.model_copy(update={"evidence": ready})
        return picture(evidence, size)

    async def add_evidence(
        self, ref: str, name: str, data: bytes, key: str | None = None, *, sent: Callable[[int], None] | None = None
    ) -> k.UploadMade:
        """A file that a case has now, still to be decoded; bytes it had before are found again."""
        if sent is not None:
            sent(len(data) // 2)
        if name in self.slow:
            await self.slow[name].wait()
        self.sent.append(("add_evidence", ref, name, key))
        digest, view = hashlib.sha256(data).hexdigest(), self.held[ref]
        for item in view.evidence:
            if item.sha256 == digest:
                return k.UploadMade(evidence=item.id, duplicate=True)
        number = 70 + len(view.evidence)
        item = evidence(number).model_copy(update={"name": name, "sha256": digest, "status": "waiting"})
        self.held[ref] = view.model_copy(update={"evidence": [*view.evidence, item]})
        return k.UploadMade(evidence=number)

    async def add_note(self, evidence: int, note: k.NewNote, key: str | None = None) -> c.ImageNote:
        self.sent.append(("add_note", str(evidence), note, key))
        return c.ImageNote(**note.model_dump(), id=900, by=LIN, at=NOW)

    async def drop_note(self, evidence: int, note: int) -> None:
        self.sent.append(("drop_note", str(evidence), note, None))

    async def templates(self, ref: str) -> list[k.TemplateView]:
        return [k.TemplateView(id="sorry", label=Text2(zh="致歉", en="Apology"), text="很抱歉给您带来不便。")]

    async def message(self, ref: str, body: k.MessageBody, key: str | None = None) -> k.Outcome:
        return self._write("message", ref, body, key)

    async def promise(self, ref: str, body: k.PromiseBody, key: str | None = None) -> k.Outcome:
        return self._write("promise", ref, body, key)

    async def ask(self, ref: str, body: k.Ask, key: str | None = None) -> k.Outcome:
        return self._write("ask", ref, body, key)

    async def answer(self, consultation: int, text: str, key: str | None = None) -> k.Outcome:
        return self._write("answer", str(consultation), text, key)

    async def override(self, consultation: int, reason: str, key: str | None = None) -> k.Outcome:
        return self._write("override", str(consultation), reason, key)

    async def take(self, ref: str, key: str | None = None) -> k.Taken:
        self._write("take", ref, None, key)
        return k.Taken(ref=ref, lease_until=ahead(minutes=20))

    async def release(self, ref: str, reason: str | None = None, key: str | None = None) -> k.Outcome:
        return self._write("release", ref, reason, key)

    async def preview(self, ref: str, body: k.ProposalBody) -> k.Preview:
        self.previewed.append(body)
        if "preview" in self.fails:
            raise self.fails["preview"]
        amount = None
        if self.held[ref].money is not None and body.decision in (Decision.FULL, Decision.PARTIAL):
            computed = sum(worth(line).minor or 0 for line in body.lines) if body.lines else 99900
            computed += (body.shipping_minor or 0) - body.fee_minor
            amount = cny(computed if body.amount_minor is None else body.amount_minor)
        text = "您的退款正在审批，我们会在完成后第一时间通知您。" if amount else "我们需要您补充材料。"
        return k.Preview(
            decision=body.decision,
            amount=amount,
            most=cny(99900),
            terms=[wd.Term(what=Coded(code="term.reduced"), amount=amount)] if amount else [],
            lines=[worth(line) for line in body.lines or [k.LineAmountBody(line="L1", quantity=1)]] if amount else [],
            shipping=cny(body.shipping_minor or 0) if amount else None,
            tender=Tender.MONEY if amount else None,
            raci=RACI,
            missing=[] if body.reason else [wd.Missing(what=Coded(code="missing.reason"))],
            needs_approval=amount is not None,
            customer_text=text,
            customer_language="zh",
            payout_days=5,
        )

    async def propose(self, ref: str, body: k.ProposalBody, key: str) -> k.Outcome:
        return self._write("propose", ref, body, key)

    async def undo(self, ref: str, number: int, key: str) -> k.Outcome:
        return self._write("undo", ref, number, key)  # type: ignore[arg-type]

    async def withdraw(self, ref: str, number: int, key: str) -> k.Outcome:
        return self._write("withdraw", ref, None, key)

    async def approve(self, ref: str, number: int, body: k.Verdict, key: str) -> k.Outcome:
        return self._write("approve", ref, body, key)

    async def return_proposal(self, ref: str, number: int, body: k.SendBack, key: str) -> k.Outcome:
        return self._write("return", ref, body, key)

    async def decline_proposal(self, ref: str, number: int, body: k.SendBack, key: str) -> k.Outcome:
        return self._write("decline", ref, body, key)

    async def step(self, ref: str, what: str, body: BaseModel | None = None, key: str | None = None) -> k.Outcome:
        return self._write(what, ref, body, key)

    async def confirm_payout(self, intent: str, body: k.ConfirmPayout, key: str) -> k.Outcome:
        return self._write("confirm_payout", intent, body, key)

    async def payout_failed(self, intent: str, body: k.PayoutFailed, key: str) -> k.Outcome:
        return self._write("payout_failed", intent, body, key)

    async def payout_returned(self, intent: str, body: k.Because, key: str) -> k.Outcome:
        return self._write("payout_returned", intent, body, key)

    async def cancel_payout(self, intent: str, body: k.Because, key: str) -> k.Outcome:
        return self._write("cancel_payout", intent, body, key)
