"""Every error is problem+json with a code and the path of each bad field; nothing odd comes through."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import structlog

from refund_desk.server import guard, logs
from refund_desk.wire.base import MAX_INT
from tests.fakes.desk_api import DeskApi


def said(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"] == body["code"]
    return answer.status_code, body["code"]


def problems(answer: Any) -> set[tuple[str, str]]:
    assert said(answer) == (422, "request.invalid"), answer.text
    return {(one["path"], one["code"]) for one in answer.json()["params"]["problems"]}


def test_roads_that_lead_nowhere(any_desk: DeskApi) -> None:
    call = any_desk.call
    assert said(call("GET", "/nothing/here")) == (404, "route.not_found")
    wrong = call("DELETE", "/status")
    assert said(wrong) == (405, "route.method")
    assert wrong.headers["allow"] == "GET"
    assert said(call("POST", "/session", content=b"<xml/>", headers={"Content-Type": "text/xml"})) == (
        415,
        "body.media_type",
    )
    assert said(call("POST", "/session", content=b"{}", headers={})) == (415, "body.media_type")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "json.broken"),
        (b"[1, 2", "json.broken"),
        (b'{"login": "a", "login": "b", "password": "x"}', "json.duplicate_key"),
        (b'{"login": "a\xff", "password": "x"}', "text.not_utf8"),
        (b'{"login": NaN, "password": "x"}', "json.broken"),
        (b"[" * 100_000, "json.too_deep"),
        (b"[" * 70 + b"]" * 70, "json.too_deep"),
        (b'{"login": "a\\u0000b", "password": "x"}', "text.control"),
        (b'{"lo\\u0000gin": "a", "password": "x"}', "text.control"),
        (b'{"login": "\\ud800", "password": "x"}', "text.surrogate"),
        (b'{"login": 9007199254740992, "password": "x"}', "field.too_large"),
        (b'{"login": 1e999, "password": "x"}', "field.too_large"),
        (b"1" * 5000, "json.broken"),
        (b"null", "field.wrong_type"),
        (b"[]", "field.wrong_type"),
        (b"", "field.missing"),
    ],
)
def test_json_that_readers_disagree_on(any_desk: DeskApi, body: bytes, code: str) -> None:
    answer = any_desk.call("POST", "/session", content=body, headers={"Content-Type": "application/json"})
    assert {found for _, found in problems(answer)} == {code}
    assert len(answer.content) < 1000


def test_the_guard_reads_no_further_than_it_must() -> None:
    """A long flat body, an escaped backslash before u0000, the last integer: nothing to object to."""
    assert guard.flaws(json.dumps({"a": list(range(1000))}).encode()) == []
    assert guard.flaws(rb'{"a": "\\u0000"}') == []
    assert guard.flaws(str(MAX_INT).encode()) == []
    assert [one.code for one in guard.flaws(str(-MAX_INT - 1).encode())] == ["field.too_large"]


def test_every_bad_field_has_its_path(any_desk: DeskApi) -> None:
    path = f"/cases/{any_desk.ref(1)}/proposals"
    body = {
        "decision": "give it all away",
        "amount_minor": 12.0,
        "shipping_minor": "5",
        "fee_minor": True,
        "lines": [{"line": "L1", "quantity": -1}, {"line": "L2", "quantity": 1, "minor": 10**15 + 1, "color": "red"}],
        "credit_terms": {"valid_days": 0},
        "questions": "why?",
        "rests_on": {"money": 1.5},
        "note": "x" * 5001,
    }
    assert problems(any_desk.call("POST", path, body, by="reviewer", key="k")) == {
        ("decision", "field.not_allowed"),
        ("amount_minor", "field.wrong_type"),
        ("shipping_minor", "field.wrong_type"),
        ("fee_minor", "field.wrong_type"),
        ("lines[0].quantity", "field.too_small"),
        ("lines[1].minor", "field.too_large"),
        ("lines[1].color", "field.unknown"),
        ("credit_terms.valid_days", "field.too_small"),
        ("questions", "field.wrong_type"),
        ("rests_on.money", "field.wrong_type"),
        ("note", "field.too_long"),
    }


def test_money_is_an_integer_and_nothing_like_one(desk_api: DeskApi) -> None:
    desk_api.approved(desk_api.ref(1))
    path = f"/intents/{desk_api.intent(desk_api.ref(1)).id}/confirm"
    for minor in (12.0, "1200", True, None, -1, 0, 10**15 + 1, 1e3):
        body = {"reference": "B1", "minor": minor, "currency": "CNY"}
        found = problems(desk_api.call("POST", path, body, by="finance", key="k"))
        assert [place for place, _ in found] == ["minor"], minor
    assert desk_api.intent(desk_api.ref(1)).state == "reserved"


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/cases?limit=201", "limit"),
        ("/cases?limit=0", "limit"),
        ("/cases?limit=1e2", "limit"),
        ("/cases?assignee=99999999999999999999", "assignee"),
        ("/cases?stage=nowhere", "stage"),
        ("/cases?currency=cny", "currency"),
        ("/cases?q=" + "x" * 201, "q"),
        ("/changes?after=-2", "after"),
        ("/changes?wait=61", "wait"),
        ("/evidence/99999999999999999999/image", "number"),
        ("/evidence/-1/image", "number"),
        ("/evidence/%EF%BC%91/image", ""),
    ],
)
def test_queries_and_paths_are_checked_alike(any_desk: DeskApi, path: str, where: str) -> None:
    answer = any_desk.call("GET", path, by="reviewer")
    if where:
        assert [place for place, _ in problems(answer)] == [where]
    else:
        assert answer.status_code in (404, 422)  # a full-width digit is a digit to Python, and names nothing


@pytest.mark.parametrize("path", ["/cases?q=%00", "/cases?q=a%00b", "/cases/RC%00", "/cases/RC-26-000001/why?x=%00"])
def test_nul_gets_nowhere(any_desk: DeskApi, path: str) -> None:
    assert {code for _, code in problems(any_desk.call("GET", path, by="reviewer"))} == {"text.control"}


def test_cursors_that_we_did_not_make(any_desk: DeskApi) -> None:
    for cursor in ("x", "!!!", "MTox", "LTE6LTE=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OjE=", "é"):
        answer = any_desk.call("GET", f"/cases?after={cursor}", by="reviewer")
        assert answer.status_code in (200, 422), cursor
        if answer.status_code == 422:
            assert said(answer) == (422, "queue.cursor")


def test_filters_that_do_not_exist(any_desk: DeskApi) -> None:
    assert said(any_desk.call("GET", "/cases?chip=sparkling", by="reviewer")) == (422, "queue.chip")
    for filters in ({"chip": "no"}, {"stage": "no"}, {"colour": "red"}):
        answer = any_desk.call("POST", "/cases/take-next", {"filters": filters}, by="reviewer")
        assert said(answer) == (422, "queue.filter")


# ---------------------------------------------------------------- size


def test_bodies_have_a_bound(any_desk: DeskApi) -> None:
    big = b'{"login": "' + b"a" * guard.MAX_BODY + b'", "password": "x"}'
    answer = any_desk.call("POST", "/session", content=big, headers={"Content-Type": "application/json"})
    assert said(answer) == (413, "body.too_large")

    async def drip() -> Any:
        """Without a length: it is counted while it comes."""
        for _ in range(40):
            yield b" " * 65536

    answer = any_desk.call("POST", "/session", content=drip(), headers={"Content-Type": "application/json"})
    assert said(answer) == (413, "body.too_large")
    record = any_desk.call("POST", "/refund-requests", by="customer_service", content=b" " * (4 * 1024 * 1024 + 1))
    assert said(record) == (413, "intake.record_too_large")


def test_a_strangers_file_is_not_read(any_desk: DeskApi) -> None:
    read = []

    async def drip() -> Any:
        for number in range(100):
            read.append(number)
            yield b"x" * 65536

    path = f"/cases/{any_desk.ref(1)}/evidence?name=a.bin"
    assert any_desk.call("POST", path, content=drip()).status_code == 401
    if any_desk.transport == "embedded":
        assert read == []
    assert said(any_desk.call("POST", path, content=b"x", by="finance")) == (403, "process.not_allowed")


# ---------------------------------------------------------------- text from outside


TRICKS = [
    "<img src=file:///etc/passwd>",
    "\u202egnp.exe",
    "Z̸̡̧̛a̷l̶g̴o",
    "'; DROP TABLE refund_case; --",
    "\U0001f9fe" * 200,
    "‮​⁦",
    "=cmd|' /C calc'!A0",
]


def test_odd_text_is_text(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    for text in TRICKS:
        desk_api.clock.forward(seconds=1)
        note = {"kind": "note", "text": text}
        assert desk_api.call("POST", f"/cases/{ref}/messages", note, by="reviewer").is_success
        assert desk_api.case(ref).messages[-1].text == text
        assert desk_api.call("GET", "/cases", by="reviewer", params={"q": text[:150]}).is_success
        view = {"name": text[:100], "filters": {"q": text}}
        assert desk_api.call("PUT", "/views", view, by="reviewer").status_code == 204
        assert view in desk_api.call("GET", "/views", by="reviewer").json()


def test_a_reference_is_one_however_it_is_written(desk_api: DeskApi) -> None:
    """Full-width digits, spaces and invisible characters make no second reference of one."""
    desk_api.paid(desk_api.ref(1))
    used = f"BANK-{desk_api.ref(1)}"
    desk_api.approved(desk_api.ref(2))
    intent = desk_api.intent(desk_api.ref(2))
    body = {"minor": intent.amount.minor, "currency": "CNY"}
    wide = used.translate({ord(c): ord(c) - ord("0") + ord("０") for c in "0123456789"})
    for number, (reference, code) in enumerate(
        [
            (used, "payout.reference_used"),
            (f"  {used} ", "payout.reference_used"),
            (wide, "payout.reference_used"),
            (used + "\u200b", "payout.reference_odd"),
            (used[:4] + "\u202e" + used[4:], "payout.reference_odd"),
            ("\u200b", "payout.reference_odd"),
            ("   ", "payout.reference_missing"),
        ]
    ):
        answer = desk_api.call(
            "POST", f"/intents/{intent.id}/confirm", {**body, "reference": reference}, by="finance", key=str(number)
        )
        assert said(answer)[1] == code, reference


# ---------------------------------------------------------------- bugs


def test_a_bug_tells_nothing_and_leaves_a_line(desk_api: DeskApi, capsys: pytest.CaptureFixture[str]) -> None:
    """A desk whose blobs are gone: what breaks inside stays inside."""
    secret = "hunter2-in-a-local-variable"

    def break_down(*_: Any) -> Any:
        password = secret
        raise RuntimeError(f"cannot go on ({len(password)})")

    desk_api.house.desk.replies.offered = break_down  # type: ignore[method-assign, assignment]
    answer = desk_api.call("GET", f"/cases/{desk_api.ref(1)}/templates", by="reviewer")
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "urn:refund-desk:bug",
        "title": "server.bug",
        "status": 500,
        "code": "server.bug",
        "params": {},
    }
    line = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("{"))
    logged = json.loads(line)
    assert (logged["event"], logged["level"], logged["method"]) == ("server.bug", "error", "GET")
    assert logged["route"].endswith("/cases/{ref}/templates")
    assert "RuntimeError: cannot go on" in logged["exception"]
    assert secret not in line
    assert desk_api.call("GET", "/me", by="reviewer").is_success


def test_tracebacks_show_no_locals() -> None:
    out = io.StringIO()
    log = structlog.wrap_logger(structlog.PrintLogger(out), processors=logs.processors())
    password = "correct horse battery staple"
    try:
        raise ValueError(len(password))
    except ValueError as error:
        log.error("oops", exc_info=error)
    assert "ValueError" in out.getvalue()
    assert password not in out.getvalue().replace(repr(password), "")
