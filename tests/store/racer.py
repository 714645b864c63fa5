"""One of two processes that want the same at once: `python -m tests.store.racer TASK`.

Reads its orders as JSON from the first line of stdin, says "ready", waits for a second line, runs, and
prints what it got as JSON.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from refund_desk.domain.errors import Conflict, DeskError
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Role
from refund_desk.service import cases, decisions
from refund_desk.service.carrying_out import reserve
from refund_desk.service.casefile import open_file
from refund_desk.store.database import open_engine
from tests.fakes.house import FakeHouse


class Racer:
    """A process with a desk of its own over the shared database."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told
        self.house = FakeHouse(open_engine(told["url"], synchronous="OFF"), Path(told["home"]))
        self.house.desk = replace(self.house.desk, ids=lambda: uuid.uuid4().hex)

    def take(self) -> list[str]:
        """Take-next until nothing is free, each reviewer as many as one may hold."""
        got: list[str] = []
        for person in self.told["people"]:
            who = Principal(person, person, f"reviewer {person}", frozenset({Role.REVIEWER}))
            while True:
                try:
                    with self.house.write() as work:
                        state = cases.take_next(work, self.house.desk, who)
                except Conflict as full:
                    if full.code != "case.too_many_held":
                        raise
                    break
                if state is None:
                    return got
                got.append(state.ref)
        return got

    def approve(self) -> dict[str, int]:
        """Approve this side's case of each order; then reserve and let go, over and over, the same money."""
        count: dict[str, int] = {}

        def note(what: str) -> None:
            count[what] = count.get(what, 0) + 1

        person = self.told["people"][0]
        who = Principal(person, person, "supervisor", frozenset({Role.SUPERVISOR}))
        for ref, digest in self.told["cases"]:
            note(self._tried(lambda ref=ref, digest=digest: self._approve(who, ref, digest)))  # type: ignore[misc]
            for _ in range(self.told["tries"] - 1):
                note(self._tried(lambda ref=ref: self._reserve(who, ref)))  # type: ignore[misc]
        return count

    def _look(self, ref: str) -> None:
        """As a desk does before it acts. On SQLite this is the moment when the other side gets in."""
        with self.house.read() as work:
            work.cases.events(work.cases.by_ref(ref).id)

    def _tried(self, step: Callable[[], str]) -> str:
        try:
            return step()
        except DeskError as error:
            return f"{type(error).__name__}:{error.code}"

    def _approve(self, who: Principal, ref: str, digest: str) -> str:
        with self.house.write() as work:
            return decisions.approve(work, self.house.desk, who, ref, 1, bytes.fromhex(digest), {}).what

    def _reserve(self, who: Principal, ref: str) -> str:
        """Let go of what this case holds, or reserve what its proposal says: as approvals do, under the same lock."""
        desk = self.house.desk
        self._look(ref)
        with self.house.write() as work:
            file = open_file(work, desk, work.cases.lock(ref))
            held = [intent for intent in file.intents if intent.state == "reserved"]
            for intent in held:
                work.money.set_intent(intent.id, "cancelled", desk.clock(), who.person_id, {})
            if held:
                return "let go"
            row = file.proposals[0]
            parts = decisions._check_money(file, decisions.content_of(row))
            reserve(work, desk, who, file, row, parts)
            return "reserved"


def main() -> None:
    racer = Racer(json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(getattr(racer, sys.argv[1])()), flush=True)
    racer.house.engine.dispose()


if __name__ == "__main__":
    main()
