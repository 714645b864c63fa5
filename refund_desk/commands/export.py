"""`refund-desk export cases`: files out of the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.exporting import fetched, finished, place, write_manifest
from refund_desk.commands.printing import as_json, say
from refund_desk.domain.errors import Invalid
from refund_desk.domain.exports import Format, Purpose
from refund_desk.domain.words import Reason, RequestKind, Stage
from refund_desk.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _subjects() -> None:
    """With one command alone, typer would make it the whole."""


@desk_command(app, "cases")
def cases(
    call: Call,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="help.export.cases.out")] = None,
    format: Annotated[Format | None, typer.Option("--format", help="help.export.cases.format")] = None,
    chip: Annotated[str | None, typer.Option("--chip", help="help.export.cases.chip")] = None,
    q: Annotated[str | None, typer.Option("--search", help="help.export.cases.search")] = None,
    stage: Annotated[Stage | None, typer.Option("--stage", help="help.export.cases.stage")] = None,
    reason: Annotated[Reason | None, typer.Option("--reason", help="help.export.cases.reason")] = None,
    kind: Annotated[RequestKind | None, typer.Option("--kind", help="help.export.cases.kind")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="help.export.cases.currency")] = None,
    assignee: Annotated[int | None, typer.Option("--assignee", help="help.export.cases.assignee")] = None,
    merchant: Annotated[str | None, typer.Option("--merchant", help="help.export.cases.merchant")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="help.export.cases.closed")] = False,
    purpose: Annotated[Purpose | None, typer.Option("--purpose", help="help.export.cases.purpose")] = None,
) -> None:
    """Every case that the filters find, and a manifest beside the file."""
    from refund_desk.wire.exports import ExportOrder, QueueFilters

    form = format or _by_name(out)
    out = out or Path(f"cases.{form}")
    place(out)
    filters = QueueFilters.model_construct(  # the service says what is wrong with it
        chip=chip,
        q=q,
        stage=stage,
        reason=reason,
        kind=kind,
        currency=currency,
        assignee=assignee,
        merchant=merchant,
        closed=closed,
    )
    order = ExportOrder(format=form, filters=filters, purpose=purpose, language=Settings().words)
    job = finished(call, call.ask(call.client.start_export_cases(order)))
    manifest = job.result
    fetched(call, job, out, manifest["sha256"])
    beside = write_manifest(out, manifest)
    if call.json:
        as_json({"file": str(out), "manifest": str(beside), **manifest})
    else:
        say("command.export.cases", rows=manifest["rows"], file=str(out), manifest=beside.name)


def _by_name(out: Path | None) -> Format:
    """The format that a file's name says; xlsx where there is none."""
    suffix = (out.suffix if out else "").removeprefix(".").lower()
    if not suffix:
        return Format.XLSX
    if suffix not in list(Format):
        raise Invalid("export.format", said=suffix, allowed=[str(one) for one in Format])
    return Format(suffix)
