"""Fill a demo desk: generated requests taken in like any others, then lived with by the demo's people.

Every step goes through the service as the person named. Time is the only thing that is arranged: the
desk's clock stands where the script says, and ends at now.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from refund_desk import wiring
from refund_desk.client.api import DeskClient, new_key
from refund_desk.domain.errors import Conflict, DeskError, Refused
from refund_desk.domain.people import DEMO_PASSWORD
from refund_desk.domain.words import Aspect, Decision, Role
from refund_desk.engines import demo_cases, demo_plan, resources
from refund_desk.engines.bundles import open_bundle
from refund_desk.server.intake_run import run_import
from refund_desk.service import cases, fairness, people, shifts
from refund_desk.service.ports.views import QueueFilter
from refund_desk.service.ports.workload import WorkingRow
from refund_desk.settings import Settings
from refund_desk.wire import cases as w
from refund_desk.wire import commands as c
from refund_desk.wire.clocks import MerchantAsk

PASSWORD = DEMO_PASSWORD
"""Of every demo account: they exist in a demo home alone, and the sign-in says so."""

LADDER = (Role.SUPERVISOR, Role.LEAD, Role.FINANCE)
Report = Callable[[str, int, int], None]


@dataclass(slots=True)
class Clock:
    """Stands where it is put; `None` is the wall's."""

    at: datetime | None = None

    def __call__(self) -> datetime:
        return self.at or wiring.utc_now()


@dataclass(frozen=True, slots=True)
class Filled:
    """What a fill came to. `refused`: steps of the script that a rule refused, for a test to find."""

    cases: int
    steps: int
    refused: tuple[str, ...]


def fill(directory: Path, settings: Settings, *, count: int = 200, report: Report = lambda *_: None) -> Filled:
    """Make a demo home: mark it, add its people, take its requests in, live their lives."""
    clock = Clock()
    # No worker: its clock would be ours, and leases would run out between two steps of one person.
    parts = wiring.Parts(clock=clock, synchronous="OFF", quick_passwords=True, worker=False)
    wiring.mark_demo(directory)
    house = wiring.embedded(directory, settings, parts)
    try:
        now = wiring.utc_now()
        staff = demo_plan.people(resources.root())
        _hire(house, staff)
        made = list(demo_cases.generate(resources.root(), now=now, count=count))
        with tempfile.TemporaryDirectory(prefix="refund-desk-demo-") as folder:
            bundle = Path(folder)
            demo_cases.write_bundle(
                bundle, resources.root(), now=now, count=count, progress=lambda d, n: report("demo.draw", d, n)
            )
            operator = house.operators[house.operator_token("demo")]
            with open_bundle(bundle) as source:
                run_import(house, operator, source)
        while done := house.decode(40):
            report("demo.decode", done, 0)
        lives = demo_plan.plan(resources.root(), made)
        filled = asyncio.run(_Player(house, clock, now, report).play(lives, len(made)))
        _set_to_work(house, staff, len(made))
        return filled
    finally:
        clock.at = None
        house.close()


def _hire(house: wiring.House, staff: tuple[demo_plan.Person, ...]) -> None:
    operator = house.operators[house.operator_token("demo")]
    with house.write() as work:
        for person in staff:
            roles = [Role(role) for role in person.roles]
            people.add_account(
                work, house.desk, operator, person.name, person.login, roles, PASSWORD, person.language, demo=True
            )


