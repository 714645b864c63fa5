"""`refund-desk audit verify | export | prove | key`: the log checked where it lies, offline, without a running desk.

Exit code 0: whole. 1: not whole, with the first bad entry named, or not readable.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import Progress

from refund_desk.commands.packages import is_zip, open_package
from refund_desk.domain.errors import DeskError, Invalid, NotFound, Unavailable
from refund_desk.service.audit import Trust, VerifyReport, verify
from refund_desk.service.audit_check import FirstBad
from refund_desk.service.audit_files import export, verify_file
from refund_desk.service.audit_proofs import FORMAT as PROOF
from refund_desk.service.audit_proofs import ProofReport, prove_case, verify_proof
from refund_desk.service.dossier import DossierReport, verify_dossier
from refund_desk.service.ports.audit import AuditReader

MAX_PROOF = 256 * 1024 * 1024


class Doors(Protocol):
    """What these commands stand on; wiring builds it."""

    version: str

    def verify_note(self, note: str, vkey: str) -> str:
        """The note's text if that key signed it; raises Invalid otherwise."""

    def here(self) -> str:
        """The place of one's own log: a data directory, or the address of a PostgreSQL."""

    def trusted_key(self) -> str | None:
        """The verifier key pinned in this installation, if there is one."""

    def is_database(self, place: str) -> bool: ...

    def open_place(self, place: str) -> AbstractContextManager[tuple[AuditReader, list[str]]]: ...

    def record(self, action: str, case: str | None = None) -> None:
        """Write the entry about an export into one's own log, as the local operator."""

    def now(self) -> str:
        """ISO time."""

    def tr(self, key: str, **params: Any) -> str:
        """A sentence of the catalogue."""


Target = Annotated[
    str | None,
    typer.Argument(help="help.audit.target"),
]
Key = Annotated[str | None, typer.Option("--key", help="help.audit.key_given")]
Known = Annotated[list[Path] | None, typer.Option("--checkpoint", help="help.audit.checkpoint")]
AsJson = Annotated[bool, typer.Option("--json", help="help.audit.json")]


