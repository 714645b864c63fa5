"""`refund-desk report month 2026-10`: the figures of a month, printed, or as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.exporting import fetched, finished, place
from refund_desk.commands.printing import as_json, say, table, words
from refund_desk.domain.errors import Invalid
from refund_desk.domain.figures import month_span
from refund_desk.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _reports() -> None:
    """With one command alone, typer would make it the whole."""


@desk_command(app, "month")
def month(
    call: Call,
    month: Annotated[str, typer.Argument(help="help.report.month.month")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="help.report.month.out")] = None,
    language: Annotated[str | None, typer.Option("--language", help="help.export.case.language")] = None,
) -> None:
    """The figures of a month beside those of the month before."""
    month_span(month)  # said here in our words, before anything is opened
    if out is None:
        _print(call, month)
        return
    form = out.suffix.removeprefix(".").lower()
    if form not in ("pdf", "xlsx"):
        raise Invalid("report.format", said=out.name)
    place(out)
    from refund_desk.wire.figures import MonthOrder

    spoken = language if language in ("zh", "en") else Settings().words
    order = MonthOrder.model_validate({"month": month, "format": form, "language": spoken})
    job = finished(call, call.ask(call.client.start_export_month(order)))
    fetched(call, job, out, job.result["sha256"])
    if call.json:
        as_json({"file": str(out), **job.result})
    else:
        say("command.report.month", month=month, file=str(out))


def _print(call: Call, month: str) -> None:
    found = call.ask(call.client.month(month))
    if call.json:
        as_json(found)
        return
    said = words().formats.figure
    rows = [
        [words().tr(f"figure.{one.name}"), said(one.now, one.unit), said(one.before, one.unit)] for one in found.figures
    ]
    table(["report.field.figure", "report.field.month", "report.field.before"], rows)
