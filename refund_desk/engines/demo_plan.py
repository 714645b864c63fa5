"""The script of the demo desk's life: who did what on which case, so that every state can be seen.

Nothing is done here. Whoever fills the demo plays the steps through the ordinary service, as the people
named, and the same rules hold: a step that the rules refuse is a mistake in the script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from refund_desk.engines.demo_cases import DemoCase
from refund_desk.engines.demo_data import read_yaml

_NEEDS_STOCK = frozenset({"exchange", "replacement"})
"""Decisions that the process allows only once the warehouse has answered."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo desk. `roles` and `language` as the desk knows them; `skills` and `languages` as its board
    does; `holds`: cases of 200 in their hands.
    """

    login: str
    name: str
    language: str
    roles: tuple[str, ...]
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    holds: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody does on a case.

    do: take, propose, approve, return_proposal, rule, ask, answer, customer_writes, receive, inspect,
        confirm_payout, close.
    role: who does it; `by_limit` is whoever the approval limits name, `customer` nobody of the desk.
    decision, reason: of a proposal; decision and reason codes of the process.
    asked: the role a question goes to. result: of an inspection. text: in the case's language.
    hours: how long before now it was done; later steps are nearer.
    """

    do: str
    role: str
    hours: float
    decision: str | None = None
    reason: str | None = None
    asked: str | None = None
    result: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to one case. `state` is the stage it then stands in, or declined or cancelled.

    people: role → logins in order of preference; take the first who may (never one who proposed or approved,
    where the rules forbid it).
    """

    request: tuple[str, str]
    state: str
    people: dict[str, tuple[str, ...]]
    steps: tuple[Step, ...]


class _Texts:
    """The sentences of one language, each list gone through in turn."""

    def __init__(self, pools: dict[str, Any]) -> None:
        self._pools = pools
        self._turns: dict[tuple[str, str], Iterator[str]] = {}

    def next(self, pool: str, keys: Iterable[str | None]) -> str:
        """The next sentence of a pool; of the first of `keys` that it knows where it is kept by key."""
        rows, key = self._pools[pool], ""
        if isinstance(rows, dict):
            key = next(str(k) for k in keys if k in rows)
            rows = rows[key]
        return next(self._turns.setdefault((pool, key), cycle(rows)))


def people(resources: Path) -> tuple[Person, ...]:
    """The demo's people, from resources/demo/people.yaml."""
    rows = read_yaml(resources, "people")["people"]
    return tuple(
        Person(
            r["login"],
            r["name"],
            r["language"],
            tuple(r["roles"]),
            tuple(r.get("skills", ())),
            tuple(r.get("languages", ())),
            r.get("holds", 0),
        )
        for r in rows
    )


def plan(resources: Path, cases: Sequence[DemoCase]) -> list[Life]:
    """Lives for a part of the cases; the rest wait in the queue untouched. The same cases give the same plan."""
    script, staff = read_yaml(resources, "states"), people(resources)
    texts = {lang: _Texts(pools) for lang, pools in script["texts"].items()}
    turns = {lang: cycle([p.login for p in staff if "reviewer" in p.roles and p.language == lang]) for lang in texts}
    free = list(_free(cases))
    lives = []
    for row in script["states"]:
        for _ in range(max(1, round(row["of_200"] * len(cases) / 200))):
            case = next((c for c in free if _fits(c, row["wants"], script["fitting"])), None)
            if case is None:
                break
            free.remove(case)
            lang = case.shape["lang"]
            team = _team(staff, lang, next(turns[lang]))
            lives.append(Life(case.request, row["state"], team, tuple(_steps(case, row["steps"], script, texts[lang]))))
    return lives


def _free(cases: Sequence[DemoCase]) -> Iterator[DemoCase]:
    """Cases that may have a past, oldest first: none written by hand, one per order, and every fourth left alone."""
    orders = [c.line["request"]["order"] for c in cases]
    plain = [c for c, order in zip(cases, orders, strict=True) if not c.shape["special"] and orders.count(order) == 1]
    by_age = sorted(plain, key=lambda c: -float(c.shape["hours"]))
    return (c for i, c in enumerate(by_age) if i % 4 != 1 and c.shape["hours"] > 1)


def _fitting(case: DemoCase, fitting: dict[str, Any]) -> tuple[str, str] | None:
    """Decision and reason that a reviewer would propose; None where the case is not one of those."""
    found = fitting.get(case.shape["kind"], {}).get(case.shape["reason"])
    return (found[0], found[1]) if found else None


def _fits(case: DemoCase, wants: dict[str, Any], fitting: dict[str, Any]) -> bool:
    """Conflicts and disputes need an answer first, so they are only taken where they are wanted."""
    shape, decision = case.shape, _fitting(case, fitting)
    if bool(case.conflict) != bool(wants.get("conflict")) or bool(shape["disputed"]) != bool(wants.get("disputed")):
        return False
    if shape["hours"] < wants.get("hours", 0) or (wants.get("direct") and decision and decision[0] == "return_first"):
        return False
    if wants.get("merchant") and not case.line.get("merchant"):
        return False
    if "reason" in wants and shape["reason"] not in wants["reason"]:
        return False
    return "decision" not in wants or (decision is not None and decision[0] in wants["decision"])


def _team(staff: Iterable[Person], lang: str, reviewer: str) -> dict[str, tuple[str, ...]]:
    """Everybody by role, those who speak the case's language first; the case's own reviewer leads."""
    team: dict[str, list[str]] = {}
    for person in sorted(staff, key=lambda p: p.language != lang):
        for role in person.roles:
            team.setdefault(role, []).append(person.login)
    team["reviewer"].sort(key=lambda login: login != reviewer)
    return {role: tuple(logins) for role, logins in team.items()}


def _steps(case: DemoCase, names: list[str], script: dict[str, Any], texts: _Texts) -> Iterator[Step]:
    fitting = _fitting(case, script["fitting"])
    if fitting and fitting[0] in _NEEDS_STOCK and "propose" in names:
        first = names.index("propose")
        names = [*names[:first], "ask_warehouse", "answer_warehouse", *names[first:]]
    start = min(float(case.shape["hours"]) * 0.8, 60.0)
    for i, name in enumerate(names):
        row = script["steps"][name]
        decision, reason = row.get("decision"), None
        if decision == "fitting":
            decision, reason = fitting or (None, None)
        elif decision:
            reason = row["reasons"][case.shape["reason"]]
        yield Step(
            do=row["do"],
            role=row["role"],
            hours=round(start * (1 - i / len(names)), 3),
            decision=decision,
            reason=reason,
            asked=row.get("asked"),
            result=row.get("result"),
            text=texts.next(row["text"], (reason, case.conflict, case.shape["reason"])) if "text" in row else None,
        )
