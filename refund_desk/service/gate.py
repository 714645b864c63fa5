"""The one gate: every write asks the process whether these roles may do this activity at this stage."""

from __future__ import annotations

from refund_desk.domain.cases import CaseState
from refund_desk.domain.errors import Refused
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process, may
from refund_desk.domain.words import Stage
from refund_desk.service.ports import Desk, Work


def permit(work: Work, desk: Desk, who: Principal, activity: str, stage: Stage | None = None) -> Process:
    """The process in force, or `Refused` naming the rule and who could. The desk itself may do anything.

    Someone who has to change their password first may do nothing else.
    """
    process = desk.process.current(work)
    if who.is_desk:
        return process
    if who.must_change:
        raise Refused("people.password_must_change", rule="people.must_change", could=[])
    may(process, who.roles, activity, stage)
    return process


def permit_on(work: Work, desk: Desk, who: Principal, activity: str, case: CaseState) -> Process:
    return permit(work, desk, who, activity, case.stage)


def must_be_person(who: Principal) -> None:
    """Refuse the desk's own operator where a person's name must stand under something."""
    if not who.person_id:
        raise Refused("people.no_person", rule="people.person", could=[])


def must_hold(who: Principal, case: CaseState) -> None:
    """Refuse who doesn't hold the case: two reviewers never write on one case."""
    if case.assignee_id != who.person_id:
        raise Refused("case.not_yours", rule="case.holder", could=[], ref=case.ref, holder=case.assignee_id or 0)
