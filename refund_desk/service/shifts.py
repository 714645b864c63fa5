"""What people can do and when: skills, languages, shifts, absence, conflicts of interest, delegated approvals.

Everybody says for themselves that they are away, absent or tied to a customer; the rest is kept by who answers for
the queue. Ends of shifts and absences return work to the queue.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from refund_desk.domain import workload
from refund_desk.domain.errors import Conflict, Invalid, NotFound
from refund_desk.domain.fairness import Relation
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process
from refund_desk.domain.words import Reason, RequestKind, Role
from refund_desk.domain.workload import Worker
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.workload import AbsenceRow, DelegationRow, InterestRow, WorkingRow

SKILLS = frozenset([*(each.value for each in Reason), *(each.value for each in RequestKind)])
"""What a skill may be: a reason customers give, or a kind of request."""

LONGEST = timedelta(days=366)
"""No absence, and no delegation, is set for longer."""


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """All that is on record of one person's work."""

    id: int
    name: str
    roles: frozenset[Role]
    working: WorkingRow
    absences: Sequence[AbsenceRow]
    interests: Sequence[InterestRow]
    delegations: Sequence[DelegationRow]


def board_roles(process: Process) -> frozenset[Role]:
    """Who stands on the board: those who may take cases, and those who approve."""
    return frozenset([*process.activities["case.take"].seats.r, *(band.role for band in process.limits.bands)])


def everybody(work: Work, desk: Desk, who: Principal) -> list[PersonFacts]:
    """What is on record of everybody; of interests only one's own, unless one answers for the queue."""
    process = permit(work, desk, who, "workload.self")
    now = desk.clock()
    keeper = who.is_desk or bool(who.roles & set(process.activities["workload.people"].seats.r))
    people = work.workload.people(board_roles(process))
    mine = [row for row in people if keeper or row[0] == who.person_id]
    working, absences = work.workload.working(), work.workload.absences(now)
    interests, delegations = work.workload.interests(), work.workload.delegations(now)
    return [
        PersonFacts(
            number,
            name,
            roles,
            working.get(number, WorkingRow(number)),
            [row for row in absences if row.person == number],
            [row for row in interests if row.person == number],
            [row for row in delegations if row.from_id == number],
        )
        for number, name, roles in mine
    ]


def workers(work: Work, process: Process, now: datetime, people: Collection[int] | None = None) -> dict[int, Worker]:
    """Those who stand on the board, as the rules see them. Paces and approvals are added where they are asked for."""
    found = [row for row in work.workload.people(board_roles(process)) if people is None or row[0] in people]
    working = work.workload.working(people)
    gone = {row.person: row.until_at for row in work.workload.absences(now) if row.from_at <= now}
    reviewing = frozenset(process.activities["case.take"].seats.r)
    return {
        number: _worker(process, working.get(number, WorkingRow(number)), bool(roles & reviewing), gone.get(number))
        for number, _, roles in found
    }


def _worker(process: Process, row: WorkingRow, reviews: bool, absent_until: datetime | None) -> Worker:
    calendars = process.calendars
    calendar = calendars.get(row.calendar or "") or calendars[process.workload.shift]
    return Worker(row.person, calendar, reviews, row.skills, row.languages, row.away, absent_until)


def lease_until(work: Work, process: Process, person: int, now: datetime) -> datetime:
    """Until when somebody holds what is assigned to them."""
    found = workers(work, process, now, [person])
    return workload.lease_until(found.get(person), now, process.take.lease_s)


# ---------------------------------------------------------------- changed by people


def _about(work: Work, desk: Desk, who: Principal, person: int, *, own: bool = True) -> Process:
    """Leave to change what is on record of a person: one's own (own), or as who answers for the queue."""
    theirs = own and person == who.person_id
    process = permit(work, desk, who, "workload.self" if theirs else "workload.people")
    if person not in {number for number, _, _ in work.workload.people(board_roles(process))}:
        raise NotFound("workload.no_person", person=person)
    return process


def set_working(work: Work, desk: Desk, who: Principal, row: WorkingRow) -> WorkingRow:
    """Skills, languages, shifts. Nobody sets their own."""
    process = _about(work, desk, who, row.person, own=False)
    if unknown := sorted(row.skills - SKILLS):
        raise Invalid("workload.unknown_skill", skill=unknown[0])
    if row.calendar is not None and row.calendar not in process.calendars:
        raise Invalid("workload.unknown_calendar", calendar=row.calendar, known=sorted(process.calendars))
    kept = replace(row, away=_row(work, row.person).away)
    work.workload.put_working(kept, desk.clock(), who.person_id or None)
    work.audit(
        "workload.working_set",
        who,
        person=row.person,
        skills=sorted(row.skills),
        languages=sorted(row.languages),
        calendar=row.calendar or "",
    )
    return kept


