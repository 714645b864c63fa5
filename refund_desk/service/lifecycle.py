"""How a case moves: opened, refreshed after new facts, sent to a stage, its clocks and urgency rewritten.

Everything derived on the row of a case is written here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from refund_desk.domain import clocks
from refund_desk.domain.cases import CaseState
from refund_desk.domain.clocks import Clock
from refund_desk.domain.conditions import CaseFacts
from refund_desk.domain.errors import Conflict
from refund_desk.domain.facts import TAKEN, find_conflicts
from refund_desk.domain.people import Principal
from refund_desk.domain.process import ClockState, Process, clock_calendar, clock_state, next_stage, progress_of
from refund_desk.domain.urgency import act_by
from refund_desk.domain.words import Aspect, ClockKind, Decision, Reason, RecordKind, RequestKind, Role, Stage, WaitFor
from refund_desk.service.hands import Hands, by_hand
from refund_desk.service.ports import Desk, Work

FAR = timedelta(days=3650)
"""How far off a case stands that nobody has to act on: all its clocks have stopped."""


def open_case(
    work: Work,
    desk: Desk,
    who: Principal,
    *,
    order_id: int,
    customer_id: int | None,
    merchant_id: int | None,
    kind: RequestKind,
    reason: Reason,
    amount_minor: int | None,
    currency: str,
    language: str,
    channel: str | None,
    asked_at: datetime,
) -> CaseState:
    """A new case in its first stage. Clocks run from when the customer asked, not from when we noticed."""
    now = desk.clock()
    process = desk.process.current(work)
    stage = next_stage(process, "intake", None)
    opened = min(asked_at, now)
    case_id = work.cases.insert(
        ref=work.cases.new_ref(now),
        order_id=order_id,
        customer_id=customer_id,
        merchant_id=merchant_id,
        kind=kind.value,
        reason=reason.value,
        language=language,
        channel=channel,
        amount_minor=amount_minor,
        currency=currency,
        stage=stage.value,
        stage_at=now,
        progress=progress_of(process, stage).value,
        open=True,
        process_version=process.version,
        opened_at=opened,
        changed_at=now,
        act_by=opened,
    )
    state = work.cases.by_id(case_id)
    settle_clocks(work, process, state, opened)
    # On the thread it stands where the customer asked; the log says when we took it in.
    data = {"kind": kind.value}
    work.cases.event(case_id, "case.opened", Aspect.THREAD, at=opened, person_id=who.person_id, data=data)
    work.audit("case.opened", who, state.ref, kind=kind.value, reason=reason.value)
    return refresh(work, desk, case_id, new=False)


def refresh(
    work: Work, desk: Desk, case_id: int, *, new: bool = True, what: Mapping[str, Any] | None = None
) -> CaseState:
    """Rewrite what is derived from facts: conflicts, images, dispute, method, urgency.

    new: facts came after the case was opened; that is an event, and makes what rests on them stale.
    """
    state = work.cases.by_id(case_id)
    records = work.facts.records(state.order_id)
    conflicts = find_conflicts(records)
    payments = [record for record in records if record.kind is RecordKind.PAYMENT]
    disputes = [record for record in records if record.kind is RecordKind.DISPUTE]
    columns: dict[str, Any] = {
        "conflicts": len(conflicts),
        "disputed": any(str(d.get("status")) in TAKEN for d in disputes),
        "images": work.facts.count_images(case_id),
        "method": str(payments[0].get("method", "")) or None if payments else None,
    }
    if state.amount_minor is None:
        columns["amount_minor"] = None
    if new:
        now = desk.clock()
        work.cases.event(case_id, "facts.changed", Aspect.FACTS, at=now, data=dict(what or {}), **columns)
        if len(conflicts) != state.conflicts:
            data = {"conflicts": len(conflicts)}
            work.cases.event(case_id, "conflicts.changed", Aspect.MONEY, at=now, data=data)
    else:
        work.cases.update(case_id, **columns)
    return rank(work, desk.process.current(work), work.cases.by_id(case_id))


def rank(work: Work, process: Process, state: CaseState) -> CaseState:
    """Rewrite due time and `act_by` from the clocks as they stand."""
    place = _place(process, state, work.cases.clocks(state.id, state.round))
    work.cases.update(state.id, **place)
    kind = place["due_clock"]
    return replace(state, **{**place, "due_clock": ClockKind(kind) if kind else None})


def _place(process: Process, state: CaseState, standing: list[Clock]) -> dict[str, Any]:
    """Columns that say where a case stands in the queue, by its clocks."""
    running = clocks.earliest(standing)
    due, kind = (running.due_at, running.kind) if running else (None, None)
    instant, _ = act_by(process, rank_facts(state), due or far(state, standing), kind)
    return {"due_at": due, "due_clock": kind.value if kind else None, "act_by": instant}


def far(state: CaseState, standing: list[Clock]) -> datetime:
    """Where a case stands whose clocks all pause or have stopped: paused ones by what they will have left."""
    left = min((clock.remaining_s or 0 for clock in standing if clock.paused), default=None)
    return state.changed_at + (FAR if left is None else timedelta(seconds=left))


def rank_facts(state: CaseState) -> CaseFacts:
    """The little of a case that its urgency looks at."""
    return CaseFacts(
        state.stage,
        state.kind,
        state.reason,
        state.currency,
        amount=state.amount_minor,
        disputed=state.disputed,
        appeal=state.round > 1,
    )


def settle_clocks(
    work: Work,
    process: Process,
    state: CaseState,
    at: datetime,
    who: Principal | None = None,
    met: Collection[ClockKind] = (),
    taken_back: datetime | None = None,
) -> list[Clock]:
    """Make each clock run, pause or stop as the stage says. A clock starts when a stage first runs it.

    met: clocks that are met with this step, as the first answer is by a letter; taken_back: since when what
    met one doesn't count any more. Returns them all as they now stand.
    """
    have = {clock.kind: clock for clock in work.cases.clocks(state.id, state.round)}
    hands = Hands(work, process, state, at, who)
    out = []
    for kind in ClockKind:
        wanted = clock_state(process, state.stage, kind)
        clock = have.get(kind)
        if clock is None and wanted is not ClockState.RUN:
            continue
        if clock is None:
            rule = process.clocks[kind]
            new = clocks.start(kind, state.round, at, rule.limit_s, clock_calendar(process, kind))
        else:
            new = hands.turn(clocks.unmeet(clock, taken_back) if taken_back else clock, wanted)
        if kind in met:
            new = clocks.meet(new, at)
        out.append(new)
    work.cases.put_clocks(state.id, [new for new in out if new != have.get(new.kind)])
    return out


def stop_clock(work: Work, desk: Desk, state: CaseState, kind: ClockKind, *, met: bool = False) -> None:
    """A clock has nothing to run for just now; met: what it is for was done, as the first answer is by a reply."""
    now = desk.clock()
    hands = Hands(work, desk.process.current(work), state, now, None)
    running = [c for c in work.cases.clocks(state.id, state.round) if c.kind is kind and c.stopped_at is None]
    stopped = [hands.turn(clock, ClockState.STOP) for clock in running]
    work.cases.put_clocks(state.id, [clocks.meet(clock, now) for clock in stopped] if met else stopped)


def wait(
    work: Work, process: Process, state: CaseState, at: datetime, who: Principal, party: WaitFor, message: int
) -> CaseState:
    """Let the clocks that the process names wait for somebody, for the reason in a note.

    Raises Conflict `wait.already`, or `wait.no_clock` where none of them is there to wait.
    """
    reason, rule = by_hand(party), process.waits[party]
    if any(each.reason == reason and each.until_at is None for each in work.cases.pauses(state.id)):
        raise Conflict("wait.already", ref=state.ref, party=party.value)
    standing = work.cases.clocks(state.id, state.round)
    waiting = [clock for clock in standing if clock.kind in rule.pauses and clock.stopped_at is None]
    if not waiting:
        raise Conflict("wait.no_clock", ref=state.ref, party=party.value)
    hands = Hands(work, process, state, at, who)
    work.cases.put_clocks(state.id, [hands.hold(clock, reason, party, message) for clock in waiting])
    data = {"for": party.value, "message": message, "clocks": [clock.kind.value for clock in waiting]}
    work.cases.event(state.id, "wait.begun", Aspect.THREAD, at=at, person_id=who.person_id, data=data)
    work.audit("wait.begun", who, state.ref, **data)
    return rank(work, process, work.cases.by_id(state.id))


def go_on(work: Work, process: Process, state: CaseState, at: datetime, who: Principal, party: WaitFor) -> CaseState:
    """End what waits for somebody by hand; a clock that pauses for another reason too still does."""
    paused = [clock for clock in work.cases.clocks(state.id, state.round) if clock.paused]
    hands = Hands(work, process, state, at, who)
    changed = [clock for clock in paused if hands.waits(clock, by_hand(party))]
    if not changed:
        return state
    work.cases.put_clocks(state.id, [hands.let_go(clock, by_hand(party)) for clock in changed])
    data = {"for": party.value, "clocks": [clock.kind.value for clock in changed]}
    work.cases.event(state.id, "wait.ended", Aspect.THREAD, at=at, person_id=who.person_id, data=data)
    work.audit("wait.ended", who, state.ref, **data)
    return rank(work, process, work.cases.by_id(state.id))


def by_rules(work: Work, process: Process, state: CaseState) -> list[tuple[Clock, Clock]]:
    """Clocks that the rules in force would have run otherwise: as they stand, and as they would."""
    standing = [clock for clock in work.cases.clocks(state.id, state.round) if clock.stopped_at is None]
    pauses = work.cases.pauses(state.id) if standing else []
    pairs = []
    for clock in standing:
        rule = process.clocks[clock.kind]
        new = clocks.replay(clock, pauses, rule.limit_s, process.calendars[rule.calendar])
        if not clocks.alike(clock, new):
            pairs.append((clock, new))
    return pairs


def recompute(
    work: Work, process: Process, state: CaseState, at: datetime, who: Principal, pairs: Sequence[tuple[Clock, Clock]]
) -> CaseState:
    """Put clocks under the rules in force. What they were stays on the thread, a line a clock, and in the log."""
    work.cases.put_clocks(state.id, [new for _, new in pairs])
    for old, new in pairs:
        data = {"clock": new.kind.value, "version": process.version, "was": terms(old), "now": terms(new)}
        work.cases.event(state.id, "timing.recomputed", Aspect.THREAD, at=at, person_id=who.person_id, data=data)
        work.audit("timing.recomputed", who, state.ref, **data)
    return rank(work, process, work.cases.by_id(state.id))


def terms(clock: Clock) -> dict[str, Any]:
    """What a clock's rule makes of it, as plain values for the record."""
    return {
        "limit_s": clock.limit_s,
        "calendar": clock.calendar,
        "due_at": clock.due_at.isoformat() if clock.due_at else None,
        "remaining_s": clock.remaining_s,
    }


