"""`refund-desk user …`: accounts and their roles."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.printing import as_json, note, say, table, words
from refund_desk.domain.words import Role

app = typer.Typer(no_args_is_help=True, add_completion=False)

Login = Annotated[str, typer.Argument(metavar="LOGIN")]
Language = Annotated[str, typer.Option(metavar="zh|en", help="help.user.add.language")]


@desk_command(app, "list")
def list_users(call: Call) -> None:
    """All accounts."""
    users = call.ask(call.client.users())
    if call.json:
        as_json(users)
        return
    member = words().member
    heads = ("login", "name", "roles", "state")
    rows = [
        (
            user.login,
            user.person.name,
            ", ".join(member("role", role) for role in user.roles),
            words().tr("command.user.disabled") if user.disabled else "",
        )
        for user in users
    ]
    table([f"command.head.{head}" for head in heads], rows)


@desk_command(app, "add")
def add(
    call: Call,
    login: Login,
    name: Annotated[str, typer.Option(help="help.user.add.name")],
    role: Annotated[list[Role] | None, typer.Option(help="help.user.add.role")] = None,
    language: Language = "",
    same_person_as: Annotated[str | None, typer.Option(metavar="LOGIN", help="help.user.add.person")] = None,
    password_stdin: Annotated[bool, typer.Option(help="help.user.add.password")] = False,
) -> None:
    """Make an account. With a second administrator there, its roles wait for their approval."""
    from refund_desk.wire.commands import NewUser

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    body = NewUser.model_validate(
        {
            "name": name,
            "login": login,
            "roles": role or [],
            "password": password,
            "language": language or words().language,
            "same_person_as": same_person_as,
        }
    )
    made = call.ask(call.client.add_user(body))
    if call.json:
        as_json(made)
        return
    say("command.user.added", login=made.user.login)
    if made.one_time_password:
        say("command.user.password", password=made.one_time_password)
    if made.change is not None:
        say("command.user.waits", change=made.change)


@desk_command(app, "role")
def role(
    call: Call,
    login: Login,
    roles: Annotated[list[Role] | None, typer.Argument(help="help.user.role.roles")] = None,
    reason: Annotated[str, typer.Option(help="help.user.role.reason")] = "",
) -> None:
    """Change somebody's roles. A second person approves; this machine's operator does it at once, on record."""
    made = call.ask(call.client.change_roles(login, roles or [], reason or words().tr("command.user.by_command")))
    if call.json:
        as_json(made)
    elif made.change is not None:
        say("command.user.waits", change=made.change)
    else:
        say("command.user.roles", login=login, roles=list(made.user.roles))


@desk_command(app, "disable")
def disable(call: Call, login: Login) -> None:
    """Disable an account: its sessions end, what it holds goes back to the queue."""
    _switch(call, login, disabled=True)


@desk_command(app, "enable")
def enable(call: Call, login: Login) -> None:
    """Let a disabled account sign in again."""
    _switch(call, login, disabled=False)


def _switch(call: Call, login: str, *, disabled: bool) -> None:
    user = call.ask(call.client.disable_user(login, disabled))
    if call.json:
        as_json(user)
    elif disabled:
        say("command.user.now_disabled", login=user.login)
    else:
        say("command.user.now_enabled", login=user.login)


@desk_command(app, "reset")
def reset(call: Call, login: Login) -> None:
    """Make a one-time password, to be changed at the next sign-in."""
    made = call.ask(call.client.reset_user(login))
    if call.json:
        as_json(made)
    else:
        say("command.user.password", password=made.one_time_password)


@desk_command(app, "token")
def token(
    call: Call, login: Login, label: Annotated[str, typer.Option(help="help.user.token.label")] = "command line"
) -> None:
    """Make an API token. It is shown once."""
    made = call.ask(call.client.make_token(login, label))
    if call.json:
        as_json(made)
    else:
        typer.echo(made.token)
        note("command.user.token")
