"""The generated demo: the same twice, valid, complete, honest about its conflicts, and looking like something."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
import zxingcpp
from PIL import ExifTags, Image, ImageOps

from refund_desk.client.resources import resource_dir
from refund_desk.domain.dictionary import FIELDS
from refund_desk.domain.facts import Observed, Record, find_conflicts
from refund_desk.domain.money import parse
from refund_desk.domain.words import Reason, RecordKind, RequestKind, Role, Stage
from refund_desk.engines.demo_cases import DemoCase, generate, write_bundle
from refund_desk.engines.demo_images import Capture, GoodsShot, ParcelShot, Picture, render, scene
from refund_desk.engines.demo_kit import wrap
from refund_desk.engines.demo_papers import Chat, Receipt, Waybill
from refund_desk.engines.demo_plan import Life, people, plan
from refund_desk.wire.bundle import BundleCase

NOW = datetime(2026, 11, 22, 12, 40, tzinfo=UTC)
RESOURCES = resource_dir()


@lru_cache(maxsize=1)
def demo() -> tuple[DemoCase, ...]:
    return tuple(generate(RESOURCES, now=NOW))


def digest(cases: tuple[DemoCase, ...] | Iterator[DemoCase]) -> str:
    text = "\n".join(json.dumps(case.line, ensure_ascii=False) for case in cases)
    return hashlib.sha256(text.encode()).hexdigest()


def read(case: DemoCase) -> BundleCase:
    return BundleCase.model_validate_json(json.dumps(case.line))


def test_the_same_seed_gives_the_same_cases_and_another_seed_others() -> None:
    assert digest(generate(RESOURCES, now=NOW)) == digest(demo())
    assert digest(generate(RESOURCES, now=NOW, seed=7)) != digest(demo())


@pytest.mark.parametrize("seed", [2026, 1, 2, 3])
def test_every_line_is_a_valid_bundle_case_whatever_the_seed(seed: int) -> None:
    cases = list(generate(RESOURCES, now=NOW, seed=seed))
    assert len(cases) == 200
    ids = [(read(case).request.system, read(case).request.id) for case in cases]
    assert len(set(ids)) == 200


def test_every_reason_kind_currency_and_system_is_there() -> None:
    cases = [read(case) for case in demo()]
    assert {case.request.reason for case in cases} == set(Reason)
    assert {case.request.kind for case in cases} == set(RequestKind)
    assert {case.request.currency for case in cases} == {"CNY", "EUR", "USD", "GBP", "JPY", "BRL"}
    languages = Counter(case.request.language for case in cases)
    assert set(languages) == {"zh", "en"}
    assert abs(languages["zh"] - languages["en"]) <= 10
    assert {"alipay", "wechat_pay", "stripe", "adyen", "paypal"} <= {p.system for c in cases for p in c.payments}
    assert {"mall", "vendure", "erp"} <= {o.system for c in cases for o in c.orders}
    assert {"sf", "ups"} <= {s.system for c in cases for s in c.shipments}
    assert {"finance"} == {e.system for c in cases for e in c.ledger}
    assert {"chat", "mail", "phone", "app"} == {m.channel for c in cases for m in c.messages}


def test_the_shares_that_the_desk_should_show() -> None:
    cases = [read(case) for case in demo()]
    hours = [(NOW - case.request.created_at).total_seconds() / 3600 for case in cases]
    assert 0.1 <= sum(h > 48 for h in hours) / len(cases) <= 0.3
    assert sum(h < 2 for h in hours) >= 10
    assert 0.18 <= sum(case.merchant is not None for case in cases) / len(cases) <= 0.34
    assert 0.02 <= sum(any(p.disputes for p in case.payments) for case in cases) / len(cases) <= 0.07
    assert sum(m.promise is not None for case in cases for m in case.messages) >= 8
    assert any(line.perishable for case in cases for order in case.orders for line in order.lines)
    assert any(line.made_to_order for case in cases for order in case.orders for line in order.lines)
    assert {t.kind.value for c in cases for o in c.orders for t in o.tenders} >= {"points", "coupon"}
    assert any(case.returns for case in cases)
    assert max(Counter(case.customer.id for case in cases if case.customer).values()) >= 3
    assert any(wanted.quantity < line.quantity for case in cases for wanted in case.request.lines
               for line in case.orders[0].lines if line.id == wanted.line)  # fmt: skip


def test_one_case_has_twenty_messages_and_six_pictures_and_none_has_more() -> None:
    counts = [(len(case.line["messages"]), len(case.pictures)) for case in demo()]
    assert (20, 6) in counts
    assert max(messages for messages, _ in counts) == 20
    assert max(pictures for _, pictures in counts) == 8
    assert min(pictures for _, pictures in counts) == 0


def test_hostile_names_come_as_they_were_typed() -> None:
    names = {case.line["customer"]["name"] for case in demo()}
    assert "<img src=file:///etc/passwd>" in names
    assert max(map(len, names)) > 100
    assert any("\u202e" in name for name in names)
    assert any(ord(char) > 0xFFFF for name in names for char in name)


def test_nothing_happens_after_now_or_before_its_cause() -> None:
    for case in map(read, demo()):
        for order in case.orders:
            assert order.placed_at < case.request.created_at <= NOW
        for message in case.messages:
            assert message.sent_at <= NOW
        for shipment in case.shipments:
            assert shipment.shipped_at is not None
            assert shipment.shipped_at < (shipment.delivered_at or NOW) <= NOW
        assert [m.sent_at for m in case.messages] == sorted(m.sent_at for m in case.messages)


def test_sums_of_an_order_add_up() -> None:
    for case in map(read, demo()):
        for order in case.orders:
            cents = {name: parse(getattr(order, name) or "0", order.currency).minor
                     for name in ("total", "paid", "shipping", "discount", "tax")}  # fmt: skip
            assert cents["total"] - cents["discount"] + cents["shipping"] + cents["tax"] == cents["paid"]


def test_neighbours_never_say_the_same_sentence() -> None:
    texts = [{m["text"] for m in case.line["messages"]} for case in demo()]
    for near in (1, 2):
        for one, other in zip(texts, texts[near:], strict=False):
            assert not one & other
    assert not any(mark in text for case in texts for text in case for mark in ("{", "[", "}", "]"))


def test_attachments_name_pictures_that_are_there() -> None:
    for case in demo():
        files = {path for path, _ in case.pictures}
        assert files == {entry["file"] for entry in case.line["evidence"]}
        assert {name for message in case.line["messages"] for name in message["attachments"]} <= files


# ------------------------------------------------------------- conflicts


def records(line: dict[str, Any]) -> list[Record]:
    """What the systems of a line said, as the domain's records."""
    out: list[Record] = []

    def add(
        kind: RecordKind, system: str, id_: str, row: dict[str, Any], currency: str, parent: int | None = None
    ) -> int:
        at = datetime.fromisoformat(row["as_of"])
        fields = {}
        for one in FIELDS:
            value = row.get(one.name) if one.kind is kind else None
            if value is None:
                continue
            readers: dict[str, Callable[[Any], Any]] = {
                "money": lambda text: parse(text, currency).minor,
                "time": datetime.fromisoformat,
            }
            fields[one.name] = Observed(readers.get(one.type, lambda same: same)(value), at, at)
        out.append(Record(len(out), system, kind, id_, parent, at, fields))
        return len(out) - 1

    for order in line["orders"]:
        tenders = {tender["kind"]: tender["amount"] for tender in order["tenders"]}
        add(RecordKind.ORDER, order["system"], order["number"], {**order, **tenders}, order["currency"])
        for row in order["lines"]:
            add(RecordKind.ORDER_LINE, order["system"], row["id"], {**row, "as_of": order["as_of"]}, order["currency"])
    for payment in line["payments"]:
        currency = payment["currency"]
        parent = add(RecordKind.PAYMENT, payment["system"], payment["id"], payment, currency)
        for refund in payment["refunds"]:
            add(
                RecordKind.REFUND,
                payment["system"],
                refund["id"],
                {**refund, "as_of": payment["as_of"]},
                currency,
                parent,
            )
    for kind, name in (
        (RecordKind.SHIPMENT, "shipments"),
        (RecordKind.RETURN, "returns"),
        (RecordKind.LEDGER_ENTRY, "ledger"),
    ):
        for row in line[name]:
            add(kind, row["system"], row["id"], row, line["request"]["currency"])
    return out


