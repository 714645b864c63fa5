"""300 histories at random, on SQLite and some on PostgreSQL, with a seed drawn now and printed."""

from __future__ import annotations

import pytest

from tests.money.histories import LEAST_STEPS, THEMES, history
from tests.money.run import Result, Work, draw, play, told


def _sound(name: str, seed: int, result: Result, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print("\n" + told(name, seed, result))
    assert result.broken == []
    for met in ("approve", "clerk", "killed", "restored", "succeeded", "failed"):
        assert result.counts[met], f"no history met this: {met}"


@pytest.mark.parametrize("part", range(3))
def test_a_hundred_histories(part: int, capsys: pytest.CaptureFixture[str]) -> None:
    seed = draw()
    _sound("SQLite", seed, play(Work(seed, 100)), capsys)


def test_histories_on_postgresql(pg_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    seed = draw()
    result = play(Work(seed, 10, url=pg_url, name="histories"))
    with capsys.disabled():
        print("\n" + told("PostgreSQL", seed, result))
    assert result.broken == []


def test_a_seed_gives_the_same_history_of_enough_steps() -> None:
    for seed in range(200):
        made = history(seed)
        assert made == history(seed)
        assert len(made.steps) >= LEAST_STEPS
    assert {theme.__name__ for theme in THEMES} >= {"restored", "clerk_between", "clock_jumps", "killed"}
