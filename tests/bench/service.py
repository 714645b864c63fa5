"""Figures of the service functions: the first queue page, take-next, a proposal and its approval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from refund_desk.client.loop import LoopThread
from refund_desk.domain.cases import CaseState
from refund_desk.domain.words import Decision
from refund_desk.service import cases, decisions, people, reading
from refund_desk.service.decisions import Done
from refund_desk.service.drafting import Draft
from refund_desk.service.ports.views import QueueFilter
from tests.bench.desk import Bench
from tests.bench.floor import Floor
from tests.bench.measure import Row, Timer, against, alternate, shown

MINOR = 500
"""A goodwill refund of five: below what a case asks for, above what a reviewer settles alone."""
TURNS = 200


def now_micros() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)


def queue(bench: Bench, turns: int = TURNS) -> Iterator[Row]:
    """The first page with its chips: by the service function, and by the client with JSON and shapes both ways."""
    house, desk = bench.house, bench.house.desk
    floor = Floor(bench.database, bench.reviewer, bench.reviewer_token)

    def ours() -> object:
        with house.read() as work:
            who = people.recognise(work, desk, bench.reviewer_token)
            return reading.queue(work, desk, who, QueueFilter(), None, 50)

    loop = LoopThread()
    loop.start()
    client = house.client(bench.reviewer_token)
    try:
        works = (
            ours,
            lambda: floor.queue(now_micros()),
            lambda: loop.submit(client.queue(limit=50)).result(),
            lambda: loop.submit(client.me()).result(),
        )
        service, bare, called, null = alternate(turns, *works)
    finally:
        loop.submit(client.aclose()).result()
        loop.stop()
        floor.close()
    yield against("queue page with chips, service", service, bare, 6)
    yield shown("null call of the client (GET /v1/me)", null, "added once below")
    floor_and_call = Timer([bare.median * 6 + null.median])
    yield Row(
        "queue page with chips, client",
        "ms",
        called.median,
        called.p95,
        bare.median,
        bare.p95,
        called.median / floor_and_call.median * 6,
        6,
        f"of 6 floors and one null call: {floor_and_call.median:.2f} ms",
    )


class _Hands:
    """A reviewer and a supervisor at work, by our service and by its floor, on the same queue."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.desk = bench.house.desk
        self.reviewer = Floor(bench.database, bench.reviewer, bench.reviewer_token)
        self.supervisor = Floor(bench.database, bench.supervisor, bench.supervisor_token)

    def close(self) -> None:
        self.reviewer.close()
        self.supervisor.close()

    def take(self) -> CaseState:
        with self.bench.house.write() as work:
            who = people.recognise(work, self.desk, self.bench.reviewer_token)
            found = cases.take_next(work, self.desk, who)
        assert found is not None, "the queue is empty"
        return found

    def set_aside(self, state: CaseState) -> None:
        """Somebody else's from now on."""
        with self.bench.house.write() as work:
            work.cases.update(state.id, assignee_id=1)

    def propose(self, ref: str) -> Done:
        form = Draft(decision=Decision.PARTIAL, reason="goodwill", amount_minor=MINOR)
        with self.bench.house.write() as work:
            who = people.recognise(work, self.desk, self.bench.reviewer_token)
            state = work.cases.by_ref(ref)
            return decisions.propose(work, self.desk, who, ref, form, state.versions)

    def digest(self, ref: str) -> bytes:
        with self.bench.house.read() as work:
            return work.money.proposals(work.cases.by_ref(ref).id)[0].digest

    def approve(self, ref: str, digest: bytes) -> Done:
        with self.bench.house.write() as work:
            who = people.recognise(work, self.desk, self.bench.supervisor_token)
            return decisions.approve(work, self.desk, who, ref, 1, digest, {})


def decide(bench: Bench, turns: int = TURNS) -> Iterator[Row]:
    """Take the next case, propose, approve: each in a transaction of its own, token and commit included."""
    names = ("take", "propose", "approve")
    ours, bare = {name: Timer() for name in names}, {name: Timer() for name in names}
    hands = _Hands(bench)
    try:
        for turn in range(turns + 1):
            _one_turn(hands, ours, bare)
            if turn == 0:
                for timer in (*ours.values(), *bare.values()):
                    timer.ms.clear()
            if turn % 20 == 0:
                bench.house.integrate()
    finally:
        hands.close()
    both = Timer([a + b for a, b in zip(ours["propose"].ms, ours["approve"].ms, strict=True)])
    both_bare = Timer([a + b for a, b in zip(bare["propose"].ms, bare["approve"].ms, strict=True)])
    yield against("take next", ours["take"], bare["take"], 5)
    yield against("decide: propose", ours["propose"], bare["propose"], 5)
    yield against("decide: approve and reserve", ours["approve"], bare["approve"], 5)
    yield against("decide: both", both, both_bare, 5)


def _one_turn(hands: _Hands, ours: dict[str, Timer], bare: dict[str, Timer]) -> None:
    state = ours["take"].run(hands.take)
    while state.disputed:  # needs an answer from risk first
        hands.set_aside(state)
        state = ours["take"].run(hands.take)
    case = bare["take"].run(lambda: hands.reviewer.take_next(now_micros()))
    done = ours["propose"].run(lambda: hands.propose(state.ref))
    assert done.what == "proposal.made", done.what
    row = bare["propose"].run(lambda: hands.reviewer.propose(case["ref"], MINOR, now_micros()))
    digest = hands.digest(state.ref)
    approved = ours["approve"].run(lambda: hands.approve(state.ref, digest))
    assert approved.what == "proposal.approved", approved.params
    bare["approve"].run(lambda: hands.supervisor.approve(case["ref"], row, now_micros()))
