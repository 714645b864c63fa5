"""Plays many histories and says what they met: for `make test`, `make test-money`, and by hand.

`python -m tests.money --sqlite 10000 --postgres 1000` plays with a seed drawn at run time; `--seed` plays one
again. Ends with 1 where something that must never happen has happened.
"""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.money.checker import Broken
from tests.money.histories import history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.money.player import Player

APART = 1_000_003
"""From one history's seed to the next."""


@dataclass(frozen=True)
class Work:
    """A run of histories on one database by one process. url: of PostgreSQL's maintenance database."""

    first: int
    number: int
    themes: tuple[str, ...] = ()
    url: str = ""
    name: str = "money"


@dataclass
class Result:
    played: int
    steps: int
    seconds: float
    counts: Counter[str]
    broken: list[str]


def seeds(first: int, number: int) -> list[int]:
    return [(first + n * APART) % (1 << 48) for n in range(number)]


def draw() -> int:
    """A seed nobody chose."""
    return secrets.randbits(47)


@contextmanager
def quiet() -> Iterator[None]:
    """What the worker logs about a gateway that fails is what a history is for. Afterwards others are heard again."""
    import logging

    import structlog

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def a_player(work: Work) -> Iterator[Player]:
    from tests.money import player

    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        if work.url:
            with player.postgres_player(Path(folder), work.url, work.name) as made:
                yield made
        else:
            yield player.sqlite_player(Path(folder))


def play(work: Work, most_broken: int = 3) -> Result:
    """Play them one after the other; what broke is named with its seed."""
    result = Result(0, 0, 0.0, Counter(), [])
    began = time.perf_counter()
    with quiet(), a_player(work) as player:
        for seed in seeds(work.first, work.number):
            story = history(seed, themes=work.themes)
            try:
                player.play(story)
            except Broken as broken:
                result.broken.append(f"seed {seed}: {broken}")
            result.played += 1
            result.steps += len(story.steps)
            if len(result.broken) >= most_broken:
                break
        result.counts = player.counts
    result.seconds = time.perf_counter() - began
    return result


def play_all(works: Sequence[Work], jobs: int) -> Result:
    """Several runs in processes of their own."""
    context = multiprocessing.get_context("spawn")
    total = Result(0, 0, 0.0, Counter(), [])
    began = time.perf_counter()
    with context.Pool(jobs, maxtasksperchild=8) as pool:
        for one in pool.imap_unordered(play, works):
            total.played += one.played
            total.steps += one.steps
            total.counts += one.counts
            total.broken += one.broken
            if one.broken:
                print("\n".join(one.broken), flush=True)
            if total.played % 1000 < one.played:
                print(f"  {total.played} played, {time.perf_counter() - began:.0f} s", flush=True)
    total.seconds = time.perf_counter() - began
    return total


def told(name: str, seed: int, result: Result) -> str:
    """A run in a few lines."""
    met = ", ".join(f"{count} {what}" for what, count in sorted(result.counts.items()) if not what.startswith(" "))
    return (
        f"{name}: seed {seed}, {result.played} histories, {result.steps} steps, {result.seconds:.0f} s, "
        f"{len(result.broken)} broken\n  {met}"
    )


def parts(first: int, number: int, chunk: int, **more: object) -> list[Work]:
    out = []
    for start in range(0, number, chunk):
        out.append(Work((first + start * APART) % (1 << 48), min(chunk, number - start), **more))  # type: ignore[arg-type]
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.money")
    asked.add_argument("--sqlite", type=int, default=10_000)
    asked.add_argument("--postgres", type=int, default=1_000)
    asked.add_argument("--seed", type=int, default=None, help="of the first history; drawn if not given")
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--themes", default="")
    asked.add_argument("--until-broken", action="store_true", help="in this process, on SQLite, until one breaks")
    given = asked.parse_args(arguments)
    first = draw() if given.seed is None else given.seed
    themes = tuple(name for name in given.themes.split(",") if name)
    if given.until_broken:
        result = play(Work(first, given.sqlite, themes), most_broken=1)
        print("\n".join([*result.broken, told("SQLite without fsync", first, result)]), flush=True)
        return 1 if result.broken else 0
    broken = 0
    if given.sqlite:
        result = play_all(parts(first, given.sqlite, 250, themes=themes), given.jobs)
        print(told("SQLite without fsync", first, result), flush=True)
        broken += len(result.broken)
    if given.postgres:
        from tests.money.databases import a_postgres

        with a_postgres() as url:
            works = parts(first, given.postgres, 100, themes=themes, url=url)
            named = [Work(w.first, w.number, w.themes, w.url, f"money_{n}") for n, w in enumerate(works)]
            result = play_all(named, given.jobs)
        print(told("PostgreSQL", first, result), flush=True)
        broken += len(result.broken)
    print(f"{0 if broken else 1} passed, {1 if broken else 0} failed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
