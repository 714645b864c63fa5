"""Figures of the dashboards: a year of cases counted by the worker's own way, then boards asked for.

Cases are closed ones of a year, as they come day by day, with what figures count: clocks, a decision, moves, a payout.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from refund_desk import wiring
from refund_desk.client.loop import LoopThread
from refund_desk.domain.figures import Dimension, Span
from refund_desk.domain.words import Role
from refund_desk.service import figures, people
from refund_desk.settings import Settings
from tests.bench.measure import Row, Timer
from tests.bench.million import REASONS, connect, insert_rows

PEOPLE, TURNS, AT_ONCE = 200, 40, 20_000
BOARD_MS, FILTER_MS = 1_000.0, 300.0
DAY = 86_400_000_000
CHANNELS = ("app", "web", "mail", "phone", None)


def board(cases: int) -> Iterator[Row]:
    """A year's board by each dimension, and one member of it, through the client."""
    with tempfile.TemporaryDirectory(prefix="rd-bench-") as folder:
        house = _house(Path(folder))
        desk_itself = house.operators[house.operator_token("bench")]
        with house.write() as work:
            people.add_account(work, house.desk, desk_itself, "lead", "lead", [Role.LEAD], "bench-password", "en")
            for number in range(PEOPLE):
                work.people.add_person(f"reviewer {number}", house.desk.clock())
            token = people.make_token(work, house.desk, desk_itself, "lead", "bench")
        house.integrate()
        now = datetime.now(UTC)
        _fill(Path(folder) / "home/desk.db", cases, int(now.timestamp() * 1_000_000))
        started = time.process_time()
        while _keep(house):
            pass
        spent = time.process_time() - started
        yield Row("figures counted, per case", "ms", spent * 1_000 / cases, note=f"{cases:,} cases, {spent:.0f} s")
        yield from _asked(house, token, now.date())
        house.close()


def _keep(house: wiring.House) -> bool:
    with house.write() as work:
        return figures.keep(work, house.desk, AT_ONCE)


def _asked(house: wiring.House, token: str, today: date) -> Iterator[Row]:
    loop = LoopThread()
    loop.start()
    client = house.client(token)
    year = Span(today - timedelta(364), today)
    whole, one = Timer(), Timer()
    try:
        for turn in range(TURNS):
            dimension = list(Dimension)[turn % len(Dimension)].value
            found = whole.run(lambda by=dimension: loop.submit(client.figures(year.first, year.last, by)).result())  # type: ignore[misc]
            member = found.members[0].member
            call = client.figures(year.first, year.last, dimension, member)
            one.run(lambda call=call: loop.submit(call).result())  # type: ignore[misc]
    finally:
        loop.submit(client.aclose()).result()
        loop.stop()
    for name, timer, limit in (("board of a year", whole, BOARD_MS), ("another filter of it", one, FILTER_MS)):
        yield Row(f"{name}, client", "ms", timer.median, timer.p95, judged=timer.p95, limit=limit)


def _house(folder: Path) -> wiring.House:
    parts = wiring.Parts(quick_passwords=True, worker=False)
    return wiring.embedded(folder / "home", Settings(key_dir=folder / "keys"), parts)


# ---------------------------------------------------------------- a year of cases, with bare SQL


def _fill(path: Path, cases: int, now: int) -> None:
    with connect(path) as db:
        for table, made in (
            ("shop_order", _order),
            ("refund_case", _case),
            ("case_clock", _clocks),
            ("proposal", _proposal),
            ("case_event", _events),
            ("refund_intent", _intent),
            ("intent_event", _paid),
        ):
            insert_rows(db, table, (row for i in range(1, cases + 1) for row in made(i, _opened(i, cases, now))))


def _opened(i: int, cases: int, now: int) -> int:
    """One after the other over the year, a day's hours at random."""
    return now - 364 * DAY + i * 358 * DAY // cases + random.Random(i).randrange(DAY)


def _order(i: int, _at: int) -> Iterator[dict[str, Any]]:
    yield {"id": i, "number": f"SO-{i:08d}", "currency": "CNY", "version": 1}


def _case(i: int, at: int) -> Iterator[dict[str, Any]]:
    yield {
        "id": i,
        "ref": f"RC-26-{i:07d}",
        "order_id": i,
        "kind": "refund_only",
        "reason": REASONS[i % len(REASONS)],
        "language": "zh",
        "channel": CHANNELS[i % len(CHANNELS)],
        "currency": "CNY",
        "round": 1,
        "stage": "closed",
        "stage_at": at,
        "progress": "completed",
        "open": 0,
        "process_version": "standard",
        "conflicts": 0,
        "disputed": 0,
        "images": 0,
        "opened_at": at,
        "closed_at": at + 3 * DAY,
        "changed_at": at,
        "act_by": at,
        "answer_came": 0,
        **dict.fromkeys(("v_facts", "v_money", "v_proposal", "v_assignment", "v_thread"), 1),
    }


def _clocks(i: int, at: int) -> Iterator[dict[str, Any]]:
    for kind, hours in (("first_answer", 8), ("decision", 48)):
        stopped = at + (hours + i % 9 - 7) * DAY // 24
        times = {"started_at": at, "stopped_at": stopped, "due_at": at + hours * DAY // 24}
        yield {"case_id": i, "round": 1, "kind": kind, "limit_s": hours * 3_600, **times}


def _proposal(i: int, at: int) -> Iterator[dict[str, Any]]:
    yield {
        "id": i,
        "case_id": i,
        "round": 1,
        "number": 1,
        "decision": "decline" if i % 7 == 0 else "full",
        "reason": "x",
        "content": json.dumps({"clause": f"A.{i % 25}"}).encode(),
        "digest": b"",
        "amount_minor": 1_000 + i % 9_000,
        "currency": "CNY",
        "person_id": 2 + i % PEOPLE,
        "at": at + DAY,
        "status": "approved",
        "verdict_at": at + DAY,
    }


def _events(i: int, at: int) -> Iterator[dict[str, Any]]:
    for n, (kind, person) in enumerate((("proposal.made", 2), ("decided.full", 3), ("settled", None))):
        said = {"type": kind, "aspect": "proposal", "version": n, "data": '{"from":"review","to":"approval"}'}
        yield {"case_id": i, "round": 1, "at": at + n * DAY, "person_id": person, **said}


def _intent(i: int, at: int) -> Iterator[dict[str, Any]]:
    said = {"case_id": i, "order_id": i, "proposal_id": i, "tender": "money", "channel": "x", "state": "arrived"}
    money = {"amount_minor": 1_000 + i % 9_000, "currency": "CNY", "proposer_id": 2}
    yield {"id": f"i{i}", **said, **money, "created_at": at + DAY, "changed_at": at + DAY}


def _paid(i: int, at: int) -> Iterator[dict[str, Any]]:
    for state, days in (("succeeded", 1), ("arrived", 3)):
        yield {"intent_id": f"i{i}", "at": at + days * DAY, "state": state, "data": "{}"}
