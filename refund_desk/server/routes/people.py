"""Accounts, and settings that change by a second person's approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from refund_desk.domain.people import Principal
from refund_desk.server import present as p
from refund_desk.server.call import Call, Caller, RowId
from refund_desk.server.differences import differences
from refund_desk.service import config, people
from refund_desk.service.gate import permit
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.people import Account
from refund_desk.wire import commands as c
from refund_desk.wire.base import MAX_INT, Coded, PersonRef

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
def users(
    call: Caller,
    after: Annotated[str, Query(max_length=200, description="The last login of the page before.")] = "",
) -> list[c.UserView]:
    """Accounts by login, at most 200 at a time."""
    return call.read(lambda work, who: [user(a) for a in people.accounts(work, call.desk, who, after)])


@router.post("/users", response_model=c.UserMade)
def add_user(call: Caller, body: c.NewUser) -> Response:
    """A new account. Its roles wait for a second person wherever there is one who could approve them."""
    call.read(lambda work, who: permit(work, call.desk, who, "user.manage"))
    password = _password(call, body.password)

    def use(work: Work, who: Principal) -> c.UserMade:
        made = people.add_account(
            work,
            call.desk,
            who,
            body.name,
            body.login,
            body.roles,
            password,
            body.language,
            same_person_as=body.same_person_as,
        )
        change = None
        if made.wanted:
            roles = sorted(role.value for role in made.wanted)
            row = config.propose(work, call.desk, who, "roles", made.account.login, roles, "new account")
            change = int(row["id"])
        return c.UserMade(user=user(made.account), one_time_password=made.one_time_password, change=change)

    return call.write(use, body=body, hidden={"password"})


def _password(call: Call, chosen: str | None) -> people.Hashed:
    """The password of a new account, hashed before its transaction begins."""
    return people.new_password(call.desk, chosen) if chosen else people.one_time_password(call.desk)


@router.put("/users/{login}/roles", response_model=c.UserMade)
def change_roles(call: Caller, login: str, body: c.Roles) -> Response:
    """All roles of an account from now on. They wait for a second person; the machine's operator has them at once."""

    def use(work: Work, who: Principal) -> c.UserMade:
        row = config.change_roles(work, call.desk, who, login, body.roles, body.reason)
        account = people.find(work, login)
        return c.UserMade(user=user(account), change=None if row is None else int(row["id"]))

    return call.write(use, body=body)


@router.post("/users/{login}/disable", response_model=c.UserView)
def disable(call: Caller, login: str) -> Response:
    """Disable an account: its sessions end, what it holds goes back to the queue."""
    return call.write(lambda work, who: user(people.disable(work, call.desk, who, login)))


@router.post("/users/{login}/enable", response_model=c.UserView)
def enable(call: Caller, login: str) -> Response:
    """Let a disabled account sign in again."""
    return call.write(lambda work, who: user(people.disable(work, call.desk, who, login, disabled=False)))


@router.post("/users/{login}/reset", response_model=c.UserMade)
def reset(call: Caller, login: str) -> Response:
    """A one-time password, shown once."""
    call.read(lambda work, who: permit(work, call.desk, who, "user.manage"))
    password = people.one_time_password(call.desk)

    def use(work: Work, who: Principal) -> c.UserMade:
        account = people.reset_password(work, call.desk, who, login, password)
        return c.UserMade(user=user(account), one_time_password=password.one_time)

    return call.write(use, hidden=set())


@router.post("/users/{login}/tokens", response_model=c.TokenMade)
def make_token(call: Caller, login: str, body: c.NewToken) -> Response:
    """An API token, shown once."""
    return call.write(
        lambda work, who: c.TokenMade(token=people.make_token(work, call.desk, who, login, body.label)),
        body=body,
        hidden=set(),
    )


# ---------------------------------------------------------------- settings


def change_view(work: Work, desk: Desk, row: Mapping[str, Any]) -> c.ConfigChange:
    """A change of settings as it stands, with what it would change."""
    names = work.people.names([row["proposed_by"], row["verdict_by"] or 0])
    found = differences(config.before(work, desk, row), row["content"]) if row["status"] == "open" else []
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
def changes(
    call: Caller,
    before: Annotated[int | None, Query(ge=0, le=MAX_INT, description="Id of the last change had.")] = None,
) -> list[c.ConfigChange]:
    """Changes of settings, newest first, at most 200 at a time."""
    return call.read(
        lambda work, who: [change_view(work, call.desk, row) for row in config.changes(work, call.desk, who, before)]
    )


@router.post("/config/changes", response_model=c.ConfigChange)
def propose(call: Caller, body: c.ConfigProposal) -> Response:
    """Propose a change of process, policy, links or roles as its whole new content."""
    return call.write(
        lambda work, who: change_view(
            work, call.desk, config.propose(work, call.desk, who, body.kind, body.subject, body.content, body.reason)
        ),
        body=body,
    )


@router.post("/config/changes/{number}/approve", response_model=c.ConfigChange)
def approve(call: Caller, number: RowId, body: c.Because) -> Response:
    """A second person agrees: it is in force from now on."""
    return call.write(
        lambda work, who: change_view(work, call.desk, config.settle(work, call.desk, who, number, True, body.reason)),
        body=body,
    )


@router.post("/config/changes/{number}/decline", response_model=c.ConfigChange)
def decline(call: Caller, number: RowId, body: c.Because) -> Response:
    """It stays as it is."""
    return call.write(
        lambda work, who: change_view(work, call.desk, config.settle(work, call.desk, who, number, False, body.reason)),
        body=body,
    )


@router.get("/process")
def process(call: Caller, kind: Literal["process", "policy", "links"] = "process") -> c.ProcessView:
    """The process (or `kind=policy`, `kind=links`) in force, as data."""

    def use(work: Work, who: Principal) -> c.ProcessView:
        content = config.in_force(work, call.desk, who, kind)
        now = call.desk.process.current(work)
        return c.ProcessView(name=now.name, version=now.version, content=content)

    return call.read(use)
