"""Settings change by proposal and a second person's approval: process, limits, policies, links, roles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused
from refund_desk.domain.people import Principal, check_roles
from refund_desk.domain.words import Role
from refund_desk.service import people, sources
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work

KINDS = ("process", "policy", "links", "roles", sources.KIND)
AGAIN = "~"
"""Between a version and how many times its content came into force."""


def propose(
    work: Work, desk: Desk, who: Principal, kind: str, subject: str, content: Any, reason: str
) -> Mapping[str, Any]:
    """Propose a change as its whole new content. Checked now, so that nobody approves what can't hold."""
    permit(work, desk, who, "config.propose")
    _is_person(who)
    if kind not in KINDS:
        raise Invalid("config.kind", kind=kind, allowed=list(KINDS))
    if not reason.strip():
        raise Invalid("reason.missing")
    _check(work, desk, kind, subject, content)
    if kind == "roles" and people.find(work, subject).person_id == who.person_id:
        raise Refused("people.own_roles", rule="user.not_self", could=[Role.ADMINISTRATOR.value])
    canonical = desk.canonical(content)
    number = work.people.add_change(
        kind=kind,
        subject=subject,
        content=content,
        digest=hashlib.sha256(canonical).digest(),
        proposed_by=who.person_id,
        proposed_at=desk.clock(),
        reason=reason,
        status="open",
    )
    work.audit(
        "config.proposed", who, change=number, kind=kind, subject=_named(work, kind, subject), digest=_hex(canonical)
    )
    return _found(work, number)


def _is_person(who: Principal) -> None:
    """Two persons agree on a change: a machine's operator is none of them, whatever else they may do."""
    if who.is_desk:
        raise Refused("config.needs_person", rule="config.second_person", could=[])


def change_roles(
    work: Work, desk: Desk, who: Principal, login: str, roles: Iterable[Role], reason: str
) -> Mapping[str, Any] | None:
    """Somebody's roles from now on: a proposal, given back; or None, where this machine's operator did it at once.

    The operator owns the files that all of this rests on: waiting would protect nothing, and a desk whose
    only administrator is gone could never be mended. It is on record like everything else.
    """
    permit(work, desk, who, "user.manage")
    if who.is_desk:
        people.set_roles(work, desk, who, login, roles)
        return None
    return propose(work, desk, who, "roles", people.clean_login(login), sorted(Role(r).value for r in roles), reason)


def _hex(canonical: bytes) -> str:
    return hashlib.sha256(canonical).hexdigest()


def _named(work: Work, kind: str, subject: str) -> str:
    """Logins are personal: the log names the account."""
    if kind != "roles":
        return subject
    account = work.people.account(people.clean_login(subject))
    return f"account:{account.id}" if account else ""


def _check(work: Work, desk: Desk, kind: str, subject: str, content: Any) -> None:
    if kind == sources.KIND:
        sources.check(work, desk, subject, content)
        return
    if kind != "roles":
        desk.process.check(kind, content)
        return
    if not isinstance(content, list) or not all(value in set(Role) for value in content):
        raise Invalid("config.roles", allowed=[role.value for role in Role])
    check_roles(frozenset(Role(value) for value in content))
    if work.people.account(people.clean_login(subject)) is None:
        raise NotFound("people.no_account", login=subject)


def _found(work: Work, number: int, lock: bool = False) -> Mapping[str, Any]:
    row = work.people.change(number, lock)
    if row is None:
        raise NotFound("config.not_found", change=number)
    return row


def settle(work: Work, desk: Desk, who: Principal, number: int, approve: bool, reason: str) -> Mapping[str, Any]:
    """A second person approves or declines. Approved, it is in force from now on."""
    permit(work, desk, who, "config.approve")
    _is_person(who)
    row = _found(work, number, lock=True)
    if row["status"] != "open":
        raise Conflict("config.settled", change=number, status=row["status"])
    if approve and row["proposed_by"] == who.person_id:
        raise Refused("config.own_change", rule="config.second_person", could=[], change=number)
    if not reason.strip():
        raise Invalid("reason.missing")
    now = desk.clock()
    work.people.settle_change(
        number,
        status="approved" if approve else "declined",
        verdict_by=who.person_id,
        verdict_at=now,
        verdict_reason=reason,
    )
    work.audit(
        "config.approved" if approve else "config.declined",
        who,
        change=number,
        kind=row["kind"],
        digest=bytes(row["digest"]).hex(),
        proposer=row["proposed_by"],
    )
    if approve:
        _enact(work, desk, who, row)
    return _found(work, number)


def _enact(work: Work, desk: Desk, who: Principal, row: Mapping[str, Any]) -> None:
    kind, content = row["kind"], row["content"]
    _check(work, desk, kind, row["subject"], content)
    if kind == "roles":
        people.set_roles(work, desk, who, row["subject"], [Role(value) for value in content])
        return
    if kind == sources.KIND:
        sources.enact(work, desk, who, row["subject"], content, int(row["id"]))
        return
    version = desk.process.check(kind, content)
    before = [str(known["version"]).partition(AGAIN)[0] for known in work.people.versions(kind)]
    if before and before[-1] == version:
        raise Conflict("config.same_version", version=version)
    if times := before.count(version):  # what held before may hold again, as a version of its own
        version = f"{version}{AGAIN}{times + 1}"
    work.people.add_version(kind=kind, version=version, content=content, effective_at=desk.clock(), change_id=row["id"])
    work.audit("config.in_force", who, kind=kind, version=version)


def changes(work: Work, desk: Desk, who: Principal, before: int | None = None) -> Sequence[Mapping[str, Any]]:
    """Changes newest first, at most 200; before: the id of the last one had."""
    permit(work, desk, who, "process.read")
    return work.people.changes(before, 200)


def before(work: Work, desk: Desk, row: Mapping[str, Any]) -> Any:
    """What a change would replace, as it stands now."""
    if row["kind"] == "roles":
        account = work.people.account(people.clean_login(row["subject"]))
        return sorted(account.roles) if account else []
    if row["kind"] == sources.KIND:
        return sources.standing(work, row["subject"])
    return desk.process.content(work, row["kind"])


def in_force(work: Work, desk: Desk, who: Principal, kind: str) -> Any:
    permit(work, desk, who, "process.read")
    return desk.process.content(work, kind)