@pytest.mark.parametrize("seed", [2026, 5])
def test_conflicts_come_from_what_two_systems_say_and_from_nothing_else(seed: int) -> None:
    cases = list(generate(RESOURCES, now=NOW, seed=seed))
    found = {case.request: find_conflicts(records(case.line)) for case in cases}
    assert {case.request for case in cases if case.conflict} == {request for request, some in found.items() if some}
    assert 0.08 <= sum(map(bool, found.values())) / 200 <= 0.16
    assert {c.field for some in found.values() for c in some} >= {
        "order.paid", "order.refunded", "order_line.quantity", "shipment.status",
    }  # fmt: skip
    assert "conflict" not in json.dumps([case.line for case in cases])


# ------------------------------------------------------------- pictures

BILL = Waybill(
    "顺丰速运", "SF1409226637281", "青瓷坊", "张** 2231", "上海市徐汇区***", "SO-8841207", "1.86 kg", "2026-11-17", True
)
RECEIPT = Receipt("Hearth & Clay", "VD-1", "2026-11-14", (("Mug", 2, "37.00"),), (("TOTAL", "£37.00"),), "Card", False)


@pytest.mark.parametrize("seed", range(5))
def test_barcodes_on_waybills_read_back(seed: int) -> None:
    codes = {str(found.format): found.text for found in zxingcpp.read_barcodes(scene(Picture(BILL, seed)))}
    assert codes["Code 128"] == BILL.tracking
    assert BILL.tracking in codes["QR Code"]


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_camera_held_sideways_is_turned_upright_by_its_tag(orientation: int) -> None:
    capture = Capture("2026:11:19 17:52:03", "HUAWEI", "Pura 70", orientation, "GIMP 3.0.4")
    file = Image.open(io.BytesIO(render(Picture(RECEIPT, 3, capture))))
    upright = scene(Picture(RECEIPT, 3))
    assert ImageOps.exif_transpose(file).size == upright.size
    assert (file.size == upright.size) is (orientation == 1)
    tags = file.getexif()
    assert tags[ExifTags.Base.Make] == "HUAWEI"
    assert tags[ExifTags.Base.Software] == "GIMP 3.0.4"
    assert tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2026:11:19 17:52:03"


