"""`refund-desk config …`: process, policies, links and roles change as a whole, by two persons."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.files import read_yaml
from refund_desk.commands.printing import as_json, say, table, words

app = typer.Typer(no_args_is_help=True, add_completion=False)


class Kind(StrEnum):
    PROCESS = "process"
    POLICY = "policy"
    LINKS = "links"


Reason = Annotated[str, typer.Option(help="help.config.reason")]
Number = Annotated[int, typer.Argument(metavar="CHANGE")]


@desk_command(app, "list")
def list_changes(call: Call) -> None:
    """Proposed changes, newest first."""
    changes = call.ask(call.client.config_changes())
    if call.json:
        as_json(changes)
        return
    w = words()
    table(
        [f"command.head.{head}" for head in ("id", "kind", "subject", "state", "by", "time", "reason")],
        [
            (
                change.id,
                w.tr(f"command.config.kind.{change.kind}"),
                change.subject,
                w.tr(f"command.config.status.{change.status}"),
                change.proposed_by.name,
                w.formats.moment(change.proposed_at),
                change.reason,
            )
            for change in changes
        ],
    )


@desk_command(app, "show")
def show(call: Call, kind: Kind) -> None:
    """What is in force, as YAML: change a copy of it and propose that."""
    import yaml

    found = call.ask(call.client.process(kind.value))
    if call.json:
        as_json(found.content)
    else:
        typer.echo(yaml.safe_dump(found.content, allow_unicode=True, sort_keys=False, width=120), nl=False)


@desk_command(app, "propose")
def propose(call: Call, kind: Kind, file: Annotated[Path, typer.Argument()], reason: Reason) -> None:
    """Propose the content of a file, YAML or JSON, to be in force once a second person approves."""
    from refund_desk.wire.commands import ConfigProposal

    body = ConfigProposal(kind=kind.value, subject=kind.value, content=read_yaml(file), reason=reason)
    change = call.ask(call.client.propose_config(body))
    if call.json:
        as_json(change)
        return
    say("command.config.proposed", change=change.id)
    for difference in change.differences:
        typer.echo(words().word(difference))


@desk_command(app, "approve")
def approve(call: Call, number: Number, reason: Reason) -> None:
    """Approve somebody else's change: it is in force from now on."""
    _settle(call, number, reason, approved=True)


@desk_command(app, "decline")
def decline(call: Call, number: Number, reason: Reason) -> None:
    """Decline a change."""
    _settle(call, number, reason, approved=False)


def _settle(call: Call, number: int, reason: str, *, approved: bool) -> None:
    change = call.ask(call.client.settle_config(number, approved, reason))
    if call.json:
        as_json(change)
    else:
        say("command.config.approved" if approved else "command.config.declined", change=change.id)
