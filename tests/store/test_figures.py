"""Each figure, from the sums that are kept, against one computed anew from the raw rows by another way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from refund_desk.domain.errors import Invalid
from refund_desk.domain.figure_parts import PARTS, of_all
from refund_desk.domain.figures import (
    EVERYTHING,
    FIGURES,
    Dimension,
    Span,
    Sums,
    Value,
    month_before,
    month_span,
    values_of,
)
from refund_desk.domain.words import MONEY_DECISIONS
from refund_desk.store.tables import cases as t
from refund_desk.store.tables.facts import merchant, message, personal
from refund_desk.store.tables.figures import figure_case, figure_day, figure_open
from refund_desk.store.tables.reconciliation import reconciliation_break
from refund_desk.store.work import SqlStore, SqlWork
from tests.store.many import Cases, store_over

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = month_span("2026-10")
FIRST, END = datetime(2026, 10, 1, tzinfo=ZONE), datetime(2026, 11, 1, tzinfo=ZONE)
Rows = list[dict[str, Any]]


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return store_over(engine)


def fill(store: SqlStore, seed: int) -> None:
    """Cases with everything that figures count, in and around a month, some at its very edges."""
    dice = random.Random(seed)
    edges = (FIRST, END, FIRST - timedelta(microseconds=1), END - timedelta(microseconds=1))

    def at() -> datetime:
        if dice.random() < 0.1:
            return edges[dice.randrange(4)]
        return FIRST + timedelta(seconds=dice.randint(-15 * 86_400, 45 * 86_400))

    with store.write() as work:
        cases, run = Cases(work), work.connection.execute
        person = work.people.add_person("Rita", FIRST)
        for number in (1, 2):
            run(insert(merchant).values(id=number, external_id=f"m{number}", name=f"Shop {number}"))
        for n in range(60):
            opened = at()
            customer = cases.customer() if n % 3 else None
            if customer and n % 2:
                run(
                    update(personal).where(personal.c.customer_id == customer).values(country=dice.choice(("CN", "DE")))
                )
            shop = dice.choice((None, 1, 2))
            case = cases.case(
                customer=customer,
                opened_at=opened,
                closed_at=dice.choice((None, at())),
                reason=dice.choice(("damaged", "late")),
                channel=dice.choice((None, "app", "mail")),
                merchant_id=shop,
            )
            for kind in ("first_answer", "decision"):
                due = dice.choice((None, at()))
                values = {"case_id": case, "round": 1, "kind": kind, "started_at": opened, "limit_s": 1, "due_at": due}
                run(insert(t.case_clock).values(**values, stopped_at=dice.choice((None, at()))))
            for number in range(1, dice.randint(1, 3) + 1):
                said = {
                    "case_id": case,
                    "round": number,
                    "number": number,
                    "reason": "x",
                    "content": b'{"clause":"%s"}' % dice.choice((b"A.1", b"B.2")),
                    "amount_minor": dice.choice((None, 100, 250)),
                    "currency": "CNY",
                    "digest": b"",
                }
                said |= {"person_id": person, "at": at(), "verdict_at": dice.choice((None, at()))}
                said |= {"decision": dice.choice(("full", "partial", "decline", "hold"))}
                run(insert(t.proposal).values(**said, status=dice.choice(("approved", "approved", "returned"))))
            made = run(select(t.proposal.c.id).where(t.proposal.c.case_id == case).limit(1)).scalar_one()
            order = run(select(t.refund_case.c.order_id).where(t.refund_case.c.id == case)).scalar_one()
            money = {"id": f"i{n}", "case_id": case, "order_id": order, "proposal_id": made, "tender": "money"}
            money |= {"channel": "x", "amount_minor": dice.randint(1, 999), "currency": dice.choice(("CNY", "JPY"))}
            money |= {"state": "succeeded", "created_at": opened, "changed_at": opened, "proposer_id": person}
            run(insert(t.refund_intent).values(**money))
            for state in ("succeeded", "succeeded", "arrived"):
                if dice.random() < 0.6:
                    run(insert(t.intent_event).values(intent_id=f"i{n}", at=at(), state=state, data={}))
            for kind in dice.sample(("case.reopened", "payout.confirmed", "note.added", "merchant.asked"), 2):
                event = {"case_id": case, "round": 2, "at": at(), "type": kind, "aspect": "thread", "version": 1}
                moved: dict[str, Any] = (
                    {"from": "closed", "to": "review"} if kind != "note.added" else {"from": 1, "to": 2}
                )
                run(insert(t.case_event).values(**event, data=moved, person_id=dice.choice((None, person))))
            if dice.random() < 0.2:
                found: dict[str, Any] = {
                    "digest": b"%d" % n,
                    "kind": dice.choice(("duplicate", "under")),
                    "check": "x",
                    "here": [],
                }
                found |= {"there": [], "minor": 1, "currency": "CNY", "since": opened, "found_at": at()}
                found |= {"status": dice.choice(("open", "resolved", "gone")), "case_id": case}
                run(insert(reconciliation_break).values(**found))
            for number in range(dice.randint(0, 4)):
                said = {"case_id": case, "source": "s", "external_id": f"{n}-{number}", "direction": "in", "text": "t"}
                said |= {"channel": "mail", "who": dice.choice(("customer", "merchant", "agent")), "sent_at": at()}
                run(insert(message).values(**said, taken_at=FIRST))


def raw(work: SqlWork, table: Any) -> Rows:
    return [dict(row._mapping) for row in work.connection.execute(select(table))]


def inside(at: datetime | None) -> bool:
    return at is not None and FIRST <= at < END


def mean(values: list[timedelta]) -> float | None:
    return fmean(one.total_seconds() for one in values) if values else None


def anew(work: SqlWork, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Value]:
    """Every figure of the cases that are wanted, from rows alone."""
    cases = [c for c in raw(work, t.refund_case) if wanted(c)]
    ids = {c["id"] for c in cases}

    def of(table: Any) -> Rows:
        return [row for row in raw(work, table) if row["case_id"] in ids]

    clocks = [c for c in of(t.case_clock) if inside(c["stopped_at"])]
    approved = [p for p in of(t.proposal) if p["status"] == "approved"]
    decided = [p for p in approved if inside(p["verdict_at"] or p["at"])]
    gave = sum(p["decision"] in list(MONEY_DECISIONS) for p in decided)
    declined = sum(p["decision"] == "decline" for p in decided)
    intents = {i["id"]: i for i in of(t.refund_intent)}
    first: dict[tuple[str, str], datetime] = {}
    for event in raw(work, t.intent_event):
        key = event["intent_id"], event["state"]
        first[key] = min(first.get(key, event["at"]), event["at"])
    out = [key for (key, state), at in first.items() if key in intents and state == "succeeded" and inside(at)]
    there = [key for (key, state), at in first.items() if key in intents and state == "arrived" and inside(at)]
    paid: Counter[str] = Counter()
    for one in out:
        paid[intents[one]["currency"]] += intents[one]["amount_minor"]
    broken = [b for b in of(reconciliation_break) if b["status"] != "gone"]
    said = sorted((m for m in of(message) if m["who"] == "customer"), key=lambda m: (m["sent_at"], m["id"]))
    begun = {m["id"] for m in {m["case_id"]: m for m in reversed(said)}.values()}
    contacts = [m for m in said if inside(m["sent_at"])]
    turned, money = 0, 0
    for p in decided:
        earlier = [
            q
            for q in approved
            if q["case_id"] == p["case_id"] and q["round"] < p["round"] and q["decision"] != p["decision"]
        ]
        if earlier:
            turned += 1
            money += abs((p["amount_minor"] or 0) - (max(earlier, key=lambda q: q["round"])["amount_minor"] or 0))
    events = [e for e in of(t.case_event) if inside(e["at"])]
    moves = [e for e in events if isinstance(e["data"].get("to"), str)]
    late = sum(c["due_at"] is not None and c["stopped_at"] > c["due_at"] for c in clocks)
    return {
        "opened": sum(inside(c["opened_at"]) for c in cases),
        "closed": sum(inside(c["closed_at"]) for c in cases),
        "decided": len(decided),
        "approval_rate": share(gave, gave + declined),
        "first_answer": mean([c["stopped_at"] - c["started_at"] for c in clocks if c["kind"] == "first_answer"]),
        "decision_time": mean([c["stopped_at"] - c["started_at"] for c in clocks if c["kind"] == "decision"]),
        "missed": share(late, len(clocks)),
        "paid_out": dict(paid) or None,
        "arrival": mean([first[key, "arrived"] - intents[key]["created_at"] for key in there]),
        "no_arrival": share(sum((key, "arrived") not in first for key in out), len(out)),
        "reconciled": share(
            sum(intents[key]["case_id"] not in {b["case_id"] for b in broken} for key in out), len(out)
        ),
        "repeat_contacts": share(sum(m["id"] not in begun for m in contacts), len(contacts)),
        "duplicates": sum(b["kind"] == "duplicate" and inside(b["found_at"]) for b in broken),
        "appeals": sum(e["type"] == "case.reopened" for e in events),
        "overturned": turned,
        "reversed": {"CNY": money} if money else None,
        "agreement": None,
        "automation": share(sum(e["person_id"] is None for e in moves), len(moves)),
    }


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def count(store: SqlStore) -> None:
    with store.write() as work:
        work.figures.count_again(work.figures.cases_after(0, 1000), ZONE)


def same(found: dict[str, Value], wanted: dict[str, Value]) -> None:
    assert found.keys() == FIGURES.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name] == (pytest.approx(value) if isinstance(value, float) else value), name


@pytest.mark.parametrize("seed", range(2))
def test_every_figure_is_what_the_raw_rows_say(store: SqlStore, seed: int) -> None:
    fill(store, seed)
    count(store)
    with store.read_long() as work:
        same(values_of(work.figures.sums(EVERYTHING, OCTOBER)[""]), anew(work))
        for reason in ("damaged", "late"):
            found = work.figures.sums(Dimension.REASON.value, OCTOBER, reason)[reason]
            same(values_of(found), anew(work, lambda c, reason=reason: c["reason"] == reason))  # type: ignore[misc]
        own = {p["customer_id"] for p in raw(work, personal) if p["country"] == "DE"}
        found = work.figures.sums(Dimension.REGION.value, OCTOBER)["DE"]
        same(values_of(found), anew(work, lambda c: c["customer_id"] in own))


def test_members_of_each_dimension_come_to_the_whole(store: SqlStore) -> None:
    fill(store, 2)
    count(store)
    with store.read_long() as work:
        whole = Counter(work.figures.sums(EVERYTHING, OCTOBER)[""])
        for dimension in Dimension:
            members = work.figures.sums(dimension.value, OCTOBER)
            assert added(members.values()) == {part: n for part, n in whole.items() if not of_all(part)}
        assert added(work.figures.line(EVERYTHING, "", OCTOBER).values()) == whole


def added(many: Iterable[Sums]) -> Counter[str]:
    """Their sum, of what may be below zero too."""
    out: Counter[str] = Counter()
    for one in many:
        out.update(one)
    return out


def test_what_changes_is_counted_again_and_nothing_twice(store: SqlStore) -> None:
    """Counted at any pace, the sums are those of counting once."""
    fill(store, 3)
    count(store)
    with store.write() as work:
        ids = work.figures.cases_after(0, 1000)
        assert work.figures.count_again(ids, ZONE) == 0
        work.connection.execute(delete(message).where(message.c.case_id.in_(ids[:20])))
        work.connection.execute(update(t.refund_case).where(t.refund_case.c.id.in_(ids[10:30])).values(reason="other"))
        work.connection.execute(update(t.proposal).where(t.proposal.c.case_id.in_(ids[:5])).values(status="void"))
    with store.write() as work:
        for start in range(0, 40, 7):
            work.figures.count_again(ids[start : start + 7], ZONE)
    kept = tables(store)
    with store.write() as work:
        work.figures.forget()
    count(store)
    assert kept == tables(store)


def tables(store: SqlStore) -> list[Any]:
    """What is kept; a sum that has come to nothing again is as good as none."""
    with store.read_long() as work:
        days = [row for row in raw(work, figure_day) if any(row[part] for part in PARTS)]
        rows = [days, raw(work, figure_case), [row for row in raw(work, figure_open) if row["n"]]]
        return [sorted(map(str, map(dict.items, some))) for some in rows]


def test_the_cases_behind_a_figure(store: SqlStore) -> None:
    fill(store, 4)
    count(store)
    with store.read_long() as work:
        wanted = {
            p["case_id"]
            for p in raw(work, t.proposal)
            if p["status"] == "approved" and inside(p["verdict_at"] or p["at"])
        }
        found, after = [], None
        while page := work.figures.behind("decided", OCTOBER, EVERYTHING, "", after, 7):
            found += page
            after = page[-1].day.toordinal(), page[-1].case
        assert {one.case for one in found} == wanted
        assert sum(one.parts["decided"] for one in found) == work.figures.sums(EVERYTHING, OCTOBER)[""]["decided"]
        late = work.figures.behind("decided", OCTOBER, "reason", "late", None, 200)
        assert {one.case for one in late} == {one.case for one in found if one.reason == "late"}


def test_spans() -> None:
    october, days = month_span("2026-10"), Span(date(2026, 3, 10), date(2026, 3, 19))
    assert (october.before, days.before) == (month_span("2026-09"), Span(date(2026, 2, 28), date(2026, 3, 9)))
    assert Span(date(2026, 1, 1), date(2026, 12, 31)).before == Span(date(2025, 1, 1), date(2025, 12, 31))
    assert [Span(date(2026, 1, 1), date(2026, m, 28)).step() for m in (2, 6, 12)] == ["day", "week", "month"]
    weeks = Span(date(2026, 1, 1), date(2026, 6, 30))
    assert list(weeks.starts())[:2] == [date(2026, 1, 1), date(2026, 1, 5)]
    assert weeks.start_of(date(2026, 1, 11)) == date(2026, 1, 5)
    for first, last in ((date(2026, 1, 2), date(2026, 1, 1)), (date(2000, 1, 1), date(2026, 1, 1))):
        with pytest.raises(Invalid):
            Span(first, last)


def test_months() -> None:
    assert month_span("2026-12") == Span(date(2026, 12, 1), date(2026, 12, 31))
    assert [month_before(one) for one in ("2026-10", "2026-01", "2026-12")] == ["2026-09", "2025-12", "2026-11"]
    for wrong in ("2026-13", "2026", "October", "2026-1-1"):
        with pytest.raises(Invalid):
            month_span(wrong)
