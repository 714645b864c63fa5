"""Every way a line can be wrong has a path and a word; a right one becomes a record of the domain."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from refund_desk.domain.requests import Problem, RequestRecord, keys_of, problems
from refund_desk.domain.words import RecordKind
from refund_desk.server.intake_wire import parse_line, request_name

NOW = datetime(2026, 11, 20, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "schema": "case-bundle/1",
    "request": {
        "system": "mall",
        "id": "R1",
        "order": "O1",
        "kind": "refund_only",
        "reason": "damaged",
        "created_at": "2026-11-19T18:20:00+08:00",
        "amount": "129.00",
        "currency": "CNY",
        "lines": [{"line": "L1", "quantity": 2}],
    },
    "customer": {"id": "C1", "name": "王小明"},
    "orders": [
        {
            "system": "mall",
            "number": "O1",
            "as_of": "2026-11-19T20:00:00+08:00",
            "placed_at": "2026-11-01T10:00:00+08:00",
            "status": "delivered",
            "currency": "CNY",
            "paid": "129.00",
            "tenders": [{"kind": "points", "amount": "1.50"}, {"kind": "points", "amount": "0.50"}],
            "lines": [
                {"id": "L1", "name": "杯子", "quantity": 2, "unit_price": "60.00"},
                {"id": "L2", "name": "盘子", "quantity": 1, "unit_price": "9.00"},
            ],
        }
    ],
    "payments": [
        {
            "system": "alipay",
            "id": "P1",
            "order": "O1",
            "as_of": "2026-11-19T20:00:00+08:00",
            "method": "alipay",
            "status": "captured",
            "currency": "CNY",
            "captured": "127.00",
            "refunds": [
                {"id": "F1", "amount": "1", "status": "failed", "created_at": "2026-11-02T00:00:00Z"},
            ],
        }
    ],
    "messages": [
        {
            "system": "mall",
            "id": "M1",
            "channel": "chat",
            "direction": "in",
            "who": "customer",
            "sent_at": "2026-11-19T18:20:00+08:00",
            "text": "碎了",
            "attachments": ["evidence/a.jpg"],
        }
    ],
    "evidence": [{"file": "evidence/a.jpg"}],
}


def line(**changes: Any) -> bytes:
    """The good line with values put at paths: `request__lines__0__quantity=3`; ... removes one."""
    case = copy.deepcopy(GOOD)
    for path, value in changes.items():
        *way, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        at: Any = case
        for part in way:
            at = at[part]
        if value is ...:
            del at[last]
        else:
            at[last] = value
    return json.dumps(case, ensure_ascii=False).encode()


def all_problems(raw: bytes) -> list[Problem]:
    read = parse_line(raw)
    return problems(read, NOW) if isinstance(read, RequestRecord) else read


def test_a_good_line_becomes_a_record() -> None:
    record = parse_line(line())
    assert isinstance(record, RequestRecord)
    assert problems(record, NOW) == []
    assert record.request.amount_minor == 12900
    assert record.request.lines[0].units == (1, 2)
    assert record.buyer is not None
    assert record.buyer.system == "mall"
    order, first, _, payment, refund = record.sayings
    assert order.fields["points"] == 200
    assert order.fields["placed_at"] == datetime(2026, 11, 1, 2, tzinfo=UTC)
    assert "note" not in order.fields
    assert (first.kind, first.parent, first.fields["unit_price"]) == (RecordKind.ORDER_LINE, 0, 6000)
    assert (refund.kind, record.sayings[refund.parent or 0]) == (RecordKind.REFUND, payment)
    assert record.proofs[0].name == "a.jpg"


def test_what_is_said_the_same_has_the_same_content() -> None:
    plain, spelled = parse_line(line()), parse_line(json.dumps(json.loads(line()), indent=1).encode())
    explicit = parse_line(line(orders__0__shipping="0"))
    other = parse_line(line(orders__0__shipping="1"))
    assert isinstance(plain, RequestRecord)
    assert isinstance(spelled, RequestRecord)
    assert isinstance(explicit, RequestRecord)
    assert isinstance(other, RequestRecord)
    assert plain.content == spelled.content == explicit.content != other.content


def test_keys_of_a_bulk_line_stay_few() -> None:
    record = parse_line(line(request__lines__0__quantity=80_000))
    assert isinstance(record, RequestRecord)
    keys = keys_of(record.request)
    assert len(keys) == 21
    small = parse_line(line())
    assert isinstance(small, RequestRecord)
    assert set(keys_of(small.request)) < set(keys)


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        (b"\xff\xfe{}", "", "text.not_utf8"),
        (b"{", "", "json.broken"),
        (b"[" * 100_000, "", "json.broken"),
        (b"[]", "", "field.wrong_type"),
        (b'{"schema": 1e999999}', "schema", "schema.unknown"),
        (line().replace(b'"id": "R1"', b'"id": "R1", "id": "R2"'), "", "json.duplicate_key"),
        (line(schema="case-bundle/9"), "schema", "schema.unknown"),
        (line(request__order=...), "request.order", "field.missing"),
        (line(request__colour="red"), "request.colour", "field.unknown"),
        (line(request__id=5), "request.id", "field.wrong_type"),
        (line(request__id=""), "request.id", "field.empty"),
        (line(request__id="x" * 201), "request.id", "field.too_long"),
        (line(request__kind="gift"), "request.kind", "field.not_allowed"),
        (line(request__currency="yuan"), "request.currency", "currency.unknown"),
        (line(request__language="english"), "request.language", "field.language"),
        (line(customer__country="china"), "customer.country", "field.country"),
        (line(request__amount=129.0), "request.amount", "money.not_text"),
        (line(request__amount="1,299.00"), "request.amount", "money.not_decimal"),
        (line(request__amount="1e3"), "request.amount", "money.not_decimal"),
        (line(request__amount="NaN"), "request.amount", "money.not_decimal"),
        (line(request__amount="129.001"), "request.amount", "money.too_precise"),
        (line(request__amount="999999999999999"), "request.amount", "money.too_large"),
        (line(request__amount="9" * 20 + ".00"), "request.amount", "money.too_large"),
        (line(request__amount="-1.00"), "request.amount", "money.negative"),
        (line(request__currency="ZZZ"), "request.amount", "currency.unknown"),
        (line(request__created_at="yesterday"), "request.created_at", "time.unreadable"),
        (line(request__created_at=1763500000), "request.created_at", "time.unreadable"),
        (line(request__created_at="1763500000"), "request.created_at", "time.unreadable"),
        (line(request__created_at="2026-11-19"), "request.created_at", "time.unreadable"),
        (line(request__created_at="2026-11-19T18:20:00"), "request.created_at", "time.no_offset"),
        (line(request__created_at="2026-13-19T18:20:00Z"), "request.created_at", "time.unreadable"),
        (line(request__created_at="0001-01-01T00:00:00+14:00"), "request.created_at", "time.out_of_range"),
        (line(request__created_at="2026-11-22T00:00:00Z"), "request.created_at", "time.in_future"),
        (line(orders__0__as_of="2027-11-22T00:00:00Z"), "orders[0].as_of", "time.in_future"),
        (line(messages__0__sent_at="2027-11-22T00:00:00Z"), "messages[0].sent_at", "time.in_future"),
        (line(request__lines__0__quantity=0), "request.lines[0].quantity", "field.too_small"),
        (line(request__lines__0__quantity=True), "request.lines[0].quantity", "field.wrong_type"),
        (line(request__lines__0__quantity="2"), "request.lines[0].quantity", "field.wrong_type"),
        (line(request__lines__0__quantity=10**30), "request.lines[0].quantity", "field.too_large"),
        (line(request__lines__0__units=[1]), "request.lines[0].units", "units.count_differs"),
        (line(request__lines__0__units=[1, 1]), "request.lines[0].units", "id.duplicate"),
        (line(request__lines=[{"line": "L9", "quantity": 1}]), "request.lines[0].line", "request.lines_unlisted"),
        (line(request__lines=[{"line": "L1", "quantity": 1}] * 2), "request.lines[1].line", "id.duplicate"),
        (line(request__lines=[{"line": "L1", "quantity": 1}] * 2001), "request.lines", "list.too_long"),
        (line(orders__0__number="O2"), "orders[0].number", "order.number_differs"),
        (line(payments__0__order="O2"), "payments[0].order", "order.number_differs"),
        (line(orders__0__currency="USD"), "orders[0].currency", "currency.differs"),
        (line(payments__0__currency="USD"), "payments[0].currency", "currency.differs"),
        (line(payments__0__captured="-1"), "payments[0].captured", "money.negative"),
        (line(payments__0__refunds__0__amount="x"), "payments[0].refunds[0].amount", "money.not_decimal"),
        (line(orders__0__lines__1__id="L1"), "orders[0].lines[1]", "id.duplicate"),
        (line(orders__0__lines__1__unit_price=9), "orders[0].lines[1].unit_price", "money.not_text"),
        (line(orders__0__lines__1__name="a\0b"), "orders[0].lines[1].name", "text.control"),
        (line(orders=[GOOD["orders"][0]] * 2), "orders[1]", "id.duplicate"),
        (line(messages=[GOOD["messages"][0]] * 2), "messages[1]", "id.duplicate"),
        (line(messages__0__attachments=["evidence/b.jpg"]), "messages[0].attachments[0]", "evidence.unknown"),
        (line(evidence__0__file="../a.jpg", messages=[]), "evidence[0].file", "evidence.path_unsafe"),
        (line(evidence__0__file="a.jpg", messages=[]), "evidence[0].file", "evidence.path_outside"),
        (line(evidence=[GOOD["evidence"][0]] * 2), "evidence[1].file", "id.duplicate"),
        (line().replace("王小明".encode(), b"\\ud800"), "", "json.broken"),
    ],
)
def test_each_mistake_has_its_place_and_word(raw: bytes, path: str, code: str) -> None:
    assert (path, code) in [(problem.path, problem.code) for problem in all_problems(raw)]


def test_what_is_no_text_is_told_with_its_place() -> None:
    (found,) = all_problems(line().replace("王小明".encode(), b"\\ud800"))
    assert found.params["at"] > 100


def test_all_mistakes_are_told_at_once() -> None:
    found = all_problems(line(request__amount="x", payments__0__captured="-1", orders__0__lines__0__quantity=0))
    assert {p.path for p in found} == {"orders[0].lines[0].quantity", "request.amount"}  # shape first
    found = all_problems(line(request__amount="1.001", payments__0__captured="-1"))
    assert {p.path for p in found} == {"request.amount", "payments[0].captured"}


def test_an_unknown_currency_is_told_once() -> None:
    found = all_problems(line(payments=[], orders__0__currency="ZZZ", request__currency="ZZZ"))
    assert [p.code for p in found] == ["currency.unknown"]


def test_some_lines_unlisted_is_no_quarantine() -> None:
    lines = [{"line": "L1", "quantity": 1}, {"line": "L9", "quantity": 1}]
    assert all_problems(line(request__lines=lines)) == []


def test_yen_have_no_decimals() -> None:
    case = json.loads(line(orders__0__tenders=[]).replace(b"CNY", b"JPY"))
    assert "money.too_precise" not in {p.code for p in all_problems(json.dumps(case).encode())}
    case["request"]["amount"] = "129.50"
    assert ("request.amount", "money.too_precise") in {
        (p.path, p.code) for p in all_problems(json.dumps(case).encode())
    }


@pytest.mark.parametrize(
    ("raw", "name"),
    [(line(), "mall/R1"), (b"{", None), (b"[]", None), (b'{"request": 5}', None), (b"[" * 90_000, None)],
)
def test_the_name_of_a_broken_record(raw: bytes, name: str | None) -> None:
    assert request_name(raw) == name
