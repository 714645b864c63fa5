"""Two processes on one database want the same case, the same money: one gets it, the other a clean answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from refund_desk.domain.words import Decision, Role
from refund_desk.store.tables.base import from_micros
from tests.conftest import Kind
from tests.fakes import bundles as b
from tests.fakes.house import FakeHouse
from tests.fakes.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
PAID = 12900
ORDERS = 20
TRIES = 25
"""Of each process on each order, a thousand in all; an odd number, so that who goes first ends with the money held."""


def race(task: str, engine: Engine, home: Path, *sides: dict[str, Any]) -> list[Any]:
    """Run a task of `racer` in one process per side, begun at the same moment; what each printed."""
    url = engine.url.render_as_string(hide_password=False)
    started = []
    for side in sides:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.racer", task],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps({"url": url, "home": str(home), **side}) + "\n")
        process.stdin.flush()
        started.append(process)
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    out = []
    for process in started:
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        out.append(json.loads(printed))
    return out


def test_nobody_takes_a_case_that_somebody_else_took(engine: Engine, tmp_path: Path) -> None:
    scene = Scene(FakeHouse(engine, tmp_path))
    refs = {scene.case(f"R{n}", f"O{n}") for n in range(30)}
    people = [scene.person(f"reviewer{n}", Role.REVIEWER).person_id for n in range(8)]
    engine.dispose()
    first, second = race("take", engine, tmp_path, {"people": people[:4]}, {"people": people[4:]})
    assert len(first) + len(second) == len(refs) == len(set(first + second))
    assert set(first + second) == refs
    assert first
    assert second
    with scene.house.read() as work:
        for ref in refs:
            assert work.cases.by_ref(ref).assignee_id in people
            taken = [e for e in work.cases.events(work.cases.by_ref(ref).id) if e.type == "case.taken"]
            assert len(taken) == 1


def test_a_thousand_times_the_same_money_is_never_reserved_twice(engine: Engine, tmp_path: Path, kind: Kind) -> None:
    scene = Scene(FakeHouse(engine, tmp_path))
    sides: list[list[tuple[str, str]]] = [[], []]
    for n in range(ORDERS):
        for side, reason in enumerate(("damaged", "late")):
            request = b.request(f"R{n}.{side}", f"O{n}", reason=reason)
            ref = scene.case(f"R{n}.{side}", f"O{n}", request=request, customer={"id": f"C{n}"})
            scene.propose(ref, Decision.FULL, "damage_verified")
            sides[side].append((ref, scene.file(ref).proposals[0].digest.hex()))
    supervisors = [scene.person(f"supervisor{n}", Role.SUPERVISOR).person_id for n in (1, 2)]
    engine.dispose()
    told = [{"people": [supervisors[n]], "cases": sides[n], "tries": TRIES} for n in (0, 1)]
    counts = race("approve", engine, tmp_path, *told)
    assert sum(sum(count.values()) for count in counts) == 2 * ORDERS * TRIES == 1000
    outcomes = {what for count in counts for what in count}
    assert outcomes >= {"proposal.approved", "reserved", "let go"}
    refused = outcomes - {"proposal.approved", "proposal.void", "reserved", "let go"}
    assert all(what.startswith("Conflict:ceiling.") for what in refused), refused
    assert "proposal.void" in outcomes or refused
    histories = _held_over_time(engine)
    assert len(histories) == ORDERS
    for history in histories.values():
        assert 0 < max(history) <= PAID
        assert min(history) >= 0


def _held_over_time(engine: Engine) -> dict[int, list[int]]:
    """For each order, the sum held after each event of its intents, in the order in which they were written."""
    query = text(
        "SELECT i.order_id, i.amount_minor, e.state FROM intent_event e JOIN refund_intent i ON i.id = e.intent_id"
        " ORDER BY e.id"
    )
    out: dict[int, list[int]] = {}
    with engine.connect() as connection:
        for order, minor, state in connection.execute(query):
            history = out.setdefault(order, [0])
            history.append(history[-1] + (minor if state == "reserved" else -minor))
    return out


def test_no_reference_is_given_twice(engine: Engine, tmp_path: Path) -> None:
    """Numbers of cases come from one row: eight threads that open cases at once all get their own."""
    from concurrent.futures import ThreadPoolExecutor

    house = FakeHouse(engine, tmp_path)

    def some(_: int) -> list[str]:
        out = []
        for _ in range(10):
            with house.write() as work:
                out.append(work.cases.new_ref(house.clock()))
        return out

    with ThreadPoolExecutor(8) as pool:
        refs = [ref for part in pool.map(some, range(8)) for ref in part]
    assert sorted(refs) == [f"RC-26-{n:06d}" for n in range(1, 81)]
    with house.write() as work:
        assert work.cases.new_ref(from_micros(0)) == "RC-70-000001"