@pytest.mark.parametrize(
    "subject",
    [ParcelShot("crushed", BILL), ParcelShot("open", BILL), GoodsShot("mug", 1, "faulty"), RECEIPT,
     Chat("客服", ((True, "壶身裂了"), (False, "非常抱歉")), "18:20", True)],
    ids=["parcel", "open", "mug", "receipt", "chat"],
)  # fmt: skip
def test_pictures_are_the_same_twice_and_of_a_phones_size(subject: Any) -> None:
    body = render(Picture(subject, 11))
    assert body == render(Picture(subject, 11))
    assert len(body) < 400_000
    with Image.open(io.BytesIO(body)) as art:
        assert 1000 <= max(art.size) <= 1600
        assert art.format == "JPEG"
        assert len(art.convert("L").getcolors(256) or range(256)) > 60


def test_no_line_of_chinese_begins_with_a_comma() -> None:
    lines = wrap("水蜜桃表面看着好，切开里面是黑的，拍了剖面图。", 30, 30 * 8 + 4)
    assert len(lines) > 2
    assert not any(line[0] in "，。" for line in lines)


def test_capture_data_of_every_sort_is_there_and_the_album_stays_small() -> None:
    pictures = [picture for case in demo() for _, picture in case.pictures]
    captures = [picture.capture for picture in pictures if picture.capture]
    assert {6, 8} <= {capture.orientation for capture in captures}
    assert any(capture.software for capture in captures)
    assert any(picture.capture is None for picture in pictures)
    assert {picture.kind.value for picture in pictures} == {"photo", "waybill", "receipt", "chat"}
    assert len(pictures) <= 400  # at 150 KB each: 60 MB
    shared = [picture for picture, times in Counter(pictures).items() if times > 1]
    assert len(shared) == 1  # one picture that two strangers sent


def test_a_bundle_is_written_with_its_pictures(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    written = write_bundle(tmp_path, RESOURCES, now=NOW, count=5, progress=lambda done, of: seen.append((done, of)))
    text = (tmp_path / "cases.jsonl").read_text(encoding="utf-8")
    lines = [BundleCase.model_validate_json(line) for line in text.splitlines()]
    assert written.cases == len(lines) == 5
    assert seen[-1] == (5, 5)
    files = [entry.file for line in lines for entry in line.evidence]
    assert written.files == len(files) > 0
    for file in files:
        with Image.open(tmp_path / file) as art:
            art.verify()


# ------------------------------------------------------------- the desk's life


def lives() -> list[Life]:
    return plan(RESOURCES, demo())


def test_the_plan_shows_every_state_and_leaves_work_in_the_queue() -> None:
    states = {life.state for life in lives()}
    assert states == {stage.value for stage in Stage} | {"declined", "cancelled"}
    assert len({life.request for life in lives()}) == len(lives()) <= 120
    assert lives() == lives()
    assert {step.do for life in lives() for step in life.steps} == {
        "take", "propose", "approve", "return_proposal", "rule", "ask", "answer", "ask_merchant", "customer_writes", "receive",
        "inspect", "confirm_payout", "close",
    }  # fmt: skip


def test_the_plan_uses_decisions_and_reasons_that_the_process_knows() -> None:
    process = RESOURCES / "process"
    fitting = yaml.safe_load((process / "reasons.yaml").read_text(encoding="utf-8"))["decisions"]
    decisions = yaml.safe_load((process / "standard.yaml").read_text(encoding="utf-8"))["decisions"]
    kinds = {case.request: case.line["request"]["kind"] for case in demo()}
    for life in lives():
        for step in life.steps:
            if step.do == "propose":
                assert step.reason in fitting[step.decision]
                assert kinds[life.request] in decisions[step.decision]["kinds"]


def test_everybody_named_has_a_login_and_every_role_somebody() -> None:
    staff = people(RESOURCES)
    assert {role for person in staff for role in person.roles} == {role.value for role in Role}
    assert len({person.login for person in staff}) == len(staff)
    assert {person.language for person in staff} == {"zh", "en"}
    for life in lives():
        for step in life.steps:
            assert step.role in life.people or step.role in ("by_limit", "customer")
            assert list(step.text or "x")
        assert [step.hours for step in life.steps] == sorted((s.hours for s in life.steps), reverse=True)
