"""Alarms about money: each has an owner, stands on its case as a finding, and is in the owner's inbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refund_desk.domain.cases import CaseState
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Role
from refund_desk.service.intake import refind
from refund_desk.service.ports import Desk, Work


def alarm(
    work: Work,
    desk: Desk,
    who: Principal,
    code: str,
    subject: str,
    state: CaseState | None,
    *,
    role: Role = Role.FINANCE,
    intent: str | None = None,
    told: Mapping[str, Any] | None = None,
) -> bool:
    """Tell whoever owns it, once while it lasts. Whether it is new. Worded as `finding.<code>` with `told`."""
    now, params = desk.clock(), dict(told or {})
    case_id = state.id if state else None
    if not work.sending.raise_alarm(code, subject, role, now, case_id, intent, params):
        return False
    work.audit("alarm.raised", who, state.ref if state else None, code=code, subject=subject, role=role.value)
    if state is not None:
        work.cases.inform(state.id, (role,), f"finding.{code}", {"ref": state.ref, **params}, now)
        refind(work, work.cases.by_id(state.id), now)
    return True


def quiet(work: Work, desk: Desk, subject: str, state: CaseState | None, *codes: str) -> None:
    """The cause is gone: alarms about a subject end, all of them or those with these codes."""
    now = desk.clock()
    if work.sending.end_alarms(subject, now, codes) and state is not None:
        refind(work, work.cases.by_id(state.id), now)
