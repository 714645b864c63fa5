"""How a command reaches its desk and as whom: the options that all of them share, and one call at a time.

Without a server the desk in the home is opened in this very process. Whoever may do that owns its files,
and acts as `local-operator:<os user>` unless a token or a login says otherwise.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import getpass
import inspect
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from refund_desk.domain.errors import DeskError, Unauthenticated
from refund_desk.settings import Settings

if TYPE_CHECKING:
    from refund_desk.client.api import DeskClient
    from refund_desk.domain.people import Principal
    from refund_desk.wiring import House

T = TypeVar("T")
Use = TypeVar("Use", bound=Callable[..., None])

Server = Annotated[str | None, typer.Option("--server", help="help.option.server")]
Token = Annotated[str | None, typer.Option("--token", help="help.option.token")]
ActingAs = Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="help.option.as")]
AsJson = Annotated[bool, typer.Option("--json", help="help.option.json")]
COMMON: dict[str, tuple[Any, Any]] = {
    "server": (Server, None),
    "token": (Token, None),
    "acting_as": (ActingAs, None),
    "json": (AsJson, False),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A desk that was reached. `house`: the one opened here, None where it is a server's."""

    client: DeskClient
    json: bool
    house: House | None
    _runner: asyncio.Runner

    def ask(self, work: Awaitable[T]) -> T:
        """The answer of a client's call."""

        async def answer() -> T:
            return await work

        return self._runner.run(answer())

    def who(self) -> Principal:
        """Whom the service takes us for; with a house alone."""
        from refund_desk.service import people

        house, token = self.house, self.client.token or ""
        assert house is not None
        if operator := house.operators.get(token):
            return operator
        with house.read() as work:
            return people.recognise(work, house.desk, token)


def os_user() -> str:
    """Who runs this process, by the name the system has for them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


@contextlib.contextmanager
def reach(
    server: str | None, token: str | None, acting_as: str | None, json: bool, *, works: bool = False
) -> Iterator[Call]:
    """Open the desk or connect to it, as somebody. works: its worker runs along.

    Raises Unauthenticated `command.nobody` for a server without a token or login.
    """
    from refund_desk import wiring

    settings = Settings()
    server, token = server or settings.server, token or settings.token
    if server:
        if not (token or acting_as):
            raise Unauthenticated("command.nobody")
        with asyncio.Runner() as runner, _speaking(wiring.network(server, token), runner, acting_as) as client:
            yield Call(client, json, None, runner)
        return
    house = wiring.embedded(settings.data_dir, settings, wiring.Parts(worker=works, syncs=False))
    try:
        known = token or (None if acting_as else house.operator_token(os_user()))
        with asyncio.Runner() as runner, _speaking(house.client(known), runner, acting_as) as client:
            yield Call(client, json, house, runner)
    finally:
        house.close()


@contextlib.contextmanager
def _speaking(client: DeskClient, runner: asyncio.Runner, login: str | None) -> Iterator[DeskClient]:
    """Signed in if there is a login, and out again at the end."""
    try:
        if login:
            runner.run(client.sign_in(login, _password(login)))
        try:
            yield client
        finally:
            if login:
                with contextlib.suppress(DeskError):  # what was asked is done, or said its own error
                    runner.run(client.sign_out())
    finally:
        runner.run(client.aclose())


def _password(login: str) -> str:
    """Typed where nobody sees it, or the first line of standard input where that is no terminal."""
    if sys.stdin.isatty():
        from refund_desk.commands.printing import words

        return getpass.getpass(words().tr("command.password", login=login) + " ")
    return sys.stdin.readline().rstrip("\r\n")


def desk_command(app: typer.Typer, name: str, *, works: bool = False) -> Callable[[Use], Use]:
    """Make `use(call, …)` a command: it gets the common options, and is handed the desk that they reach."""

    def wrap(use: Use) -> Use:
        hints = get_type_hints(use, include_extras=True)
        own = [one.replace(annotation=hints[one.name]) for one in inspect.signature(use).parameters.values()][1:]
        keyword = inspect.Parameter.KEYWORD_ONLY
        common = [inspect.Parameter(n, keyword, default=d, annotation=a) for n, (a, d) in COMMON.items()]

        @functools.wraps(use)
        def run(**given: Any) -> None:
            way = {name: given.pop(name) for name in COMMON}
            try:
                with reach(**way, works=works) as call:
                    use(call, **given)
            except DeskError as error:
                if way["json"]:
                    typer.echo(json.dumps({"error": {"code": error.code, "params": error.params}}, default=str))
                raise

        given = [one.replace(kind=keyword) for one in own] + common
        run.__signature__ = inspect.Signature(given)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in given}
        app.command(name)(run)
        return use

    return wrap