def set_away(work: Work, desk: Desk, who: Principal, person: int, away: bool) -> WorkingRow:
    """Away for a while, or back. What they hold stays theirs as long as its lease runs."""
    _about(work, desk, who, person)
    row = replace(_row(work, person), away=away)
    work.workload.put_working(row, desk.clock(), who.person_id or None)
    work.audit("workload.away" if away else "workload.back", who, person=person)
    return row


def _row(work: Work, person: int) -> WorkingRow:
    return work.workload.working([person]).get(person, WorkingRow(person))


def _span(desk: Desk, start: datetime, until: datetime) -> None:
    if not start < until <= start + LONGEST or until <= desk.clock():
        raise Invalid("workload.bad_span", days=LONGEST.days)


def set_absence(work: Work, desk: Desk, who: Principal, person: int, start: datetime, until: datetime) -> AbsenceRow:
    """Absent for a time. What they hold returns to the queue when it begins."""
    _about(work, desk, who, person)
    _span(desk, start, until)
    now = desk.clock()
    if any(
        row.person == person and row.from_at < until and start < row.until_at for row in work.workload.absences(now)
    ):
        raise Conflict("workload.absent_already")
    number = work.workload.add_absence(person, start, until, now, who.person_id or None)
    work.audit("workload.absence_set", who, person=person, start=start.isoformat(), until=until.isoformat())
    return AbsenceRow(number, person, start, until, who.person_id or None)


def declare(
    work: Work, desk: Desk, who: Principal, person: int, relation: Relation, customer: int | None, other: int | None
) -> InterestRow:
    """A conflict of interest: a customer who is the person, or whom they know well, or a colleague."""
    _about(work, desk, who, person)
    if (customer is None) == (other is None) or (other is not None and relation is Relation.OWN) or other == person:
        raise Invalid("workload.bad_interest")
    now = desk.clock()
    same = [
        row
        for row in work.workload.interests([person])
        if (row.relation, row.customer, row.other) == (relation.value, customer, other)
    ]
    if same:
        return same[0]
    number = work.workload.add_interest(person, relation.value, customer, other, now, who.person_id or None)
    work.audit(
        "workload.interest_declared", who, person=person, relation=relation.value, customer=customer, other=other
    )
    return InterestRow(number, person, relation.value, customer, other, now)


def customer_of(work: Work, desk: Desk, who: Principal, ref: str) -> int:
    """The customer of a case, by which somebody declares them."""
    permit(work, desk, who, "case.look")
    state = work.cases.by_ref(ref)
    if state.customer_id is None:
        raise Conflict("customer.none", ref=ref)
    return state.customer_id


def delegate(
    work: Work, desk: Desk, who: Principal, person: int, to: int, start: datetime, until: datetime
) -> DelegationRow:
    """Let a colleague who approves, too, approve in one's stead: what one could oneself, and neither their own
    proposals nor one's own. It isn't passed on.
    """
    permit(work, desk, who, "workload.delegate")
    process = _about(work, desk, who, person)
    _span(desk, start, until)
    ladder = {band.role for band in process.limits.bands}
    held = {number: roles for number, _, roles in work.workload.people(Role)}
    if not held.get(person, frozenset()) & ladder:
        raise Invalid("workload.nothing_to_delegate", person=person)
    if to == person or not held.get(to, frozenset()) & ladder:
        raise Invalid("workload.bad_delegate", person=to)
    number = work.workload.add_delegation(person, to, start, until, desk.clock(), who.person_id or None)
    work.audit("workload.delegated", who, person=person, to=to, start=start.isoformat(), until=until.isoformat())
    return DelegationRow(number, person, to, start, until, who.person_id or None)


ENDED = {
    "absence": "workload.absence_ended",
    "interest": "workload.interest_ended",
    "delegation": "workload.undelegated",
}


def end(work: Work, desk: Desk, who: Principal, what: str, number: int) -> None:
    """End an absence, a declared interest or a delegation. An interest is taken back by who answers for the queue."""
    whose = work.workload.end(what, number, desk.clock(), who.person_id or None)
    if whose is None:
        raise NotFound("workload.not_found", number=number)
    _about(work, desk, who, whose, own=what != "interest")
    work.audit(ENDED[what], who, person=whose, number=number)


# ---------------------------------------------------------------- approving in somebody's stead


def deputised(work: Work, desk: Desk, who: Principal, proposer: int | None) -> Principal:
    """Somebody with the approving roles of those whose deputy they are now. Not of the proposer's: their own
    proposal would come back to them by another's hand.
    """
    now = desk.clock()
    rows = [row for row in work.workload.delegations(now) if row.to_id == who.person_id and row.from_at <= now]
    chiefs = {row.from_id for row in rows} - {proposer}
    if not chiefs:
        return who
    ladder = {band.role for band in desk.process.current(work).limits.bands}
    lent = [roles & ladder for number, _, roles in work.workload.people(ladder) if number in chiefs]
    return replace(who, roles=who.roles.union(*lent))
