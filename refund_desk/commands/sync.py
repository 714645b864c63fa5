"""`refund-desk sync [SOURCE]`: read sources now, once or until told to stop."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.printing import as_json, complain, say
from refund_desk.commands.serve import told_to_stop
from refund_desk.domain.errors import DeskError

if TYPE_CHECKING:
    from refund_desk.wire.sources import SourceView

app = typer.Typer(add_completion=False)

ASK_S = 0.2
LOOK_S = 5.0


@desk_command(app, "sync", works=True)
def sync(
    call: Call,
    source: Annotated[str | None, typer.Argument(metavar="[SOURCE]")] = None,
    watch: Annotated[bool, typer.Option("--watch/--once", help="help.sync.watch")] = False,
) -> None:
    """Read one source, or every one that is switched on. Exit code 1 where one of them failed."""
    if not watch:
        rows = _wanted(call, source)
        results = {row.name: _run(call, row.name) for row in rows}
        if call.json:
            as_json(results)
        elif not rows:
            say("command.source.none")
        if any("error" in result for result in results.values()):
            raise typer.Exit(1)
        return
    stopping = threading.Event()
    with told_to_stop(stopping.set):
        while not stopping.is_set():
            now = datetime.now(UTC)
            for row in _wanted(call, source):
                if row.next_at is not None and row.next_at <= now and not stopping.is_set():
                    result = _run(call, row.name)
                    if call.json:
                        as_json({row.name: result})
            stopping.wait(LOOK_S)


def _wanted(call: Call, source: str | None) -> list[SourceView]:
    if source is not None:
        return [call.ask(call.client.source(source))]
    return [row for row in call.ask(call.client.sources()) if row.enabled]


def _run(call: Call, name: str) -> dict[str, Any]:
    """One run to its end: its counts, or the error it ended with."""
    try:
        job = call.ask(call.client.sync_source(name))
        while job.status == "running":
            time.sleep(ASK_S)
            job = call.ask(call.client.job(job.id))
        if job.problem is not None:
            raise DeskError(job.problem.code.removeprefix("error."), **job.problem.params)
    except DeskError as error:
        if not call.json:
            typer.echo(f"{name}: ", err=True, nl=False)
            complain(error)
        return {"error": {"code": error.code, "params": error.params}}
    counts: dict[str, Any] = job.result
    if not call.json:
        say("command.sync.done", name=name, **{key: counts[key] for key in SHOWN})
    return counts


SHOWN = ("read", "new", "changed", "unchanged", "quarantined", "ignored", "gone")