def audit_app(doors: Callable[[], Doors]) -> typer.Typer:
    """The sub-app. `doors` is called when a command runs, so that nothing is opened before."""
    app = typer.Typer(name="audit", no_args_is_help=True, add_completion=False)

    @app.command("verify")
    def _verify(target: Target = None, key: Key = None, checkpoint: Known = None, as_json: AsJson = False) -> None:
        """Check the whole log. Exit code 1 names the first bad entry."""
        with _worded(doors(), as_json) as desk:
            trust = Trust(desk.verify_note, _key(key) or desk.trusted_key(), [_text(path) for path in checkpoint or []])
            _check(desk, target or desk.here(), trust, as_json)

    @app.command("export")
    def _export(
        out: Annotated[Path, typer.Argument(help="help.audit.export.out")],
        source: Annotated[str | None, typer.Option("--from", help="help.audit.from")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Write the whole log into one file that can be verified offline."""
        with _worded(doors(), as_json) as desk:
            if source is None:
                desk.record("audit.exported")
            count = _write_export(desk, source or desk.here(), out)
            _say(desk, as_json, {"entries": count, "path": str(out)}, "command.audit.exported")

    @app.command("prove")
    def _prove(
        case: Annotated[str, typer.Argument(help="help.audit.prove.case")],
        out: Annotated[Path | None, typer.Option("--out", help="help.audit.prove.out")] = None,
        source: Annotated[str | None, typer.Option("--from", help="help.audit.from")] = None,
    ) -> None:
        """Write the entries of a case with the proof that they stood in the signed log."""
        with _worded(doors(), False) as desk:
            if source is None:
                desk.record("audit.exported", case)
            with desk.open_place(source or desk.here()) as (reader, _):
                bundle = json.dumps(prove_case(reader, case), ensure_ascii=False, indent=1) + "\n"
            if out is None:
                sys.stdout.write(bundle)
            else:
                _replace(out, bundle.encode())

    @app.command("key")
    def _show_key() -> None:
        """Print the verifier key of this desk's log, for whoever pins it."""
        with _worded(doors(), False) as desk:
            known = desk.trusted_key()
            if known is None:
                raise Unavailable("audit.no_database", path=desk.here())
            typer.echo(known)

    return app


@contextmanager
def _worded(desk: Doors, as_json: bool) -> Iterator[Doors]:
    """An expected error becomes its sentence and exit code 1."""
    try:
        yield desk
    except DeskError as error:
        if as_json:
            typer.echo(json.dumps({"ok": False, "error": {"code": error.code, "params": error.params}}, default=str))
        else:
            typer.echo(desk.tr(f"error.{error.code}", **error.params), err=True)
        raise typer.Exit(1) from None


def _check(desk: Doors, target: str, trust: Trust, as_json: bool) -> None:
    if desk.is_database(target):
        with desk.open_place(target) as (reader, held), _progress() as progress:
            mine = Trust(trust.verify_note, trust.vkey, [*held, *trust.known])
            _report(desk, verify(reader, mine, progress), as_json)
        return
    path = Path(target)
    if not path.is_file():
        raise NotFound("audit.target_missing", path=target)
    if is_zip(path):
        with open_package(path) as package:
            _report_dossier(desk, verify_dossier(package, trust), as_json)
        return
    with path.open("rb") as stream:
        head = stream.read(200)
        stream.seek(0)
        if PROOF.encode() in head:
            _report_proof(desk, verify_proof(_bundle(stream.read(MAX_PROOF)), trust), as_json)
        else:
            with _progress() as progress:
                report = verify_file(stream, trust, progress)
            _report(desk, report, as_json)


def _bundle(content: bytes) -> dict[str, Any]:
    try:
        bundle = json.loads(content)
    except (ValueError, RecursionError):
        raise Invalid("audit.proof_malformed") from None
    if not isinstance(bundle, dict):
        raise Invalid("audit.proof_malformed")
    return bundle


def _report(desk: Doors, report: VerifyReport, as_json: bool) -> None:
    values = report.to_dict()
    if report.first_bad is not None:
        head = "command.audit.broken"
    elif report.size == 0:
        head = "command.audit.empty"
    else:
        head = "command.audit.proven" if report.origin_proven else "command.audit.agrees"
    more = ["command.audit.unprotected"] if report.unprotected and report.ok else []
    _say(desk, as_json, values, head, *more)
    if not as_json:
        for branch in report.branches:
            typer.echo(desk.tr("finding.audit.branch", **branch.to_params()))
    _fail(desk, as_json, report.first_bad)


def _report_proof(desk: Doors, report: ProofReport, as_json: bool) -> None:
    bad = report.first_bad
    values = {
        "ok": report.ok,
        "case": report.case,
        "entries": report.entries,
        "size": report.size,
        "origin_proven": report.origin_proven,
        "first_bad": None if bad is None else {"code": bad.code, "params": bad.to_params()},
    }
    good = "command.audit.case_proven" if report.origin_proven else "command.audit.case_agrees"
    _say(desk, as_json, values, good if report.ok else "command.audit.broken")
    _fail(desk, as_json, bad)


def _report_dossier(desk: Doors, report: DossierReport, as_json: bool) -> None:
    bad = report.first_bad
    values = {name: getattr(report, name) for name in ("ok", "case", "files", "entries", "size", "origin_proven")}
    values["first_bad"] = None if bad is None else {"code": bad.code, "params": bad.to_params()}
    good = "command.audit.dossier_proven" if report.origin_proven else "command.audit.dossier_agrees"
    _say(desk, as_json, values, good if report.ok else "command.audit.dossier_broken")
    _fail(desk, as_json, bad)


def _fail(desk: Doors, as_json: bool, bad: FirstBad | None) -> None:
    if bad is None:
        return
    if not as_json:
        typer.echo(desk.tr("command.audit.first_bad") + " " + desk.tr(f"finding.{bad.code}", **bad.to_params()))
    raise typer.Exit(1)


def _say(desk: Doors, as_json: bool, values: dict[str, Any], *keys: str) -> None:
    if as_json:
        typer.echo(json.dumps(values, ensure_ascii=False))
        return
    for key in keys:
        typer.echo(desk.tr(key, **values))


def _key(given: str | None) -> str | None:
    """The key itself, or the first line of the file that is named."""
    if given is None:
        return None
    try:
        named = Path(given).is_file()
    except (OSError, ValueError):
        named = False
    return _text(Path(given)).strip() if named else given.strip()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise NotFound("audit.target_missing", path=str(path)) from None


def _write_export(desk: Doors, source: str, out: Path) -> int:
    """The whole file or none."""
    with desk.open_place(source) as (reader, _), _draft(out) as file, _progress() as progress:
        return export(reader, file.write, version=desk.version, at=desk.now(), progress=progress)


def _replace(out: Path, content: bytes) -> None:
    with _draft(out) as file:
        file.write(content)


@contextmanager
def _draft(out: Path) -> Iterator[Any]:
    """A file that takes its place only when all of it is written."""
    if not out.absolute().parent.is_dir():
        raise NotFound("audit.target_missing", path=str(out.absolute().parent))
    with tempfile.NamedTemporaryFile(dir=out.absolute().parent, prefix=f".{out.name}.", delete=False) as file:
        draft = Path(file.name)
        try:
            yield file
            file.flush()
            draft.replace(out)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where somebody looks at it."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
