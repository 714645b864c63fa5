"""Figures of the board of work: 200 people and every case open; by the client, with JSON and shapes both ways."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from sqlalchemy import text

from refund_desk.client.api import new_key
from refund_desk.client.loop import LoopThread
from refund_desk.domain.words import Role
from refund_desk.service import people
from refund_desk.wire.workload import BalanceOptions, MoveAsked, MoveItem, MoveMany
from tests.bench import desk
from tests.bench.measure import Row, Timer, alternate

PEOPLE, EACH = 200, 40
"""Reviewers, and cases in the hands of each; every fifth of them has three times as many."""
_HELD = text(
    "SELECT id FROM refund_case WHERE open = 1 AND stage = 'review' ORDER BY act_by DESC, id LIMIT :n"  # due late first
)
_GIVE = text("UPDATE refund_case SET assignee_id = :person, taken_at = stage_at WHERE id = :id")


def staffed(bench: desk.Bench) -> list[int]:
    """Two hundred reviewers with work in their hands, on a desk of its own size; made once."""
    house = bench.house
    operator = house.operators[house.operator_token("bench")]
    with house.read() as work:
        there = [row[0] for row in work.workload.people([Role.REVIEWER])]
    if len(there) < PEOPLE:
        with house.write() as work:
            for number in range(PEOPLE - len(there)):
                login = f"board{number}"
                people.add_account(work, house.desk, operator, login, login, [Role.REVIEWER], desk.PASSWORD, "en")
            there = [row[0] for row in work.workload.people([Role.REVIEWER])]
            shares = [person for place, person in enumerate(there) for _ in range(EACH * (3 if place % 5 == 0 else 1))]
            ids = [row[0] for row in work.connection.execute(_HELD, {"n": len(shares)})]
            given = [{"person": person, "id": case_id} for person, case_id in zip(shares, ids, strict=False)]
            work.connection.execute(_GIVE, given)
        house.integrate()
    return there


def board(open_cases: int, turns: int = 15) -> Iterator[Row]:
    """Opened, a move shown, and the preview of a balance."""
    with desk.open_desk(open_cases, open_cases) as bench:
        crew = staffed(bench)
        house = bench.house
        loop = LoopThread()
        loop.start()
        client = house.client(bench.supervisor_token)

        def ask(call: object) -> object:
            return loop.submit(call).result()  # type: ignore[arg-type]

        with house.read() as work:
            held = [(row.ref, row.holder) for row in work.workload.held(crew[5])]
        pairs = itertools.cycle(held)

        def move() -> object:
            ref, of = next(pairs)
            with house.read() as work:
                holder = work.cases.by_ref(ref).assignee_id
            to = crew[6] if holder == of else of
            return ask(client.move_cases(MoveMany(items=[MoveItem(ref=ref, of=holder, to=to)]), new_key()))

        try:
            opened, shown, asked, planned = alternate(
                turns,
                lambda: ask(client.board()),
                move,
                lambda: ask(client.preview_move(MoveAsked(of=crew[5], to=crew[6]))),
                lambda: ask(client.preview_balance(BalanceOptions())),
            )
            found = loop.submit(client.preview_balance(BalanceOptions())).result()
        finally:
            loop.submit(client.aclose()).result()
            loop.stop()
        note = f"{len(crew)} people, {open_cases:,} open cases"
        yield _held_to("board opened, client", opened, 500, note)
        yield _held_to("a case moved, client", shown, 100, note)
        yield _held_to("preview of a move by hand, client", asked, 100, note)
        yield _held_to("preview of a balance, client", planned, 2_000, f"{note}, {len(found.moves)} moves")


def _held_to(name: str, timer: Timer, limit: float, note: str) -> Row:
    return Row(name, "ms", timer.median, timer.p95, judged=timer.p95, limit=limit, note=note)
