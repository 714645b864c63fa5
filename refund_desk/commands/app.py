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

SUBJECTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "desk": ("desk", "Open the window on your own desk, or on a team's server."),
        "demo": ("demo", "Open the window on invented cases, or take the tour."),
        "serve": ("serve", "Run the service for a team."),
        "worker": ("worker", "Do the work nobody clicks, in a process of its own."),
        "import": ("intake", "Take a bundle of refund requests in."),
        "quarantine": ("quarantine", "Records that could not be taken in."),
        "reconcile": ("reconcile", "Bills and bank files against what went out."),
        "schema": ("schema", "Print the schema of a format."),
        "user": ("users", "Accounts and their roles."),
        "config": ("config", "Process, policies and roles: changed by two persons."),
        "audit": ("audit_here", "Verify, export and prove the audit log."),
        "db": ("db", "The database's schema: upgrade it, say where it stands."),
    }
)
"""Command: module of `refund_desk.commands` that has its `app`, and what it is for."""


class Subjects(TyperGroup):
    """Finds a command in its module; words an expected error in the user's language, exit code 1."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(SUBJECTS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in SUBJECTS:
            return None
        module = importlib.import_module(f"refund_desk.commands.{SUBJECTS[cmd_name][0]}")
        module.app.rich_markup_mode = None  # plain help: quick, and clean in a pipe
        command = get_command(module.app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in SUBJECTS.items()])

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
    help="Refund Desk: case management for the refunds that no rule could settle alone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version and go."),
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
