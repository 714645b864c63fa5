"""`refund-desk reconcile …`: bills and bank files taken in, compared with what went out, and what differs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.files import read_bytes
from refund_desk.commands.printing import as_json, say, table, words
from refund_desk.domain.errors import DeskError

if TYPE_CHECKING:
    from refund_desk.wire.reconciliation import BreakView, StatementTaken

ASK_S = 0.1

app = typer.Typer(no_args_is_help=True, add_completion=False)


@desk_command(app, "import")
def take_in(
    call: Call,
    file: Annotated[Path, typer.Argument(help="help.reconcile.import.file")],
    source: Annotated[str, typer.Option(help="help.reconcile.import.source")],
) -> None:
    """Take a bill or bank file in. The same file again changes nothing."""
    taken = call.ask(call.client.take_statement(source, read_bytes(file)))
    if call.json:
        as_json(taken)
        return
    _tell(taken)


def _tell(taken: StatementTaken) -> None:
    key = "command.reconcile.again" if taken.again else "command.reconcile.taken"
    say(key, format=words().tr(f"statement.format.{taken.format}"), rows=taken.rows, fresh=taken.fresh)
    for finding in taken.findings:
        typer.echo(words().word({"code": finding.code, "params": _worded(finding.params)}, "statement"))
    if taken.bad:
        reason = [words().word({"code": row.code, "params": row.params}, "statement") for row in taken.bad]
        heads = ["command.head.line", "command.head.reason"]
        table(heads, [(row.line, why) for row, why in zip(taken.bad, reason, strict=True)])


def _worded(params: dict[str, object]) -> dict[str, object]:
    """The side of a bill in words."""
    side = params.get("side")
    return {**params, "side": words().tr(f"statement.side.{side}")} if side else params


@desk_command(app, "run")
def run(call: Call, whole: Annotated[bool, typer.Option("--whole", help="help.reconcile.run.whole")] = False) -> None:
    """Compare what is new: orders, payments, ledger, files and what went out."""
    job = call.ask(call.client.reconcile(whole))
    while job.status == "running":
        time.sleep(ASK_S)
        job = call.ask(call.client.job(job.id))
    if job.problem is not None:
        raise DeskError(job.problem.code.removeprefix("error."), **job.problem.params)
    if call.json:
        as_json(job.result)
        return
    say("command.reconcile.found", **job.result)


@desk_command(app, "breaks")
def breaks(call: Call, kind: Annotated[str | None, typer.Option(help="help.reconcile.breaks.kind")] = None) -> None:
    """Open breaks, newest first."""
    rows: list[BreakView] = []
    after: int | None = 0
    while after is not None:
        page = call.ask(call.client.breaks("open", kind, after))
        rows += page.rows
        after = page.next
    if call.json:
        as_json(rows)
        return
    if not rows:
        say("command.reconcile.none")
        return
    formats = words().formats
    table(
        [f"command.head.{head}" for head in ("id", "kind", "amount", "time", "case", "line")],
        [
            (
                row.id,
                words().tr(f"break.{row.kind.value}"),
                formats.money({"minor": row.minor, "currency": row.currency}),
                formats.moment(row.since),
                row.ref or "",
                " ".join(f"{one.source}/{one.id}" for one in (*row.here, *row.there)[:3]),
            )
            for row in rows
        ],
    )
