"""Whose case it is and who looked: take, lease, release, assign, looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Conflict, Invalid, Refused
from refund_desk.domain.forecast import LATE_TURN, WINDOW
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Prefer, Process
from refund_desk.domain.urgency import expected_work_s
from refund_desk.domain.words import Aspect, Role, Stage
from refund_desk.service import fairness, forecast, shifts, thread
from refund_desk.service.gate import permit, permit_on
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.views import QueueFilter

MOST_PREFERRED = 50
"""How many cases that come before the others are looked at for one that is free."""

# ---------------------------------------------------------------- take and lease


def take_next(work: Work, desk: Desk, who: Principal, wanted: QueueFilter | None = None) -> CaseState | None:
    """The next free case, now theirs: first what the process prefers, then by urgency. Atomic: two who ask at once
    get two cases, or one gets none.

    wanted: filters of the queue they work from. Their own lease on what they already hold is not touched.
    None: nothing is free.
    """
    process = permit(work, desk, who, "case.take", Stage.REVIEW)
    _room(work, process, who)
    for rule in process.take.prefer:
        for state in _free(work, desk, who, wanted, rule):
            if fairness.keeps(work, process, who.person_id, state) is None:
                _count(work, desk, process, who, state, "given")
                return _give(work, desk, process, state, who.person_id, who, "case.taken", next=True)
    return None


def _count(work: Work, desk: Desk, process: Process, who: Principal, state: CaseState, how: str) -> None:
    """How a case came to somebody, for whoever watches that the hard ones are done, too."""
    expected = expected_work_s(process, state.kind, state.reason)
    work.workload.count_handout(who.person_id, day_of(desk.clock()), **{how: 1, f"{how}_s": expected})


def day_of(at: datetime) -> str:
    """The day that hand-outs are counted by."""
    return at.astimezone(UTC).date().isoformat()


def _free(work: Work, desk: Desk, who: Principal, wanted: QueueFilter | None, rule: Prefer) -> Iterable[CaseState]:
    """Free cases that a rule of the process prefers, each locked when it is reached."""
    if rule is Prefer.IN_TIME:
        return _in_time(work, desk, who, wanted)
    if rule is not Prefer.ACT_BY:
        return _preferred(work, desk, who, wanted, rule)
    return _in_order(work, desk, who) if wanted is None else _free_among(work, desk, who, wanted)


def _in_order(work: Work, desk: Desk, who: Principal) -> Iterator[CaseState]:
    """The most urgent free case; the ones after it where that is kept from whoever asks."""
    yield from work.cases.next_free(limit=1)
    yield from _free_among(work, desk, who, QueueFilter(stage=Stage.REVIEW.value))


def _preferred(work: Work, desk: Desk, who: Principal, wanted: QueueFilter | None, rule: Prefer) -> Iterator[CaseState]:
    """There are few of these: what came back to somebody and was let go, what was answered while nobody had it."""
    person = who.person_id if rule is Prefer.RETURNED_TO_ME else None
    found = work.cases.free_before_others(person, MOST_PREFERRED)
    if wanted is not None and found:
        shown = work.views.page(who.person_id, wanted, desk.clock(), None, len(found), only=[one.id for one in found])
        found = [listed.state for listed in shown]
    for one in found:
        if _is_free(one) and _is_free(state := work.cases.lock(one.ref)):
            yield state


def _in_time(work: Work, desk: Desk, who: Principal, wanted: QueueFilter | None) -> Iterator[CaseState]:
    """What can still be done in time, so that the fewest miss. Now and then none: then the most urgent has its turn."""
    if work.cases.last_event_id() % LATE_TURN == 0:
        return
    free = work.views.free_in_time(desk.clock(), WINDOW)
    if wanted is not None and free:
        shown = work.views.page(who.person_id, wanted, desk.clock(), None, len(free), only=[one.id for one in free])
        seen = {listed.state.id for listed in shown}
        free = [one for one in free if one.id in seen]
    process = desk.process.current(work)
    while (found := forecast.next_in_time(work, desk, process, who, free)) is not None:
        free = [one for one in free if one.id != found.id]
        if _is_free(state := work.cases.lock(found.ref)):
            yield state


def _free_among(work: Work, desk: Desk, who: Principal, wanted: QueueFilter) -> Iterator[CaseState]:
    """Free cases of a filtered queue in its order, each locked when it is reached."""
    after: tuple[int, int] | None = None
    while page := work.views.page(who.person_id, wanted, desk.clock(), after, 50):
        for listed in page:
            if _is_free(listed.state) and _is_free(state := work.cases.lock(listed.state.ref)):
                yield state
        after = page[-1].state.place


def _is_free(state: CaseState) -> bool:
    return state.open and state.assignee_id is None and state.stage is Stage.REVIEW


def take(work: Work, desk: Desk, who: Principal, ref: str) -> CaseState:
    """This very case, if nobody else holds it."""
    state = work.cases.lock(ref)
    process = permit_on(work, desk, who, "case.take", state)
    if state.assignee_id == who.person_id:
        return _give(work, desk, process, state, who.person_id, who, None)
    now = desk.clock()
    if state.assignee_id and (state.lease_until is None or state.lease_until > now):
        raise Conflict("case.taken", ref=ref, holder=work.people.names([state.assignee_id]).get(state.assignee_id, ""))
    _room(work, process, who)
    fairness.check(work, process, who.person_id, state)
    _count(work, desk, process, who, state, "picked")
    return _give(work, desk, process, state, who.person_id, who, "case.taken")


def _room(work: Work, process: Process, who: Principal) -> None:
    held = work.cases.held_by(who.person_id)
    active = [case for case in held if case.stage is Stage.REVIEW]  # the others wait for somebody else
    if len(active) >= process.take.max_held:
        raise Conflict("case.too_many_held", held=len(active), most=process.take.max_held)


def _give(
    work: Work,
    desk: Desk,
    process: Process,
    state: CaseState,
    person: int,
    who: Principal,
    event: str | None,
    until: datetime | None = None,
    **data: object,
) -> CaseState:
    now = desk.clock()
    until = until or now + timedelta(seconds=process.take.lease_s)
    if event is None:
        work.cases.update(state.id, lease_until=until)
    else:
        work.cases.event(
            state.id,
            event,
            Aspect.ASSIGNMENT,
            at=now,
            person_id=who.person_id,
            data={"to": person, "from": state.assignee_id, **data},
            assignee_id=person,
            taken_at=now,
            lease_until=until,
        )
        work.audit(event, who, state.ref, to=person, previous=state.assignee_id)
    return work.cases.by_id(state.id)


def renew(work: Work, desk: Desk, who: Principal, ref: str) -> datetime:
    """Lengthen the lease one holds. Raises Conflict when it has passed to somebody else."""
    state = work.cases.by_ref(ref)
    process = permit_on(work, desk, who, "case.renew", state)
    now = desk.clock()
    until = now + timedelta(seconds=process.take.lease_s)
    if state.assignee_id == who.person_id and state.lease_until is not None:
        until = max(until, state.lease_until)  # what was assigned is held until the end of a shift
    if not work.cases.renew(who.person_id, state.id, until, now):
        raise Conflict("case.lease_lost", ref=ref)
    return until


def release(work: Work, desk: Desk, who: Principal, ref: str, reason: str | None = None) -> CaseState:
    """Back to the queue. A case that isn't one's own is released by nobody but the desk (lease, absence)."""
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "case.release", state)
    if state.assignee_id is None:
        return state
    if state.assignee_id != who.person_id and not who.is_desk:
        raise Refused("case.not_yours", rule="case.holder", could=[], ref=ref, holder=state.assignee_id)
    if work.workload.given_by_rule(state.id, state.assignee_id):
        work.workload.count_handout(state.assignee_id, day_of(desk.clock()), declined=1)
    freed = _back(work, desk, state, who, "case.released", {"reason": "given" if reason else "none"})
    if state.returned_to_id != state.assignee_id or who.is_desk:
        return freed
    work.cases.update(state.id, returned_to_id=None)  # given up: take-next doesn't hand it back to them
    return work.cases.by_id(state.id)


def _back(
    work: Work, desk: Desk, state: CaseState, who: Principal, event: str, data: Mapping[str, object]
) -> CaseState:
    work.cases.event(
        state.id,
        event,
        Aspect.ASSIGNMENT,
        at=desk.clock(),
        person_id=who.person_id,
        data={"from": state.assignee_id, **data},
        assignee_id=None,
        taken_at=None,
        lease_until=None,
    )
    work.audit(event, who, state.ref, previous=state.assignee_id)
    return work.cases.by_id(state.id)


def give_back_all(work: Work, desk: Desk, who: Principal, person: int) -> None:
    """Everything somebody holds returns to the queue, as when their account is disabled."""
    for held in work.cases.held_by(person):
        give_back(work, desk, who, held, person, "absence")


def give_back(work: Work, desk: Desk, who: Principal, held: CaseState, person: int, reason: str) -> bool:
    """What somebody still holds returns to the queue; whether they did. reason: `absence`, or `shift` that ended."""
    state = work.cases.lock(held.ref)
    if state.assignee_id != person:
        return False
    _back(work, desk, state, who, "case.released", {"reason": reason})
    work.cases.update(state.id, returned_to_id=None)  # nor does an answer bring it back to them
    return True


def put_back(
    work: Work,
    desk: Desk,
    who: Principal,
    state: CaseState,
    person: int | None,
    taken_at: datetime | None,
    lease_until: datetime | None,
) -> CaseState:
    """Give a case to whom it was moved from, as they had it, with a lease that runs; None: the queue."""
    if person is None:
        return _back(work, desk, state, who, "case.released", {"reason": "undone"})
    process, now = desk.process.current(work), desk.clock()
    until = max(lease_until or now, now + timedelta(seconds=process.take.lease_s))
    given = _give(work, desk, process, state, person, who, "case.assigned", until, undone=True)
    if taken_at is not None:
        work.cases.update(given.id, taken_at=taken_at)
    return given


def expire_leases(work: Work, desk: Desk, who: Principal, limit: int = 50) -> int:
    """Leases that ran out come back. Cases under way elsewhere (approval, return …) keep their reviewer."""
    now, count = desk.clock(), 0
    for state in work.cases.expired_leases(now, limit):
        fresh = work.cases.lock(state.ref)
        if fresh.lease_until is None or fresh.lease_until > now:
            continue
        if fresh.stage in (Stage.REVIEW, Stage.CONSULT):
            if fresh.assignee_id and work.workload.given_by_rule(fresh.id, fresh.assignee_id):
                work.workload.count_handout(fresh.assignee_id, day_of(now), declined=1)
            _back(work, desk, fresh, who, "case.lease_expired", {})
        else:
            work.cases.update(fresh.id, lease_until=None)
        count += 1
    return count


def assign(work: Work, desk: Desk, who: Principal, ref: str, person: int, reason: str | None = None) -> CaseState:
    """Pass a case on. To a reviewer, and not to one who may not have it; theirs until the end of their shift."""
    state = work.cases.lock(ref)
    process = permit_on(work, desk, who, "case.assign", state)
    reviewers = {p for p, _ in work.people.persons_with([Role.REVIEWER])[Role.REVIEWER]}
    if person not in reviewers:
        raise Invalid("case.no_reviewer", person=person)
    fairness.check(work, process, person, state)
    until = shifts.lease_until(work, process, person, desk.clock())
    given = _give(work, desk, process, state, person, who, "case.assigned", until)
    if reason:
        thread.add_message(work, desk, who, given, "note", reason)
    return given


def unassign(work: Work, desk: Desk, who: Principal, ref: str) -> CaseState:
    """Put a case that somebody else holds back into the queue."""
    state = work.cases.lock(ref)
    permit_on(work, desk, who, "case.assign", state)
    if state.assignee_id is None:
        return state
    _back(work, desk, state, who, "case.released", {"reason": "moved"})
    work.cases.update(state.id, returned_to_id=None)
    return work.cases.by_id(state.id)


# ---------------------------------------------------------------- looks


def look(work: Work, desk: Desk, who: Principal, ref: str, evidence: Iterable[int], seen_event: int | None) -> None:
    """What somebody saw of a case: how far they read, and which pictures they opened. The log has it by itself."""
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "case.look", state)
    now = desk.clock()
    if seen_event is not None:
        work.cases.look(who.person_id, state.id, min(seen_event, work.cases.last_event(state.id)), now)
    known = {int(row["id"]) for row in work.facts.evidence(state.id)}
    opened = [number for number in dict.fromkeys(evidence) if number in known]
    if opened:
        work.facts.mark_opened(who.person_id, opened, now)


def unmask(work: Work, desk: Desk, who: Principal, ref: str, reason: str) -> Mapping[str, object]:
    """The customer as they are, for a stated reason. An entry says who asked; the reason stays on the thread."""
    state = work.cases.by_ref(ref)
    permit_on(work, desk, who, "customer.unmask", state)
    if state.customer_id is None:
        raise Conflict("customer.none", ref=ref)
    if not reason.strip():
        raise Invalid("reason.missing")
    work.audit("look.customer", who, ref, customer=state.customer_id)
    work.cases.event(
        state.id, "customer.unmasked", Aspect.THREAD, at=desk.clock(), person_id=who.person_id, data={"why": "stated"}
    )
    return work.facts.customer(state.customer_id)
