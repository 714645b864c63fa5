"""Accounts, and settings that change by a second person's approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from refund_desk.domain.people import Principal
from refund_desk.server import present as p
from refund_desk.server.call import Caller
from refund_desk.server.differences import differences
from refund_desk.service import config, people
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.people import Account
from refund_desk.wire import commands as c
from refund_desk.wire.base import Coded
from refund_desk.wire.cases import PersonRef

router = APIRouter(tags=["people"])


def user(account: Account) -> c.UserView:
    return c.UserView(
        login=account.login,
        person=PersonRef(id=account.person_id, name=account.name),
        roles=sorted(account.roles),
        language=account.language,
        disabled=account.disabled_at is not None,
        must_change=account.must_change,
        demo=account.demo,
    )


@router.get("/users")
def users(call: Caller) -> list[c.UserView]:
    return call.read(lambda work, who: [user(a) for a in people.accounts(work, call.desk, who)])


@router.post("/users", response_model=c.UserMade)
def add_user(call: Caller, body: c.NewUser) -> Response:
    """A new account. Its roles wait for a second person wherever there is one who could approve them."""

    def use(work: Work, who: Principal) -> c.UserMade:
        made = people.add_account(
            work,
            call.desk,
            who,
            body.name,
            body.login,
            body.roles,
            body.password,
            body.language,
            same_person_as=body.same_person_as,
        )
        change = None
        if made.wanted:
            roles = sorted(role.value for role in made.wanted)
            row = config.propose(work, call.desk, who, "roles", made.account.login, roles, "new account")
            change = int(row["id"])
        return c.UserMade(user=user(made.account), one_time_password=made.one_time_password, change=change)

    return call.write(use, body=body)


@router.post("/users/{login}/disable", response_model=c.UserView)
def disable(call: Caller, login: str) -> Response:
    return call.write(lambda work, who: user(people.disable(work, call.desk, who, login)))


@router.post("/users/{login}/enable", response_model=c.UserView)
def enable(call: Caller, login: str) -> Response:
    return call.write(lambda work, who: user(people.disable(work, call.desk, who, login, disabled=False)))


@router.post("/users/{login}/reset", response_model=c.UserMade)
def reset(call: Caller, login: str) -> Response:
    """A one-time password, shown once."""

    def use(work: Work, who: Principal) -> c.UserMade:
        account, password = people.reset_password(work, call.desk, who, login)
        return c.UserMade(user=user(account), one_time_password=password)

    return call.write(use)


@router.post("/users/{login}/tokens", response_model=c.TokenMade)
def make_token(call: Caller, login: str, body: c.NewToken) -> Response:
    """An API token, shown once."""
    return call.write(
        lambda work, who: c.TokenMade(token=people.make_token(work, call.desk, who, login, body.label)), body=body
    )


# ---------------------------------------------------------------- settings


def _change(work: Work, desk: Desk, row: Mapping[str, Any]) -> c.ConfigChange:
    names = work.people.names([row["proposed_by"], row["verdict_by"] or 0])
    before: Any
    if row["kind"] == "roles":
        account = work.people.account(people.clean_login(row["subject"]))
        before = sorted(account.roles) if account else []
    else:
        before = desk.process.content(work, row["kind"])
    found = differences(before, row["content"]) if row["status"] == "open" else []
    return c.ConfigChange(
        id=row["id"],
        kind=row["kind"],
        subject=row["subject"],
        content=row["content"],
        reason=row["reason"],
        proposed_by=p.known(row["proposed_by"], names),
        proposed_at=row["proposed_at"],
        status=row["status"],
        verdict_by=p.person(row["verdict_by"], names),
        verdict_at=row["verdict_at"],
        verdict_reason=row["verdict_reason"],
        differences=[Coded(code=code, params=params) for code, params in found],
    )


@router.get("/config/changes")
def changes(call: Caller) -> list[c.ConfigChange]:
    return call.read(lambda work, who: [_change(work, call.desk, row) for row in config.changes(work, call.desk, who)])


@router.post("/config/changes", response_model=c.ConfigChange)
def propose(call: Caller, body: c.ConfigProposal) -> Response:
    """Propose a change of process, policy or roles as its whole new content."""
    return call.write(
        lambda work, who: _change(
            work, call.desk, config.propose(work, call.desk, who, body.kind, body.subject, body.content, body.reason)
        ),
        body=body,
    )


@router.post("/config/changes/{number}/approve", response_model=c.ConfigChange)
def approve(call: Caller, number: int, body: c.Because) -> Response:
    return call.write(
        lambda work, who: _change(work, call.desk, config.settle(work, call.desk, who, number, True, body.reason)),
        body=body,
    )


@router.post("/config/changes/{number}/decline", response_model=c.ConfigChange)
def decline(call: Caller, number: int, body: c.Because) -> Response:
    return call.write(
        lambda work, who: _change(work, call.desk, config.settle(work, call.desk, who, number, False, body.reason)),
        body=body,
    )


@router.get("/process")
def process(call: Caller, kind: str = "process") -> c.ProcessView:
    """The process (or `kind=policy`) in force, as data."""

    def use(work: Work, who: Principal) -> c.ProcessView:
        content = config.in_force(work, call.desk, who, "policy" if kind == "policy" else "process")
        now = call.desk.process.current(work)
        return c.ProcessView(name=now.name, version=now.version, content=content)

    return call.read(use)
