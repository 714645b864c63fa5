"""Lists: pages that stay put while the queue moves, filters, search, and never more than 200 rows."""

from __future__ import annotations

from typing import Any

from refund_desk.domain.words import Aspect
from refund_desk.wire import cases as w
from refund_desk.wire import commands as c
from tests.fakes import bundles as b
from tests.fakes.desk_api import CASES, DeskApi


def pages(desk: DeskApi, limit: int, **how: Any) -> list[list[str]]:
    out, after = [], None
    while True:
        page = desk.ask("reviewer", lambda d, at=after: d.queue(limit=limit, after=at, **how))  # type: ignore[misc]
        out.append([row.ref for row in page.rows])
        after = page.next
        if after is None:
            return out


def send(desk: DeskApi, number: int, orders: list[dict[str, Any]] | None = None, **request: Any) -> None:
    parts = {"orders": orders} if orders else {}
    asked = b.request(f"R{number}", f"O{number}", **request)
    line = b.case(f"R{number}", f"O{number}", request=asked, customer=None, **parts)
    answer = desk.call("POST", "/refund-requests", by="customer_service", content=b.raw(line))
    assert answer.is_success, answer.text


def test_pages_are_the_list(any_desk: DeskApi) -> None:
    whole = pages(any_desk, 200)
    assert len(whole) == 1
    for limit in (1, 5, 12, 13):
        parts = pages(any_desk, limit)
        assert [ref for page in parts for ref in page] == whole[0]
        assert all(len(page) == limit for page in parts[:-1])


def test_a_page_stays_put_while_the_queue_moves(desk_api: DeskApi) -> None:
    """What was decided or came meanwhile moves nothing else: no row twice, none left out."""
    first = desk_api.ask("reviewer", lambda desk: desk.queue(limit=5))
    shown = [row.ref for row in first.rows]
    last = shown[-1]
    desk_api.taken(last, "reviewer2")
    body = desk_api.body(last).model_copy(update={"rests_on": {}})
    answer = desk_api.call("POST", f"/cases/{last}/proposals", body.model_dump(mode="json"), by="reviewer2", key="k")
    assert answer.is_success
    send(desk_api, 70, created_at="2026-11-01T10:00:00+00:00")  # more urgent than all
    rest: list[str] = []
    after = first.next
    while after is not None:
        page = desk_api.ask("reviewer", lambda desk, at=after: desk.queue(limit=5, after=at))  # type: ignore[misc]
        rest += [row.ref for row in page.rows]
        after = page.next
    assert sorted([*shown, *rest]) == sorted({*shown, *rest})
    assert {desk_api.ref(n) for n in range(1, CASES + 1)} <= {*shown, *rest}
    assert pages(desk_api, 5)[0][0] == desk_api.ref(CASES + 1)