def move(
    work: Work,
    desk: Desk,
    who: Principal,
    state: CaseState,
    event: str,
    facts: CaseFacts,
    process: Process,
    *,
    decided: Decision | None = None,
    aspect: Aspect = Aspect.PROPOSAL,
    data: Mapping[str, Any] | None = None,
    inform: tuple[Role, ...] = (),
    met: Collection[ClockKind] = (),
    taken_back: datetime | None = None,
    **columns: Any,
) -> CaseState:
    """Send a case where an event leads, with its clocks, its event on the thread and its informed roles.

    met: clocks that are met with it; taken_back: since when what met one doesn't count any more; columns:
    further columns of the case to change with it. Raises Conflict `process.no_move`.
    """
    target = next_stage(process, event, facts)
    return to_stage(
        work,
        desk,
        who,
        state,
        target,
        event,
        process,
        decided=decided,
        aspect=aspect,
        data=data,
        inform=inform,
        met=met,
        taken_back=taken_back,
        **columns,
    )


def to_stage(
    work: Work,
    desk: Desk,
    who: Principal,
    state: CaseState,
    target: Stage,
    event: str,
    process: Process,
    *,
    decided: Decision | None = None,
    aspect: Aspect = Aspect.PROPOSAL,
    data: Mapping[str, Any] | None = None,
    inform: tuple[Role, ...] = (),
    met: Collection[ClockKind] = (),
    taken_back: datetime | None = None,
    **columns: Any,
) -> CaseState:
    """Put a case into a stage: the only place where `stage` is written after opening."""
    now = desk.clock()
    closed = target is Stage.CLOSED
    changes: dict[str, Any] = {
        "stage": target.value,
        "stage_at": now,
        "progress": progress_of(process, target, decided).value,
        "open": not closed,
        "closed_at": now if closed else None,
        **columns,
    }
    if closed:
        changes |= nobodys()
    there = replace(state, stage=target, changed_at=now)
    standing = settle_clocks(work, process, there, now, who, met, taken_back)
    changes |= _place(process, there, standing)
    told = {"from": state.stage.value, "to": target.value, **dict(data or {})}
    moved = work.cases.event(state.id, event, aspect, at=now, person_id=who.person_id, data=told, **changes)
    work.cases.inform(state.id, inform, f"event.{event}", {"ref": state.ref}, now)
    return moved


