"""Each figure against one that is computed anew from the raw rows, by another way; on both databases."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from refund_desk.domain.errors import Invalid
from refund_desk.domain.figures import FIGURES, MonthFigures, Value, month_before, month_bounds
from refund_desk.domain.words import MONEY_DECISIONS
from refund_desk.store.tables import cases as t
from refund_desk.store.tables.facts import merchant, message
from refund_desk.store.work import SqlStore, SqlWork
from tests.store.many import Cases, store_over

FIRST, END = month_bounds("2026-10")
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
            return dice.choice(edges)
        return FIRST + timedelta(seconds=dice.randint(-15 * 86_400, 45 * 86_400))

    with store.write() as work:
        cases, run = Cases(work), work.connection.execute
        person = work.people.add_person("Rita", FIRST)
        for number in (1, 2):
            run(insert(merchant).values(id=number, external_id=f"m{number}", name=f"Shop {number}"))
        for n in range(60):
            opened = at()
            shop = dice.choice((None, 1, 2))
            case = cases.case(
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
                    "content": b"",
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
            if dice.random() < 0.3:
                event = {"case_id": case, "round": 2, "at": at(), "type": "case.reopened", "aspect": "thread"}
                run(insert(t.case_event).values(**event, version=1, data={}))
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


def anew(work: SqlWork) -> dict[str, Value]:
    """Every figure, from rows alone."""
    cases, clocks = raw(work, t.refund_case), [c for c in raw(work, t.case_clock) if inside(c["stopped_at"])]
    approved = [p for p in raw(work, t.proposal) if p["status"] == "approved"]
    decided = [p for p in approved if inside(p["verdict_at"] or p["at"])]
    gave = sum(p["decision"] in list(MONEY_DECISIONS) for p in decided)
    declined = sum(p["decision"] == "decline" for p in decided)
    first: dict[tuple[str, str], datetime] = {}
    for event in raw(work, t.intent_event):
        key = event["intent_id"], event["state"]
        first[key] = min(first.get(key, event["at"]), event["at"])
    intents = {i["id"]: i for i in raw(work, t.refund_intent)}
    out = [key for (key, state), at in first.items() if state == "succeeded" and inside(at)]
    there = [key for (key, state), at in first.items() if state == "arrived" and inside(at)]
    paid: Counter[str] = Counter()
    for one in out:
        paid[intents[one]["currency"]] += intents[one]["amount_minor"]
    written = Counter(m["case_id"] for m in raw(work, message) if m["who"] == "customer" and inside(m["sent_at"]))
    turned = [
        p
        for p in decided
        if any(
            q["case_id"] == p["case_id"] and q["round"] < p["round"] and q["decision"] != p["decision"]
            for q in approved
        )
    ]
    reopened = {e["case_id"] for e in raw(work, t.case_event) if e["type"] == "case.reopened" and inside(e["at"])}
    late = sum(c["due_at"] is not None and c["stopped_at"] > c["due_at"] for c in clocks)
    return {
        "opened": sum(inside(c["opened_at"]) for c in cases),
        "closed": sum(inside(c["closed_at"]) for c in cases),
        "decided": len(decided),
        "approval_rate": gave / (gave + declined),
        "first_answer": mean([c["stopped_at"] - c["started_at"] for c in clocks if c["kind"] == "first_answer"]),
        "decision_time": mean([c["stopped_at"] - c["started_at"] for c in clocks if c["kind"] == "decision"]),
        "missed": late / len(clocks),
        "paid_out": dict(paid),
        "arrival": mean([first[key, "arrived"] - intents[key]["created_at"] for key in there]),
        "no_arrival": sum((key, "arrived") not in first for key in out) / len(out),
        "repeat_contacts": sum(n > 1 for n in written.values()) / len(written),
        "appeals": len(reopened),
        "overturned": len(turned),
    }


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_what_the_raw_rows_say(store: SqlStore, seed: int) -> None:
    fill(store, seed)
    with store.read_long() as work:
        found = work.figures.month("2026-10", FIRST, END)
        wanted = anew(work)
        cases = raw(work, t.refund_case)
    assert found.values.keys() == FIGURES.keys() == wanted.keys()
    for name, value in wanted.items():
        same = pytest.approx(value) if isinstance(value, float) else value
        assert found.values[name] == same, name
    opened = [c for c in cases if inside(c["opened_at"])]
    assert found.groups["reason"] == Counter(c["reason"] for c in opened)
    assert found.groups["channel"] == Counter(c["channel"] or "" for c in opened)
    assert sum(found.groups["decision"].values()) == found.values["decided"]


def test_merchants_are_scored_by_their_own_cases(store: SqlStore) -> None:
    fill(store, 5)
    with store.read_long() as work:
        found = {one.merchant: one for one in work.figures.month("2026-10", FIRST, END).merchants}
        cases, said = raw(work, t.refund_case), raw(work, message)
    for number in (1, 2):
        own = {c["id"]: c["opened_at"] for c in cases if c["merchant_id"] == number and inside(c["opened_at"])}
        told: dict[int, datetime] = {}
        for one in said:
            if one["who"] == "merchant" and one["case_id"] in own:
                told[one["case_id"]] = min(told.get(one["case_id"], one["sent_at"]), one["sent_at"])
        early = sum(at - own[case] <= timedelta(hours=24) for case, at in told.items())
        score = found[f"Shop {number}"]
        assert (score.cases, score.answered, score.in_time) == (len(own), len(told), early)


def test_a_month_in_which_nothing_happened(store: SqlStore) -> None:
    with store.read_long() as work:
        found = work.figures.month("2026-10", FIRST, END)
    assert found.values["opened"] == 0
    assert [name for name, value in found.values.items() if value is None] == [
        "approval_rate",
        "first_answer",
        "decision_time",
        "missed",
        "paid_out",
        "arrival",
        "no_arrival",
        "repeat_contacts",
    ]
    assert found == MonthFigures("2026-10", found.values, {"reason": {}, "channel": {}, "decision": {}}, ())


def test_months() -> None:
    assert month_bounds("2026-12") == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert [month_before(one) for one in ("2026-10", "2026-01", "2026-12")] == ["2026-09", "2025-12", "2026-11"]
    for wrong in ("2026-13", "2026", "October", "2026-1-1"):
        with pytest.raises(Invalid):
            month_bounds(wrong)
