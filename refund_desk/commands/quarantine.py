"""`refund-desk quarantine …`: records that could not be taken in, corrected and taken in again."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.files import read_text
from refund_desk.commands.printing import as_json, complain, say, table, words
from refund_desk.domain.errors import DeskError

if TYPE_CHECKING:
    from refund_desk.wire.bundle import QuarantineRow

app = typer.Typer(no_args_is_help=True, add_completion=False)


class Status(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DROPPED = "dropped"


Number = Annotated[int, typer.Argument(metavar="ID")]


def _rows(call: Call, status: str) -> list[QuarantineRow]:
    """All of them, page by page."""
    rows: list[QuarantineRow] = []
    after: int | None = 0
    while after is not None:
        page = call.ask(call.client.quarantine(status, after))
        rows += page.rows
        after = page.next
    return rows


def _reason(reason: Any) -> str:
    said = words().word({"code": reason.code, "params": reason.params}, "quarantine")
    return f"{reason.path}: {said}" if reason.path else said


@desk_command(app, "list")
def list_rows(
    call: Call, status: Annotated[Status, typer.Option(help="help.quarantine.list.status")] = Status.OPEN
) -> None:
    """What is in quarantine, newest first, with the first reason of each."""
    rows = _rows(call, status.value)
    if call.json:
        as_json(rows)
        return
    if not rows:
        say("command.quarantine.none")
        return
    moment = words().formats.moment
    table(
        [f"command.head.{head}" for head in ("id", "time", "source", "line", "request", "reason")],
        [(row.id, moment(row.at), row.source, row.line, row.request, _first(row)) for row in rows],
    )


def _first(row: QuarantineRow) -> str:
    more = len(row.reasons) - 1
    return (_reason(row.reasons[0]) if row.reasons else "") + (f" (+{more})" if more > 0 else "")


@desk_command(app, "show")
def show(call: Call, number: Number) -> None:
    """One record as it came, with every reason. This is a look, and is audited."""
    record = call.ask(call.client.quarantined(number))
    if call.json:
        as_json(record)
        return
    for reason in record.reasons:
        typer.echo(f"# {_reason(reason)}", err=True)
    typer.echo(record.raw)


@desk_command(app, "retry")
def retry(
    call: Call,
    number: Annotated[int | None, typer.Argument(metavar="[ID]")] = None,
    file: Annotated[Path | None, typer.Option(help="help.quarantine.retry.file")] = None,
    every: Annotated[bool, typer.Option("--all", help="help.quarantine.retry.all")] = False,
) -> None:
    """Take a record in again: as it is, or corrected. Its evidence was kept."""
    if (number is None) == (not every) or (every and file is not None):
        raise typer.BadParameter(words().tr("command.quarantine.which"))
    if number is not None:
        taken = call.ask(call.client.retry(number, read_text(file) if file else None))
        if call.json:
            as_json(taken)
        else:
            say("command.quarantine.taken", id=number, ref=taken.ref)
        return
    _retry_all(call)


def _retry_all(call: Call) -> None:
    """Each by itself; what is still wrong stays, exit code 1."""
    open_rows = _rows(call, "open")
    taken = 0
    for row in reversed(open_rows):
        try:
            call.ask(call.client.retry(row.id))
            taken += 1
        except DeskError as error:
            if not call.json:
                typer.echo(f"{row.id}: ", err=True, nl=False)
                complain(error)
    left = len(open_rows) - taken
    if call.json:
        as_json({"taken": taken, "left": left})
    else:
        say("command.quarantine.all", taken=taken, left=left)
    if left:
        raise typer.Exit(1)


@desk_command(app, "drop")
def drop(call: Call, number: Number, reason: Annotated[str, typer.Option(help="help.quarantine.drop.reason")]) -> None:
    """Give a record up. It stays on record."""
    row = call.ask(call.client.drop(number, reason))
    if call.json:
        as_json(row)
    else:
        say("command.quarantine.dropped", id=row.id)