def next_round(work: Work, desk: Desk, who: Principal, state: CaseState, event: str, facts: CaseFacts) -> CaseState:
    """Open the next round of a closed case: an appeal, a difference, a returned payout. Clocks start anew."""
    process = desk.process.current(work)
    fresh = replace(state, round=state.round + 1)
    work.cases.update(state.id, round=fresh.round, process_version=process.version)
    return move(
        work,
        desk,
        who,
        fresh,
        event,
        facts,
        process,
        aspect=Aspect.THREAD,
        data={"round": fresh.round},
        proposer_id=None,
        returned_to_id=None,
    )


def to_reviewer(desk: Desk, process: Process, state: CaseState) -> dict[str, Any]:
    """Columns that give a case back to who had it, if anybody did."""
    return _lease(desk, process, state.assignee_id or state.returned_to_id)


def returned_to(desk: Desk, process: Process, person: int | None) -> dict[str, Any]:
    """Columns that return a case to whoever proposed what came to nothing, and mark it so."""
    return {"returned_to_id": person, **_lease(desk, process, person)}


def nobodys() -> dict[str, Any]:
    """Columns of a case that is with nobody of the reviewers."""
    return {"assignee_id": None, "lease_until": None, "taken_at": None}


def _lease(desk: Desk, process: Process, person: int | None) -> dict[str, Any]:
    if person is None:
        return {}
    now = desk.clock()
    return {
        "assignee_id": person,
        "taken_at": now,
        "lease_until": now + timedelta(seconds=process.take.lease_s),
    }
