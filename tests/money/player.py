"""Plays a history on a desk: its people, its two worker processes, its clock, its database and the gateway.

This is the only file here that knows both sides. It judges nothing: `checker` does.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, make_url

from refund_desk.domain.errors import DeskError, Refused
from refund_desk.domain.sending import Terms
from refund_desk.domain.words import Decision, Role, Stage
from refund_desk.server import present
from refund_desk.service import consultations, halting, payouts, sending, steps
from refund_desk.service.ports.money import IntentRow
from refund_desk.store.database import open_engine
from refund_desk.store.upgrade import upgrade
from refund_desk.store.work import SqlWork
from tests.fakes import bundles as b
from tests.fakes.house import START, FakeHouse
from tests.fakes.scene import Scene
from tests.money.checker import FINAL, Approved, Checker, Claim, Truth
from tests.money.databases import Database, PostgresDatabase, SqliteFile
from tests.money.gateway import Fault, Gateway
from tests.money.histories import History, Step
from tests.money.process import GATE, Kept, Killed, Process

STAFF_NEEDED = ("rita", "susan", "leo", "fiona", "felix", "risto", "celia")
ROUNDS = (11, 61, 130, 700, 1400, 3600, 3600, 7200, 86400, 86400, 2 * 86400, 10 * 86400)
"""How time passes at the end, in seconds, until everything is settled."""


class Player:
    """One desk with its staff; plays one history after the other on it."""

    def __init__(self, scene: Scene, database: Database) -> None:
        self.scene, self.database, self.house = scene, database, scene.house
        self.counts: Counter[str] = Counter()
        self._steps: dict[str, Callable[[Step], None]] = {
            name.removeprefix("do_"): getattr(self, name) for name in dir(self) if name.startswith("do_")
        }

    # ------------------------------------------------------------ a history

    def play(self, history: History) -> None:
        """Raises checker.Broken where something that must never happen has."""
        self.begin(history)
        for number, step in enumerate(history.steps):
            self.take(step)
            self.checker.look()
            if number % 4 == 3:
                self.checker.accuse(self.claims())
        self.end()

    def begin(self, history: History) -> None:
        setting = history.setting
        self.database.anew()
        self.house.clock.now = START
        self.history, self.backed_up, self.depth, self.skew = history, False, 0, timedelta(0)
        lags, calls = setting.lags, iter(range(1 << 30))
        self.gateway = Gateway(
            settling_s=setting.settling_s, key_life_s=setting.key_life_s, lag=lambda: lags[next(calls) % len(lags)]
        )
        self.gateway.now = START.timestamp()
        self.truth, self.refs = Truth(), list[str]()
        self.loss_of: dict[str, str] = {}
        self.checker = Checker(self.gateway, self.truth)
        self._pay(history)
        terms = Terms(
            GATE,
            settling=timedelta(seconds=setting.settling_s),
            key_life=timedelta(seconds=setting.key_life_s),
            arrival_days=5,
        )
        self.epoch = Kept()
        self.processes = [Process(self.house, self.gateway, terms, self.epoch) for _ in range(2)]

    def _pay(self, history: History) -> None:
        """The order of the history, with its payments at the gateway."""
        setting = history.setting
        total = sum(quantity * price for quantity, price in setting.lines)
        parts = [total * setting.first_payment // 100]
        if parts[0] < total:
            parts.append(total - parts[0])
        self.payments = [f"ch_{n}" for n in range(len(parts))]
        for number, minor in zip(self.payments, parts, strict=True):
            self.gateway.pay(number, setting.currency, minor, minor * setting.captured // 100)
        for n, (quantity, price) in enumerate(setting.lines):
            self.truth.worth[f"L{n}"] = quantity * price

    def end(self) -> None:
        """The gateway is well again, clocks are right, time passes: then everything must be settled."""
        self.gateway.send_faults.clear()
        self.gateway.read_faults.clear()
        self.house.clock.now -= self.skew
        self.skew = timedelta(0)
        for process in self.processes:
            process.kill = 0
        for seconds in ROUNDS:
            self._forward(seconds)
            for number, one in enumerate(self.gateway.refunds):
                if one.status not in ("succeeded", "failed"):
                    self.gateway.finish(number, fails=False)
            self._notices()
            self.do_resume(Step("resume"))
            for process in self.processes:
                process.payouts.step()
            self.checker.look()
            if self._all_done():
                break
        claims = self.claims()
        self.counts.update(claim.state for claim in claims.values())
        self.checker.settle(claims, self._told(), self._entries())

    def _all_done(self) -> bool:
        late = {r.intent for r in self.gateway.refunds if not r.counts}
        return all(
            claim.state in FINAL and not (claim.state == "succeeded" and intent in late)
            for intent, claim in self.claims().items()
        )

    # ------------------------------------------------------------ what the desk says

    def claims(self) -> dict[str, Claim]:
        out = {}
        with self.house.read() as work:
            order = work.facts.order_by_number("O1")
            alarmed = {alarm.intent_id or alarm.subject for alarm in work.sending.alarms(limit=1000)}
            for row in work.money.intents_of_order(order.id) if order else ():
                view = present.intent(row, {}, {}, self.house.clock(), {})
                out[row.id] = Claim(view.state, view.owner.value, row.id in alarmed)
        return out

    def _told(self) -> list[str]:
        with self.house.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT subject, intent_id FROM alarm")
            return [one for row in rows for one in row if one]

    def _entries(self) -> dict[str, list[str]]:
        """What the audit log says about each intent, in order."""
        out: dict[str, list[str]] = {}
        with self.house.engine.connect() as connection:
            for (raw,) in connection.exec_driver_sql("SELECT bytes FROM audit_entry ORDER BY id"):
                entry = json.loads(bytes(raw))
                intent = entry.get("data", {}).get("intent")
                if intent:
                    out.setdefault(intent, []).append(entry["action"])
        return out

    # ------------------------------------------------------------ steps

    def take(self, step: Step) -> None:
        self._steps[step.name](step)

    def _tried(self, name: str, act: Callable[[], Any]) -> Any:
        """What people try; the desk may refuse."""
        try:
            made = act()
        except DeskError as no:
            self.counts[f"{name} refused"] += 1
            self.counts[f"  {no.code}"] += 1
            return None
        self.counts[name] += 1
        return made

    def do_work(self, step: Step) -> None:
        process = self.processes[step.a % 2]
        gateway = self.gateway
        if step.send is not Fault.NONE:
            gateway.send_faults.append(step.send)
        if step.read is not Fault.NONE:
            gateway.read_faults.append(step.read)
        if step.meanwhile and not self.depth:
            setattr(gateway, step.where, self._once(step))
        process.kill = step.kill
        try:
            process.payouts.step()
        except Killed:
            self.counts["killed"] += 1
            process.start()
        finally:
            process.kill = 0
            gateway.before_booking = gateway.after_booking = gateway.while_reading = lambda _: None
            gateway.send_faults.clear()
            gateway.read_faults.clear()

    def _once(self, step: Step) -> Callable[[str], None]:
        """What happens inside the first call."""

        def inside(_: str) -> None:
            if self.depth:
                return
            self.depth += 1
            held = self.gateway.send_faults[:]
            self.gateway.send_faults.clear()
            try:
                for one in step.meanwhile:
                    self.take(one)
            finally:
                self.depth -= 1
                self.gateway.send_faults[:] = held

        return inside

    def do_forward(self, step: Step) -> None:
        self._forward(step.a)

    def _forward(self, seconds: int) -> None:
        self.gateway.forward(seconds)
        self.house.clock.forward(seconds=seconds)

    def do_clock(self, step: Step) -> None:
        self.skew += timedelta(seconds=step.a)
        self.house.clock.forward(seconds=step.a)

    # ------------------------------------------------------------ people at the desk

    def do_case(self, step: Step) -> None:
        line = step.a % len(self.history.setting.lines)
        same = [ref for ref in self.refs if self.loss_of[ref] == f"L{line}"]
        if same:  # what asks twice is `again`; here that case comes to the top
            self.refs.append(self.refs.pop(self.refs.index(same[0])))
            return
        self._request(line)

    def _request(self, line: int) -> None:
        setting = self.history.setting
        number = f"R{len(self.refs)}-{line}-{self.counts['case']}"
        lines = [
            {"id": f"L{n}", "sku": f"S{n}", "name": "杯子", "quantity": q, "unit_price": self._text(p)}
            for n, (q, p) in enumerate(setting.lines)
        ]
        paid = self._text(sum(q * p for q, p in setting.lines))
        payments = [
            b.payment(
                one,
                "O1",
                system=GATE,
                currency=setting.currency,
                captured=self._text(self.gateway.payments[one].captured),
            )
            for one in self.payments
        ]
        asked = {"line": f"L{line}", "quantity": setting.lines[line][0]}
        worth = self._text(self.truth.worth[f"L{line}"])
        made = b.case(
            number,
            "O1",
            request=b.request(number, "O1", currency=setting.currency, amount=worth, lines=[asked]),
            orders=[b.order("O1", currency=setting.currency, paid=paid, lines=lines)],
            payments=payments,
            shipments=[],
        )
        state = self._tried("case", lambda: self.scene.take_in(made))
        if state is not None:
            self.loss_of.setdefault(state.ref, f"L{line}")
            if state.ref not in self.refs:
                self.refs.append(state.ref)

    def _text(self, minor: int) -> str:
        digits = {"JPY": 0, "KWD": 3}.get(self.history.setting.currency, 2)
        return str(minor) if not digits else f"{minor // 10**digits}.{minor % 10**digits:0{digits}}"

    def do_again(self, step: Step) -> None:
        """The customer asks the same again; a closed case is opened on appeal."""
        if not self.refs:
            return
        ref = self.refs[-1 - step.a % len(self.refs)]
        self._request(int(self.loss_of[ref][1:]))
        if self.scene.state(ref).stage is Stage.CLOSED:
            self._tried("reopen", lambda: self.scene.do(steps.reopen, self.scene.celia, ref, "they say it never came"))

    def do_decide(self, step: Step) -> None:
        """The newest case (or another) is decided and approved, by what its reviewer can know."""
        if not self.refs:
            return
        ref = self.refs[-1 - step.a % len(self.refs)]
        state = self.scene.state(ref)
        if state.stage is not Stage.REVIEW:
            return
        loss = self.loss_of[ref]
        left = self.truth.worth[loss] - self._known_elsewhere(loss)
        if left <= 0:
            return
        line, units = loss, self.history.setting.lines[int(loss[1:])][0]
        minor = None if left == self.truth.worth[loss] else left
        decision = Decision.STORE_CREDIT if step.b % 7 == 0 else Decision.PARTIAL
        reason = "customer_choice" if decision is Decision.STORE_CREDIT else "part_of_order"
        if self._tried("propose", lambda: self._proposed(ref, decision, reason, ((line, units, minor),))) is None:
            return
        done = self._tried("approve", lambda: self._approved(ref))
        if done is None or done.what != "proposal.approved":
            return
        for intent in self.scene.reserved(ref):
            self._note(intent, ref, loss)

    def _known_elsewhere(self, loss: str) -> int:
        """What a clerk refunded for a loss, or the desk itself before it was put back, as far as it has looked."""
        looked = max((e.seq for e in self.gateway.journal if e.what == "listed"), default=0)
        seen = [r for r in self.gateway.refunds if r.counts and r.seq < looked]
        forgotten = self.truth.approved.keys() - self.claims().keys() if self.truth.restored else set()
        lost = [r for r in seen if r.intent in forgotten and self.truth.approved[r.intent or ""].loss == loss]
        return sum(r.minor for r in [*lost, *(r for r in seen if r.loss == loss)])

    def _proposed(
        self, ref: str, decision: Decision, reason: str, lines: tuple[tuple[str, int, int | None], ...]
    ) -> Any:
        try:
            return self.scene.propose(ref, decision, reason, lines=lines)
        except Refused as no:
            if no.code != "process.consultation_missing":
                raise
        versions = self.scene.state(ref).versions
        who = {Role.FINANCE: self.scene.felix, Role.RISK: self.scene.risto}
        self.scene.do(consultations.ask, self.scene.rita, ref, list(who), "May we?", True, versions)
        for asked in self.scene.file(ref).consultations:
            if asked.open:
                self.scene.do(consultations.answer, who[asked.role], asked.id, "Yes.")
        return self.scene.propose(ref, decision, reason, lines=lines)

    def _approved(self, ref: str) -> Any:
        try:
            return self.scene.approve(ref, self.scene.susan)
        except Refused:
            try:
                return self.scene.approve(ref, self.scene.leo)
            except Refused:
                return self.scene.approve(ref, self.scene.fiona)

    def _note(self, intent: IntentRow, ref: str, loss: str) -> None:
        payment = ""
        for record in self.scene.file(ref).records:
            if record.id == intent.payment_record_id:
                payment = record.external_id
        self.truth.approved[intent.id] = Approved(intent.id, ref, loss, payment, intent.amount_minor, self._seq())

    def _seq(self) -> int:
        return self.gateway.journal[-1].seq

    def do_approve_twice(self, step: Step) -> None:
        """A double click that found its way."""
        if self.refs:
            ref = self.refs[-1 - step.a % len(self.refs)]
            if self.scene.file(ref).last_proposal is None:
                return
            self._tried("approve twice", lambda: self._approved(ref))

    def _intent(self, pick: int, *states: str) -> IntentRow | None:
        with self.house.read() as work:
            known = work.sending.known(self.truth.approved)
            found = sorted(number for number, state in known.items() if not states or state in states)
            return work.money.intent(found[pick % len(found)]) if found else None

    def do_ask(self, step: Step) -> None:
        intent = self._intent(step.a)
        if intent is not None:
            self._tried("ask", lambda: self.scene.do(sending.ask_again, self.scene.felix, intent.id))

    def do_cancel(self, step: Step) -> None:
        intent = self._intent(step.a)
        if intent is not None:
            self._tried("cancel", lambda: self.scene.do(payouts.cancel, self.scene.felix, intent.id, "not now"))

    def do_by_hand(self, step: Step) -> None:
        """Finance pays from another account and confirms it. Not once a copy was taken: a desk that is put back
        knows nothing of a bank that nobody can ask, and people have to tell it."""
        intent = self._intent(step.a, "reserved")
        if intent is None or self.backed_up:
            return
        args = (intent.id, f"BANK-{intent.id}", intent.amount_minor, intent.currency)
        done = self._tried("by hand", lambda: self.scene.do(payouts.confirm, self.scene.felix, *args))
        with self.house.read() as work:
            if done is not None and work.money.intent(intent.id).state == "succeeded":
                loss = self.truth.approved[intent.id].loss
                self.truth.credit[loss] = self.truth.credit.get(loss, 0) + intent.amount_minor
                self.truth.credited[intent.id] = loss

    def do_resume(self, step: Step) -> None:
        """Finance confirms after a halt."""
        with self.house.read() as work:
            if halting.halted(work) is None:
                return
        channels = {GATE: self.processes[0].channel}
        act = halting.resume
        if self._tried("resume", lambda: self.scene.do(act, self.scene.fiona, channels, self.epoch) or "gone on"):
            self.truth.unconfirmed_since = None

    # ------------------------------------------------------------ the world

    def do_clerk(self, step: Step) -> None:
        line = step.a % len(self.history.setting.lines)
        loss = f"L{line}"
        already = sum(r.minor for r in self.gateway.refunds if r.loss == loss and r.counts)
        payment = self.payments[step.b % len(self.payments)]
        minor = min(self.truth.worth[loss] - already, self.gateway.left(payment))
        if step.b % 3 == 2:
            minor //= 2
        if self.gateway.refund_by_hand(payment, minor, loss) is not None:
            self.counts["clerk"] += 1

    def do_dispute(self, step: Step) -> None:
        payment = self.payments[step.a % len(self.payments)]
        part = self.gateway.payments[payment].captured * (1 + step.b % 4) // 4
        if part > 0 and len(self.gateway.disputes) < 2:
            self.gateway.dispute(payment, part)

    def do_end_dispute(self, step: Step) -> None:
        if self.gateway.disputes:
            self.gateway.end_dispute(step.a % len(self.gateway.disputes), won=bool(step.b))

    def do_capture(self, step: Step) -> None:
        self.gateway.capture(self.payments[step.a % len(self.payments)], 1 + step.b % 500)

    def do_finish(self, step: Step) -> None:
        ours = [n for n, r in enumerate(self.gateway.refunds) if r.intent and r.status != "failed"]
        if ours:
            self.gateway.finish(ours[-1 - step.a % len(ours)], fails=bool(step.b))

    def do_notice(self, step: Step) -> None:
        if self.gateway.notices:
            at = step.a % len(self.gateway.notices)
            payment = self.gateway.notices[at]
            if step.b == 1:
                self.gateway.notices.pop(at)
            for _ in range(step.b):
                self._hint(payment)

    def _notices(self) -> None:
        for payment in set(self.gateway.notices):
            self._hint(payment)
        self.gateway.notices.clear()

    def do_forged(self, step: Step) -> None:
        """Somebody writes a notification who has no right to: a hint to look, and no more."""
        self._hint([*self.payments, "ch_nobody"][step.a % (len(self.payments) + 1)])

    def _hint(self, payment: str) -> None:
        with self.house.write() as work:
            sending.hint(work, self.house.desk, GATE, payment)

    # ------------------------------------------------------------ the database

    def do_backup(self, step: Step) -> None:
        if not self.depth and not self.truth.credit:
            self.database.backup()
            self.backed_up, self._copied_at = True, self._seq()

    def do_restore(self, step: Step) -> None:
        if self.backed_up and not self.depth:
            self.database.restore()
            self.truth.restored = True
            if any(e.what == "called" and e.seq > self._copied_at for e in self.gateway.journal):
                self.truth.unconfirmed_since = self._seq()
            self.counts["restored"] += 1
            with self.house.read() as work:
                self.refs = [ref for ref in self.refs if _there(work, ref)]
            for process in self.processes:
                process.start()


def _there(work: SqlWork, ref: str) -> bool:
    try:
        work.cases.by_ref(ref)
    except DeskError:
        return False
    return True


def staffed(scene: Scene) -> Scene:
    """Everybody whom a history needs, hired."""
    for name in STAFF_NEEDED:
        getattr(scene, name)
    with scene.house.write() as work:
        work.people.set_mark("desk_id", "desk-of-histories")
    return scene


def sqlite_player(folder: Path) -> Player:
    """A player on a SQLite file below a folder, without fsync."""
    engine = open_engine(f"sqlite:///{folder / 'desk.db'}", synchronous="OFF")
    upgrade(engine)
    scene = staffed(Scene(FakeHouse(engine, folder)))
    engine.dispose()
    template = folder / "template.db"
    shutil.copyfile(folder / "desk.db", template)
    return Player(scene, SqliteFile(engine, template))


@contextmanager
def postgres_player(folder: Path, admin: str, name: str) -> Iterator[Player]:
    """A player on a database of a running PostgreSQL; admin: URL of its maintenance database."""
    with create_engine(admin, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}_template WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}_template")
    url = make_url(admin)
    first = open_engine(url.set(database=f"{name}_template").render_as_string(hide_password=False))
    upgrade(first)
    hired = staffed(Scene(FakeHouse(first, folder)))
    first.dispose()
    engine = open_engine(url.set(database=name).render_as_string(hide_password=False))
    scene = Scene(FakeHouse(engine, folder))
    for person in STAFF_NEEDED:
        setattr(scene, person, getattr(hired, person))
    yield Player(scene, PostgresDatabase(engine, admin, name))
    engine.dispose()