def _set_to_work(house: wiring.House, staff: tuple[demo_plan.Person, ...], count: int) -> None:
    """What the board knows of people, and what a supervisor has given them of the queue."""
    operator = house.operators[house.operator_token("demo")]
    with house.write() as work:
        now = house.desk.clock()
        queue = work.views.page(0, QueueFilter(chip="unassigned"), now, None, 200)
        free = [one for one in queue if one.state.due_at is not None and one.state.due_at > now][::2]  # half stays
        for person in staff:
            account = people.find(work, person.login)
            if person.skills or person.languages:
                row = WorkingRow(account.person_id, frozenset(person.skills), frozenset(person.languages))
                shifts.set_working(work, house.desk, operator, row)
            fit = [one for one in free if not person.languages or one.state.language[:2] in person.languages]
            for one in fit[: person.holds * count // 200]:
                free.remove(one)
                if fairness.keeps(work, house.desk.process.current(work), account.person_id, one.state) is None:
                    cases.assign(work, house.desk, operator, one.state.ref, account.person_id)


class _Player:
    """Plays the script's steps in the order of time, each as the person it names."""

    def __init__(self, house: wiring.House, clock: Clock, now: datetime, report: Report) -> None:
        self._house, self._clock, self._now, self._report = house, clock, now, report
        self._clients: dict[str, DeskClient] = {}
        self._refs: dict[tuple[str, str], str] = {}
        self._refused: list[str] = []

    async def play(self, lives: list[demo_plan.Life], cases: int) -> Filled:
        with self._house.read() as work:
            for life in lives:
                seen = work.intake.seen(*life.request)
                if seen is not None:
                    self._refs[life.request] = work.cases.by_id(seen.case_id).ref
        steps = sorted(((step.hours, n, life, step) for n, life in enumerate(lives) for step in life.steps), key=_when)
        stopped: set[tuple[str, str]] = set()
        for index, (hours, _, life, step) in enumerate(steps):
            self._report("demo.live", index + 1, len(steps))
            if life.request in stopped or life.request not in self._refs:
                continue
            self._clock.at = self._now - timedelta(hours=hours)
            try:
                await self._step(self._refs[life.request], life, step)
            except DeskError as error:
                self._refused.append(f"{self._refs[life.request]} {life.state}: {step.do} {step.decision}: {error}")
                stopped.add(life.request)
        self._clock.at = None
        await self._hold_on(lives)
        for client in self._clients.values():
            await client.aclose()
        return Filled(cases, len(steps), tuple(self._refused))

    async def _as(self, login: str) -> DeskClient:
        if login not in self._clients:
            client = self._house.client()
            at, self._clock.at = self._clock.at, None  # a session begun long ago would be over
            await client.sign_in(login, PASSWORD)
            self._clock.at = at
            self._clients[login] = client
        return self._clients[login]

    async def _step(self, ref: str, life: demo_plan.Life, step: demo_plan.Step) -> None:
        text = step.text or "…"
        roles = [role.value for role in LADDER] if step.role == "by_limit" else [step.role]
        match step.do:
            case "take":
                await self._take_fairly(ref, life)
            case "propose":
                await self._propose(ref, life, step)
            case "approve" | "return_proposal":
                await self._verdict(ref, life, step, roles)
            case "ask":
                body = c.Ask(roles=[Role(step.asked or "finance")], question=text, rests_on={})
                await (await self._first(life, "reviewer")).ask(ref, body, new_key())
            case "answer":
                client = await self._first(life, step.role)
                view = await client.case(ref)
                asked = next(q for q in view.consultations if q.role == step.role and q.answer is None)
                await client.answer(asked.id, text, new_key())
            case "ask_merchant":
                question = MerchantAsk(question=text)
                await (await self._holding(ref, life)).step(ref, "merchant-ask", question, new_key())
            case "customer_writes":
                client = await self._first(life, "customer_service")
                await client.message(ref, c.MessageBody(kind="received", text=text), new_key())
            case "rule":
                await (await self._first(life, step.role)).step(ref, "arbitration", c.Because(reason=text), new_key())
            case "receive":
                client = await self._first(life, "warehouse")
                await client.step(ref, "return-received", c.GoodsReceived(note=text), new_key())
            case "inspect":
                body_ = c.Inspection.model_validate({"result": step.result or "complete", "note": text})
                await (await self._first(life, "warehouse")).step(ref, "inspection", body_, new_key())
            case "confirm_payout":
                await self._pay(ref, life)
            case "close":
                view = await (await self._first(life, "finance")).case(ref)
                if view.open:
                    body__ = c.Because(reason=text)
                    await (await self._first(life, "finance")).step(ref, "close", body__, new_key())

    async def _first(self, life: demo_plan.Life, role: str) -> DeskClient:
        return await self._as(life.people[role][0])

    async def _holding(self, ref: str, life: demo_plan.Life) -> DeskClient:
        """The reviewer who has a case; one takes it again whose lease ran out in between."""
        client = await self._first(life, "reviewer")
        view = await client.case(ref)
        if view.assignment is None or not view.assignment.yours:
            await self._take_fairly(ref, life)
        return await self._first(life, "reviewer")

    async def _take_fairly(self, ref: str, life: demo_plan.Life) -> None:
        """A case that is kept from one reviewer is a colleague's, from then on."""
        for _ in life.people["reviewer"][1:]:
            try:
                return await self._take(ref, await self._first(life, "reviewer"))
            except Refused as kept:
                if kept.code != "case.kept_from":
                    raise
                first, *rest = life.people["reviewer"]
                life.people["reviewer"] = (*rest, first)
        return await self._take(ref, await self._first(life, "reviewer"))

    async def _take(self, ref: str, client: DeskClient) -> None:
        self._house.expire_leases()
        try:
            await client.take(ref, new_key())
        except Conflict as full:
            if full.code != "case.too_many_held":
                raise
            # Their hands are full: a while later, the leases of what they left alone have run out.
            self._clock.at = self._clock() + timedelta(minutes=30)
            self._house.expire_leases()
            await client.take(ref, new_key())

    async def _propose(self, ref: str, life: demo_plan.Life, step: demo_plan.Step) -> None:
        client = await self._holding(ref, life)
        view = await client.case(ref)
        images = [one.id for one in view.evidence]
        await client.looks(ref, c.Looks(evidence=images, seen_event=max((e.position for e in view.changes), default=0)))
        await client.propose(ref, proposal(view, step), new_key())

    async def _verdict(self, ref: str, life: demo_plan.Life, step: demo_plan.Step, roles: list[str]) -> None:
        for role in roles:
            for login in life.people[role]:
                client = await self._as(login)
                view = await client.case(ref)
                if view.proposal is None:
                    return  # it needed nobody's approval and is decided
                if "proposal.approve" not in view.actions:
                    continue
                rests_on = {Aspect.FACTS: view.versions[Aspect.FACTS]}
                images = [one.id for one in view.evidence]
                await client.looks(ref, c.Looks(evidence=images, seen_event=0))
                if step.do == "return_proposal":
                    back = c.SendBack(reason=step.text or "…", rests_on=rests_on)
                    await client.return_proposal(ref, view.proposal.number, back, new_key())
                else:
                    verdict = c.Verdict(digest=view.proposal.digest, rests_on=rests_on)
                    await client.approve(ref, view.proposal.number, verdict, new_key())
                return
        raise DeskError("demo.nobody_may", ref=ref)

    async def _pay(self, ref: str, life: demo_plan.Life) -> None:
        for login in life.people["finance"]:
            client = await self._as(login)
            view = await client.case(ref)
            if "payout.confirm" not in view.actions:
                continue
            for intent in view.intents:
                if intent.state == "reserved" and intent.tender != "goods":
                    body = c.ConfirmPayout(
                        reference=f"BK{intent.id.replace('-', '')[-14:].upper()}",
                        minor=intent.amount.minor,
                        currency=intent.amount.currency,
                    )
                    await client.confirm_payout(intent.id, body, new_key())
            return
        raise DeskError("demo.nobody_may", ref=ref)

    async def _hold_on(self, lives: list[demo_plan.Life]) -> None:
        """Who holds a case when the demo begins has just renewed it, as their window would have."""
        for life in lives:
            ref = self._refs.get(life.request)
            if ref is None or life.state != "review":
                continue
            client = await self._first(life, "reviewer")
            view = await client.case(ref)
            if view.assignment and view.assignment.yours:
                await client.renew(ref)


def _when(step: tuple[float, int, demo_plan.Life, demo_plan.Step]) -> tuple[float, int]:
    return -step[0], step[1]


_BELOW = ("The promise was made before the refund already paid was known.", "作出承诺时尚不知道此前已退的款项。")


def proposal(view: w.CaseView, step: demo_plan.Step) -> c.ProposalBody:
    """The form as a reviewer of the demo would fill it in; amounts are left to the desk."""
    decision = Decision(step.decision or "full")
    option = next(o for o in view.options if o.decision is decision)
    returns = decision in (Decision.RETURN_FIRST, Decision.EXCHANGE)
    several = view.payment is not None and len(view.payment.payments) > 1
    return c.ProposalBody(
        decision=decision,
        reason=step.reason if step.reason in option.reasons else option.reasons[0],
        payment=view.payment.payments[0].id if several and view.payment else None,
        return_terms=c.ReturnTermsBody(ship_by_days=7) if returns else None,
        return_freight="merchant" if returns else None,
        want=view.requests[0].want if decision is Decision.EXCHANGE else None,
        questions=[step.text] if decision is Decision.MORE_INFORMATION and step.text else [],
        note=step.text if decision in (Decision.HOLD, Decision.ESCALATE) else None,
        below_promise_reason=(step.text or _BELOW[view.language[:2] == "zh"]) if view.promise is not None else None,
        rests_on={Aspect.FACTS: view.versions[Aspect.FACTS]},
    )
