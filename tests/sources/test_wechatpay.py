"""What is particular to WeChat Pay: bills against their hash, refunds in them, notifications of the platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from refund_desk.domain.errors import Invalid, Unavailable
from refund_desk.domain.sources import Heard, Hint
from refund_desk.sources.wechatpay import CONNECTOR
from refund_desk.worker.sync import run
from tests.fakes import vendure, wechatpay
from tests.fakes.faulty import Said
from tests.fakes.house import OPERATOR, START
from tests.fakes.sources import SourceHouse
from tests.sources.rigs import WeChatRig


@pytest.fixture
def pay() -> Iterator[WeChatRig]:
    made = WeChatRig()
    yield made
    made.close()


@pytest.fixture
def desk(house: SourceHouse, pay: WeChatRig) -> SourceHouse:
    house.connect("shop", "wechatpay", pay.settings, pay.secrets)
    pay.prepare(house)
    return house


def test_a_refund_in_a_later_bill_is_one_of_its_payment(desk: SourceHouse, pay: WeChatRig) -> None:
    pay.put(1)
    one = pay.pay.payments[1]
    one.refunds.append(("RF-1", 700, one.at + timedelta(days=1)))
    assert run(desk, OPERATOR, "shop").new == 2
    assert desk.said("V00001", "payment", "captured") == [3500]
    assert desk.said("V00001", "refund", "amount") == [700]
    assert desk.said("V00001", "refund", "reference") == ["RF-1"]


def test_a_refund_that_is_notified_is_queried_before_its_bill(desk: SourceHouse, pay: WeChatRig) -> None:
    pay.put(1)
    run(desk, OPERATOR, "shop")
    one = pay.pay.payments[1]
    one.refunds.append(("RF-2", 800, vendure.START + timedelta(days=2)))
    about = {"transaction_id": one.id, "out_refund_no": "RF-2", "refund_status": "SUCCESS"}
    pay.notify("evt-9", "REFUND.SUCCESS", about)
    counts = run(desk, OPERATOR, "shop")
    assert (counts.new, counts.quarantined) == (2, 0)
    assert desk.said("V00001", "refund", "status") == ["succeeded"]
    assert desk.said("V00001", "payment", "status") == ["partially_refunded"]


def test_only_what_the_platform_signed_is_heard() -> None:
    body = wechatpay.notification("evt-1", "REFUND.SUCCESS", {"transaction_id": "42", "out_refund_no": "RF"})
    headers = wechatpay.signed(body, START)
    heard = Heard("evt-1", (Hint("payments", "42"), Hint("refunds", "RF")), ("42",))
    assert CONNECTOR.hear(headers, body, wechatpay.HOOK, START) == heard
    pasted = " ".join(wechatpay.HOOK.split("\n"))  # what a field of one line makes of it
    assert CONNECTOR.hear(headers, body, pasted, START) == heard
    stranger = wechatpay.signed(body, START, wechatpay.STRANGER)
    sealed = wechatpay.notification(
        "evt-1", "REFUND.SUCCESS", {"transaction_id": "42"}, "another-key-of-32-letters-or-so-"
    )
    wrong = [
        (stranger, body, wechatpay.HOOK, "hook.signature"),
        (headers, body + b" ", wechatpay.HOOK, "hook.signature"),
        (headers | {"wechatpay-signature": "?"}, body, wechatpay.HOOK, "hook.signature"),
        (headers | {"wechatpay-timestamp": "1"}, body, wechatpay.HOOK, "hook.time"),
        (wechatpay.signed(sealed, START), sealed, wechatpay.HOOK, "hook.sealed"),
        (headers, body, "short\n", "hook.secret"),
        (headers, body, wechatpay.API_KEY + "\nno key", "hook.secret"),
    ]
    for given, content, secret, code in wrong:
        with pytest.raises(Invalid) as refused:
            CONNECTOR.hear(given, content, secret, START)
        assert refused.value.code == code
    bare = json.dumps({"id": "evt-2", "resource": None}).encode()
    with pytest.raises(Invalid, match=r"hook\.sealed"):
        CONNECTOR.hear(wechatpay.signed(bare, START), bare, wechatpay.HOOK, START)


def test_a_bill_that_is_not_what_was_told_is_not_read(desk: SourceHouse, pay: WeChatRig) -> None:
    pay.put(1)
    answer = pay.server.answer

    def bent(asked: object) -> Said:
        said = answer(asked)  # type: ignore[arg-type]
        return Said(200, said.content.replace(b"35.00", b"95.00"), said.headers) if b"35.00" in said.content else said

    pay.server.answer = bent
    with pytest.raises(Unavailable, match=r"source\.garbage"):
        run(desk, OPERATOR, "shop")


def test_an_answer_that_somebody_else_signed_is_not_read(desk: SourceHouse, pay: WeChatRig) -> None:
    pay.put(1)
    answer = pay.server.answer
    pay.server.answer = lambda asked: Said(
        (said := answer(asked)).status,
        said.content,
        {**said.headers, **wechatpay.signed(said.content, START, wechatpay.STRANGER)},
    )
    with pytest.raises(Unavailable, match=r"source\.garbage"):
        run(desk, OPERATOR, "shop")
