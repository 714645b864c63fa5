"""`refund-desk import PATH`: take a bundle in, a directory or a zip."""

from __future__ import annotations

import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.printing import as_json, say, table
from refund_desk.domain.errors import DeskError, NotFound, Refused

if TYPE_CHECKING:
    from refund_desk.wire.bundle import ImportCounts

app = typer.Typer(add_completion=False)

ASK_S = 0.5


@desk_command(app, "import", works=True)
def take_in(
    call: Call,
    path: Annotated[Path, typer.Argument(help="help.import.path")],
) -> None:
    """Take a bundle in. Twice the same changes nothing; what can't be taken waits in quarantine."""
    with progress() as show:
        counts = _here(call, path, show) if call.house is not None else _there(call, path, show)
    if call.json:
        as_json(counts)
        return
    say("command.import.done", **counts.model_dump(mode="json"))
    for head, found in (("reason", counts.reasons), ("finding", counts.findings)):
        if found:
            typer.echo()
            most_first = sorted(found.items(), key=lambda one: (-one[1], one[0]))
            table([f"command.head.{head}", "command.head.count"], most_first)
    if counts.quarantined:
        say("command.import.look")


def _here(call: Call, path: Path, show: Callable[[int, int | None], None]) -> ImportCounts:
    """In this process, as whoever we are."""
    from refund_desk.server.jobs import Running
    from refund_desk.wire.bundle import ImportCounts

    class Shown(Running):
        def progress(self, done: int, total: int | None = None) -> None:
            show(done, total)

    house, who = call.house, call.who()
    assert house is not None
    try:
        counts = house.import_bundle(Shown("import", "import", who.account_id), who, path)
    except Refused as no:  # this command is the edge here: a refusal is on record before it is told
        with house.write() as work:
            work.audit("refused", who, None, code=no.code, rule=str(no.params.get("rule", no.code)), route="import")
        raise
    return ImportCounts.model_validate(counts)


def _there(call: Call, path: Path, show: Callable[[int, int | None], None]) -> ImportCounts:
    """On the server, which is sent a zip and asked how far it is."""
    from refund_desk.wire.bundle import ImportCounts

    job = call.ask(call.client.start_import(_zipped(path)))
    while job.status == "running":
        show(job.done, job.total)
        time.sleep(ASK_S)
        job = call.ask(call.client.job(job.id))
    if job.problem is not None:
        raise DeskError(job.problem.code.removeprefix("error."), **job.problem.params)
    return ImportCounts.model_validate(job.result)


def _zipped(path: Path) -> bytes:
    """The bytes of a zip; a directory is packed first. NotFound where there is neither."""
    try:
        if not path.is_dir():
            return path.read_bytes()
        with tempfile.TemporaryFile() as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                for one in (path / "cases.jsonl", *sorted((path / "evidence").rglob("*"))):
                    if one.is_file() and not one.is_symlink():
                        packed.write(one, one.relative_to(path))
            file.seek(0)
            return file.read()
    except OSError:
        raise NotFound("bundle.missing", file=path.name) from None


@contextmanager
def progress() -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error, where somebody looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns: tuple[Any, ...] = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
