"""The plan that misses the fewest, the order that comes of it, and what the simulation says of both."""

from __future__ import annotations

import json
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from refund_desk.commands.app import app
from refund_desk.domain.forecast import LATE_TURN, Stream, Waiting, forecast, hopeless, pick, plan
from refund_desk.engines import simulation
from refund_desk.engines.simulation import Job, Ours, crew_capacity, orders, run

CASES = st.lists(st.tuples(st.integers(1, 30), st.integers(-20, 200)), max_size=9)


def queue(cases: list[tuple[int, int]]) -> list[Waiting]:
    """In order of deadline; who comes first has waited longest."""
    found = [Waiting(number, float(work), float(due), 100.0 - number) for number, (work, due) in enumerate(cases)]
    return sorted(found, key=lambda each: (each.due_s, each.key))


@given(CASES)
@settings(max_examples=150, deadline=None)
def test_one_reviewer_misses_as_few_as_any_choice_would(cases: list[tuple[int, int]]) -> None:
    """Compared with every subset that could be done in time, by deadline; half-hopeless ones are in neither."""
    waiting = [each for each in queue(cases) if each.due_s >= each.work_s]
    kept = plan(waiting, 1.0).kept
    assert _in_time([waiting[place] for place in kept])
    best = max(
        (len(some) for size in range(len(waiting) + 1) for some in combinations(waiting, size) if _in_time(list(some))),
        default=0,
    )
    assert len(kept) == best


def _in_time(cases: list[Waiting]) -> bool:
    done = 0.0
    for case in cases:
        done += case.work_s
        if done > case.due_s:
            return False
    return True


@given(CASES, st.floats(0.5, 6.0))
def test_a_plan_has_each_case_once(cases: list[tuple[int, int]], capacity: float) -> None:
    made = plan(queue(cases), capacity)
    assert sorted([*made.kept, *made.given_up]) == list(range(len(cases)))


def test_while_all_can_be_in_time_the_earliest_deadline_is_next() -> None:
    assert pick(queue([(5, 100), (5, 50), (5, 80)]), 1.0, 1) == 0


def test_the_longest_gives_way() -> None:
    waiting = queue([(30, 31), (10, 35), (10, 40)])
    assert waiting[pick(waiting, 1.0, 1) or 0].key == 1


def test_the_longest_late_has_its_turn_and_comes_when_nothing_can_be_saved() -> None:
    waiting = queue([(10, -50), (10, -60), (10, 500)])
    assert waiting[pick(waiting, 1.0, 1) or 0].key == 2
    found = pick(waiting, 1.0, LATE_TURN)
    assert found is not None
    assert waiting[found].key == 0  # it waited longest
    late = [each for each in waiting if hopeless(each)]
    assert late[pick(late, 1.0, 1) or 0].key in (0, 1)
    assert pick([], 1.0, 1) is None


def test_a_forecast_is_surer_of_what_is_near() -> None:
    near, far = forecast(queue([(10, 20), (10, 200)]), 1.0)
    assert near.miss > far.miss
    assert (near.start_s, near.done_s, far.start_s) == (0.0, 10.0, 10.0)
    assert forecast(queue([(10, 0)]), 1.0)[0].miss == 1.0


def test_what_will_arrive_and_is_due_earlier_goes_first() -> None:
    waiting = queue([(10, 100), (10, 120)])
    alone = forecast(waiting, 1.0)[1]
    crowded = forecast(waiting, 1.0, streams=[Stream(0.1, 9.0, 60.0)])[1]
    assert crowded.start_s > alone.start_s
    assert crowded.miss > alone.miss


def test_who_is_busy_comes_later() -> None:
    assert forecast(queue([(10, 100)]), 2.0, busy_s=30.0)[0].start_s == 15.0


# ------------------------------------------------------------ the simulation


@given(st.lists(st.tuples(st.floats(60, 1500), st.floats(-2000, 20_000)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_the_simulated_order_is_the_one_of_the_rules(cases: list[tuple[float, float]]) -> None:
    """Kept in lists for speed, it takes what `pick` takes."""
    order = Ours(2.0)
    for number, (work, due) in enumerate(cases):
        order.add(Job(number, float(number), work, due, work, None, float(number) - 5000))
    for turn in range(1, len(cases) + 1):
        waiting = order.queue(0.0)
        place = pick(waiting, 2.0, turn)
        job = order.take(0.0)
        assert place is not None
        assert job is not None
        assert job.number == waiting[place].key


def test_the_same_seed_is_the_same_world_for_every_order() -> None:
    worlds = {name: run(7, 0.6, make) for name, make in orders(crew_capacity()).items()}
    arrived = [{job.number: job.arrived for job in outcome.jobs} for outcome in worlds.values()]
    for number in set.intersection(*(set(each) for each in arrived)):  # what is open at the end differs by order
        assert len({each[number] for each in arrived}) == 1
    again = run(7, 0.6, orders(crew_capacity())["ours"])
    assert [(j.number, j.truth, j.done) for j in again.jobs] == [
        (j.number, j.truth, j.done) for j in worlds["ours"].jobs
    ]


def test_the_load_is_what_it_says() -> None:
    """Expected work that arrives over what the crew does, mean of some seeds."""
    import random

    sums = []
    for seed in range(12):
        jobs = simulation.arrivals(random.Random(seed), 1.0)
        sums.append(sum(job.estimate * (1.5 if job.waits is not None else 1.0) for job in jobs))
    capacity = crew_capacity() * simulation.DAYS * simulation.DAY
    assert sum(sums) / len(sums) / capacity == pytest.approx(1.0, abs=0.03)


def test_ours_is_near_the_best_and_the_forecast_near_the_truth() -> None:
    """A few seeds at the loads that tell most; `refund-desk simulate` has all."""
    found = simulation.simulate([0.9, 1.1], 3)
    assert found["within"], found["loads"]
    over = found["loads"][1]["missed"]
    assert over["ours"]["mean"] < over["earliest_deadline"]["mean"]
    assert over["ours"]["low"] <= over["ours"]["mean"] <= over["ours"]["high"]
    assert found["brier"] < 0.08
    for row in found["calibration"]:
        if row["cases"] >= 200:
            assert row["missed"] == pytest.approx(row["foretold"], abs=0.15)


def test_the_command_prints_figures_for_people_and_programs() -> None:
    told = CliRunner().invoke(app, ["simulate", "--loads", "50", "--seeds", "2", "--json"])
    found = json.loads(told.stdout)
    assert [row["load"] for row in found["loads"]] == [0.5]
    assert set(found["loads"][0]["missed"]) == {"ours", "first_come", "cherry_pick", "earliest_deadline"}
    assert {"mean", "low", "high"} == set(found["loads"][0]["missed"]["ours"])
    assert found["model"]["days"] == simulation.DAYS
    shown = CliRunner().invoke(app, ["simulate", "--loads", "50", "--seeds", "2"])
    assert shown.exit_code == 0
    assert "50%" in shown.stdout
    assert CliRunner().invoke(app, ["simulate", "--loads", "half"]).exit_code == 1