def test_chips_count_what_they_filter(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    desk_api.taken(ref)
    desk_api.proposed(desk_api.ref(2), "reviewer2")
    page = desk_api.ask("supervisor", lambda desk: desk.queue())
    assert page.total is not None
    assert page.total.count == CASES
    counts = {chip.key: chip.count for chip in page.chips}
    assert counts["waiting_approval"] == counts["mine_to_approve"] == 1
    assert counts["unassigned"] == CASES - 2
    for key, count in counts.items():
        rows = desk_api.ask("supervisor", lambda desk, k=key: desk.queue(chip=k, limit=200)).rows  # type: ignore[misc]
        assert len(rows) == count, key
    mine = desk_api.ask("reviewer", lambda desk: desk.queue(chip="mine"))
    assert [row.ref for row in mine.rows] == [ref]
    assert "mine_to_approve" not in {chip.key for chip in mine.chips}
    cursor = desk_api.ask("reviewer", lambda desk: desk.queue(limit=5)).next
    again = desk_api.ask("reviewer", lambda desk: desk.queue(limit=5, after=cursor))
    assert (again.chips, again.total) == ([], None), "counted once, with the first page"


def test_filters_narrow(desk_api: DeskApi) -> None:
    send(desk_api, 80, kind="exchange", reason="wrong_item")
    send(desk_api, 81, orders=[b.order("O81", currency="USD")], currency="USD", amount="10.00", reason="late")
    new = [desk_api.ref(CASES + 1), desk_api.ref(CASES + 2)]
    desk_api.taken(new[0])
    me = desk_api.ask("reviewer", lambda desk: desk.me()).person.id
    wanted: list[tuple[dict[str, Any], list[str]]] = [
        ({"kind": "exchange"}, new[:1]),
        ({"reason": "late"}, new[1:]),
        ({"currency": "USD"}, new[1:]),
        ({"assignee": me}, new[:1]),
        ({"kind": "exchange", "reason": "late"}, []),
        ({"merchant": "nobody"}, []),
        ({"stage": "payout"}, []),
    ]
    for filters, refs in wanted:
        page = desk_api.ask("reviewer", lambda desk, f=filters: desk.queue(**f))  # type: ignore[misc]
        assert [row.ref for row in page.rows] == refs, filters


def test_search_finds_names_numbers_and_words(desk_api: DeskApi) -> None:
    note = c.MessageBody(kind="note", text="顺丰说包裹在上海中转站破损")
    desk_api.ask("customer_service", lambda desk: desk.message(desk_api.ref(5), note))
    for words, found in {
        "王小7": 7,
        "O11": 11,
        "RC-26-000003": 3,
        "上海": 5,
        "破损 中转": 5,
    }.items():
        rows = desk_api.ask("reviewer", lambda desk, q=words: desk.queue(q=q)).rows  # type: ignore[misc]
        assert desk_api.ref(found) in [row.ref for row in rows], words
    for nothing in ("绝对没有", '" OR 1=1 --', "*", "NEAR(a b)", "a:b", "()", "'"):
        rows = desk_api.ask("reviewer", lambda desk, q=nothing: desk.queue(q=q)).rows  # type: ignore[misc]
        assert rows == [], nothing
    closed = desk_api.paid(desk_api.ref(6))
    assert closed.stage == "closed"
    assert desk_api.ask("reviewer", lambda desk: desk.queue(q="王小6")).rows[0].ref == desk_api.ref(6)


def test_no_list_has_more_than_200_rows(desk_api: DeskApi) -> None:
    """Three hundred of everything; each list still answers with a page."""
    now = desk_api.clock()
    with desk_api.house.write() as work:
        me = work.people.account("reviewer")
        assert me is not None
        first = work.cases.by_ref(desk_api.ref(1))
        for number in range(300):
            work.people.add_change(
                kind="roles",
                subject="risk",
                content=["risk"],
                digest=b"",
                proposed_by=me.person_id,
                proposed_at=now,
                reason="x",
                status="open",
            )
            work.cases.inform(first.id, list(me.roles), "event.note.added", {"ref": first.ref}, now)
            work.cases.event(first.id, "note.added", Aspect.THREAD, at=now, data={"message": number})
            who = desk_api.house.operators[desk_api.house.operator_token("t")]
            work.audit("note.added", who, desk_api.ref(1 + number % 12))
    for path, by in (
        ("/cases?limit=200", "reviewer"),
        ("/config/changes", "lead"),
        ("/audit/entries?limit=200", "auditor"),
        ("/users", "administrator"),
        ("/quarantine?limit=200", "supervisor"),
        ("/approvals", "supervisor"),
        ("/views", "reviewer"),
    ):
        found = desk_api.call("GET", path, by=by).json()
        rows = found if isinstance(found, list) else found["rows"]
        assert len(rows) <= 200, path
    mine = w.ForMe.model_validate_json(desk_api.call("GET", "/for-me", by="reviewer").content)
    assert sum(len(getattr(mine, name)) for name in w.ForMe.model_fields) <= 200
    assert mine.know
    changes = desk_api.call("GET", "/config/changes", by="lead").json()
    older = desk_api.call("GET", f"/config/changes?before={changes[-1]['id']}", by="lead").json()
    assert [len(changes), len(older)] == [200, 100]
    seen: list[int] = []
    before = None
    while True:
        page = desk_api.ask("auditor", lambda desk, at=before: desk.audit_page(before=at, case=desk_api.ref(1)))  # type: ignore[misc]
        seen += [0] * len(page.rows)
        before = page.next
        if before is None:
            break
    with desk_api.house.read() as work:
        assert len(seen) == len(work.log.page(case=desk_api.ref(1), limit=5000))


def test_views_are_few(desk_api: DeskApi) -> None:
    for number in range(100):
        assert desk_api.call("PUT", "/views", {"name": f"v{number}", "filters": {}}, by="reviewer").status_code == 204
    full = desk_api.call("PUT", "/views", {"name": "one more", "filters": {}}, by="reviewer")
    assert (full.status_code, full.json()["code"]) == (409, "view.too_many")
    assert desk_api.call("PUT", "/views", {"name": "v1", "filters": {"chip": "mine"}}, by="reviewer").status_code == 204
