"""The command line: which subjects there are. A subject's module is imported when it is called, none before."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from refund_desk.commands.helping import explain, page

SUBJECTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "desk": "desk",
        "demo": "demo",
        "serve": "serve",
        "worker": "worker",
        "import": "intake",
        "quarantine": "quarantine",
        "reconcile": "reconcile",
        "source": "source",
        "sync": "sync",
        "schema": "schema",
        "user": "users",
        "config": "config",
        "clocks": "clocks",
        "simulate": "simulate",
        "export": "export",
        "audit": "audit_here",
        "db": "db",
    }
)
"""Command: module of `refund_desk.commands` that has its `app`. What it is for is `help.<command>` of the catalogue."""


class Subjects(TyperGroup):
    """Finds a command in its module; words an expected error in the user's language, exit code 1."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(SUBJECTS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in SUBJECTS:
            return None
        module = importlib.import_module(f"refund_desk.commands.{SUBJECTS[cmd_name]}")
        module.app.rich_markup_mode = None  # plain help: quick, and clean in a pipe
        command = get_command(module.app)
        command.name = cmd_name
        return explain(command, cmd_name)

    def get_help(self, ctx: Any) -> str:
        return page(self, "root", ctx, [(name, f"help.{name}") for name in SUBJECTS])

    def invoke(self, ctx: Any) -> Any:
        from refund_desk.domain.errors import DeskError

        try:
            return super().invoke(ctx)
        except DeskError as error:
            from refund_desk.commands.printing import complain

            complain(error)
            raise typer.Exit(1) from None


app = typer.Typer(
    name="refund-desk",
    cls=Subjects,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="help.option.version"),
) -> None:
    if version:
        from refund_desk import __version__

        typer.echo(__version__)
        raise typer.Exit


def run() -> None:
    """The entry point. What a stream's encoding lacks is shown by its number, and is no error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    get_group(app)(prog_name="refund-desk")
