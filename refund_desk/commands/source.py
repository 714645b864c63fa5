"""`refund-desk source …`: connections to outside systems, set up by two persons."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.printing import as_json, say, table, words

if TYPE_CHECKING:
    from refund_desk.wire.sources import ConnectorView, SourceView

app = typer.Typer(add_completion=False, no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME")]
Reason = Annotated[str, typer.Option(help="help.source.reason")]
Set = Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help="help.source.set")]


@desk_command(app, "list")
def list_sources(call: Call) -> None:
    """Sources with their last run."""
    rows = call.ask(call.client.sources())
    if call.json:
        as_json(rows)
        return
    if not rows:
        say("command.source.none")
        return
    moment, w = words().formats.moment, words()
    heads = ("source", "connector", "state", "last_run", "read", "new", "changed", "quarantined", "next_run")
    table(
        [f"command.head.{head}" for head in heads],
        [
            (
                row.name,
                row.connector,
                w.tr(f"source.state.{state(row)}"),
                moment(row.last.started_at) if row.last else None,
                row.last.counts.read if row.last else None,
                row.last.counts.new if row.last else None,
                row.last.counts.changed if row.last else None,
                row.quarantined,
                moment(row.next_at) if row.next_at else None,
            )
            for row in rows
        ],
    )


def state(row: SourceView) -> str:
    """How a source stands, in one word of the catalogue."""
    if not row.enabled:
        return "off"
    if row.running:
        return "running"
    return row.last.status if row.last else "new"


@desk_command(app, "connectors")
def connectors(call: Call) -> None:
    """Kinds of systems that can be read, and the settings of each."""
    found = call.ask(call.client.connectors())
    if call.json:
        as_json(found)
        return
    for connector in found:
        say("command.source.connector", name=connector.name, version=connector.version)
        table(
            [f"command.head.{head}" for head in ("setting", "type", "label")],
            [
                (s.name + ("" if s.required else "?"), s.type.value, _label(connector, s.name))
                for s in connector.settings
            ],
        )


def _label(connector: ConnectorView, name: str) -> str:
    """What a setting is called; its own name where a connector brings no words."""
    for key in (f"source.setting.{connector.name}.{name}", f"source.setting.{name}"):
        if words().has(key):
            return words().tr(key)
    return name


@desk_command(app, "add")
def add(
    call: Call,
    name: Name,
    connector: Annotated[str, typer.Argument(metavar="CONNECTOR")],
    reason: Reason,
    given: Set = [],  # noqa: B006 - typer reads it, nobody writes it
    check_first: Annotated[bool, typer.Option("--check/--no-check", help="help.source.add.check")] = True,
) -> None:
    """Propose a source, or a change of one. Secrets are asked for, or read from standard input, one a line."""
    from refund_desk.wire.sources import SourceBody, SourceProposal

    about = next((one for one in call.ask(call.client.connectors()) if one.name == connector), None)
    if about is None:
        raise typer.BadParameter(words().tr("error.source.no_connector", connector=connector))
    settings = _settings(about, given)
    secrets = _secrets(about)
    if check_first:
        body = SourceBody(name=name, connector=connector, settings=settings, secrets=secrets)
        tried = call.ask(call.client.check_source(body))
        if not tried.works:
            _wrong(call, tried)
    proposal = SourceProposal(name=name, connector=connector, settings=settings, secrets=secrets, reason=reason)
    change = call.ask(call.client.propose_source(proposal))
    if call.json:
        as_json(change)
    else:
        say("command.source.proposed", name=name, change=change.id)


def _settings(about: ConnectorView, given: list[str]) -> dict[str, Any]:
    """NAME=VALUE by the type that the connector wants."""
    types = {setting.name: setting.type.value for setting in about.settings}
    out: dict[str, Any] = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign:
            raise typer.BadParameter(words().tr("command.source.pair", text=pair))
        if types.get(name) == "whole" and value.lstrip("-").isdigit():
            out[name] = int(value)
        elif types.get(name) == "flag":
            out[name] = value.lower() in ("1", "true", "yes", "on")
        else:
            out[name] = value
    return out


def _secrets(about: ConnectorView) -> dict[str, str]:
    """Typed in where nobody sees them; an empty one stays as it is, or is left out."""
    out = {}
    for setting in about.settings:
        if not setting.secret:
            continue
        if sys.stdin.isatty():
            value = getpass.getpass(f"{_label(about, setting.name)}: ")
        else:
            value = sys.stdin.readline().rstrip("\r\n")
        if value:
            out[setting.name] = value
    return out


def _wrong(call: Call, tried: Any) -> None:
    if call.json:
        as_json(tried)
    else:
        typer.echo(words().word(tried.problem), err=True)
    raise typer.Exit(1)


@desk_command(app, "check")
def check(call: Call, name: Name) -> None:
    """Test a source as it is set up."""
    from refund_desk.wire.sources import SourceBody

    row = call.ask(call.client.source(name))
    body = SourceBody(name=name, connector=row.connector, settings=row.settings)
    tried = call.ask(call.client.check_source(body))
    if not tried.works:
        _wrong(call, tried)
    if call.json:
        as_json(tried)
    else:
        say("command.source.works", name=name)


@desk_command(app, "disable")
def disable(call: Call, name: Name, reason: Reason) -> None:
    """Propose that a source is read no more. What it said stays."""
    from refund_desk.wire.sources import SourceProposal

    row = call.ask(call.client.source(name))
    body = SourceProposal(name=name, connector=row.connector, settings=row.settings, enabled=False, reason=reason)
    change = call.ask(call.client.propose_source(body))
    if call.json:
        as_json(change)
    else:
        say("command.source.proposed", name=name, change=change.id)
