"""Builds a house: embedded, team server, network client, demo, test. Nothing is opened at import."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uuid6
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, DBAPIError

from refund_desk import __version__
from refund_desk.client.api import DeskClient
from refund_desk.client.words import Words
from refund_desk.domain.errors import Conflict, Invalid, Unavailable
from refund_desk.domain.exports import Order
from refund_desk.domain.people import Principal
from refund_desk.domain.statements import Statement
from refund_desk.engines import signing
from refund_desk.engines.bundles import open_bundle
from refund_desk.engines.decoding import Decoder
from refund_desk.engines.epoch_file import FileEpoch
from refund_desk.engines.passwords import Argon2Passwords
from refund_desk.engines.replies import FileReplies
from refund_desk.engines.vault import LazyVault
from refund_desk.engines.versions import Versions
from refund_desk.server import dossier_run
from refund_desk.server.app import build
from refund_desk.server.feed import Changed, Feed
from refund_desk.server.intake_run import run_import
from refund_desk.server.jobs import Running
from refund_desk.server.looks import Looks
from refund_desk.server.month import month_paper
from refund_desk.service import audit as audit_service
from refund_desk.service import audit_files, audit_proofs, exports, figures, moves, restores, sources, steps, waits
from refund_desk.service.cases import expire_leases
from refund_desk.service.evidence import waiting_one
from refund_desk.service.ports import Desk, Home
from refund_desk.service.ports.gateways import Channels, EpochFile
from refund_desk.service.ports.reconciliation import BreakFilter
from refund_desk.service.ports.sources import Connection, Connectors, Vault
from refund_desk.service.ports.views import QueueFilter
from refund_desk.service.reconciliation_export import export_breaks
from refund_desk.settings import Settings
from refund_desk.sources.channels import ConnectedChannels
from refund_desk.sources.registry import Registry
from refund_desk.store.audit_integrator import Integrator
from refund_desk.store.audit_reader import read_log
from refund_desk.store.blobs import BlobStore
from refund_desk.store.checkpoint_files import CheckpointFiles
from refund_desk.store.database import open_engine
from refund_desk.store.upgrade import upgrade
from refund_desk.store.work import SqlStore, SqlWork
from refund_desk.wire.exports import CaseOrder
from refund_desk.wire.figures import MonthFile, MonthOrder
from refund_desk.worker.decoding import decode_one, decode_waiting
from refund_desk.worker.loop import Worker
from refund_desk.worker.payouts import Payouts, PayoutThread
from refund_desk.worker.reconciliation import Reconciler
from refund_desk.worker.reconciliation import run as run_reconciliation
from refund_desk.worker.sync import Syncer
from refund_desk.worker.sync import run as run_source

if TYPE_CHECKING:
    from refund_desk.worker.listen import Listener

SETTLED_S = 5.0
REPORTS_AFTER_S = 600
"""A desk that was just opened has better to do than reports."""
WORKER = Principal(0, 0, "worker", operator="system:worker")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a test may replace."""

    clock: Callable[[], datetime] = utc_now
    ids: Callable[[], str] = lambda: str(uuid6.uuid7())
    synchronous: str = "FULL"
    quick_passwords: bool = False
    worker: bool = True
    syncs: bool = True  # whether sources are read and reconciled by themselves, where the worker runs
    connectors: Connectors | None = None  # None: every one that is installed
    channels: Channels | None = None  # payout channels by name; None: those of the connections that pay out


class House:
    """A desk with everything below it, open. Close it to leave the log whole."""

    def __init__(
        self,
        engine: Engine,
        directory: Path,
        key: signing.SigningKey,
        *,
        embedded: bool,
        parts: Parts,
        currency: str,
        payout_epoch: Path,
        listen: str | None = None,
        demo: bool = False,
        vault: Vault | None = None,
    ) -> None:
        self.engine, self.directory, self.key, self.currency = engine, directory, key, currency
        upgrade(engine, directory)
        self.store = SqlStore(engine, signing.canonical, parts.clock)
        versions = Versions()
        with self.store.write() as work:
            versions.keep_shipped(work, parts.clock())
            desk_id = work.people.mark("desk_id") or uuid.uuid4().hex
            work.people.set_mark("desk_id", desk_id)
            if demo and not work.people.count():
                work.people.set_mark("home", "demo")
            demo = work.people.mark("home") == "demo"
            epoch = int(work.people.mark(restores.MARK) or 0)
        self.store.desk_id, self.store.epoch = desk_id, epoch
        self.desk = Desk(
            clock=parts.clock,
            ids=parts.ids,
            secret=secrets.token_bytes,
            canonical=signing.canonical,
            process=versions,
            policies=versions,
            passwords=Argon2Passwords(parts.quick_passwords or demo),
            blobs=BlobStore(directory / "blobs"),
            replies=FileReplies(),
            home=Home(demo=demo, embedded=embedded),
            seal=key.seal,
            connectors=parts.connectors or Registry(parts.clock),
            vault=vault,
        )
        connected = ConnectedChannels(self._connections, vault, parts.clock)
        self.channels: Channels = connected if parts.channels is None else parts.channels
        self.epoch: EpochFile = FileEpoch(payout_epoch, desk_id)
        self.payouts = Payouts(self, WORKER, self.channels, self.epoch)
        self._sender = PayoutThread(self.payouts)
        if list(self.channels):
            self.payouts.begin()
        self.files = CheckpointFiles(directory / "checkpoints")
        self.integrator = Integrator(engine, key, self.files, parts.clock, epoch=epoch)
        self.feed = Feed()
        self.looks = Looks()
        self.operators: dict[str, Principal] = {}
        self.app: FastAPI = build(self, self.feed, currency=currency, operators=self.operators)
        self._listener = _listener(listen, self._heard) if listen else None
        self._worker = Worker(self._step, self._tell, self._chores(), self._last)
        self._syncer, self._reconciler = Syncer(self, WORKER), Reconciler(self, WORKER)
        self._decoder = Decoder()
        self._reports_from = parts.clock() + timedelta(seconds=REPORTS_AFTER_S)
        self._runs = parts.worker
        with self.store.read() as work:
            self.feed.begin(work.log.size() - 1)
        self.store.committed = self._worker.wake
        if self._runs:
            self._worker.start()
            if parts.syncs:
                self._syncer.start()
                self._reconciler.start()
            self._sender.start()
            if self._listener:
                self._listener.start()

    # ------------------------------------------------------------ transactions, for the edges

    def write(self) -> AbstractContextManager[SqlWork]:
        return self.store.write()

    def read(self) -> AbstractContextManager[SqlWork]:
        return self.store.read()

    def checkpoint(self) -> str | None:
        """The latest signed one, handed out with each answer."""
        note = self.integrator.latest_note
        return None if note is None else note.encode("utf-8").hex()

    def log_key(self) -> str:
        """The verifier key of the log, for whoever pins it."""
        return self.key.vkey

    def _connections(self) -> list[Connection]:
        with self.store.read() as work:
            return work.sources.all()

    # ------------------------------------------------------------ the worker's

    def _heard(self) -> None:
        self._worker.wake()

    def _tell(self) -> None:
        """Entries have their place: say so to whoever waits for changes."""
        while True:
            with self.store.read() as work:
                rows = work.log.since(self.feed.top, 500)
            if not rows:
                return
            changes = [Changed(row.position, row.case or "") for row in rows if not row.action.startswith("look.")]
            self.feed.add(changes, rows[-1].position)

    def _step(self) -> bool:
        """Looks first, so that they are in the log with what followed them."""
        self.looks.flush(self.store)
        return self.integrator.step()

    def _last(self) -> None:
        self.looks.flush(self.store)
        self.integrator.close()

    def integrate(self) -> None:
        """All that waits, now, on this thread: for tests and commands whose worker doesn't run."""
        while self._step():
            pass
        self._tell()

    def _chores(self) -> list[Any]:
        first = [self.expire_leases, self._come_back, self._overdue, self._old_keys]
        return [*first, self._words, self._pictures, self._figures, self._months]

    def expire_leases(self) -> bool:
        """Leases that ran out come back to the queue; whether more may wait."""
        with self.store.write() as work:
            return expire_leases(work, self.desk, WORKER) >= 50

    def _come_back(self) -> bool:
        """Whoever is absent, or whose shift has ended, holds nothing."""
        with self.store.write() as work:
            return moves.come_back(work, self.desk, WORKER) >= 20

    def _overdue(self) -> bool:
        """Parcels that never came, customers and merchants who never answered, waits that are over: their clock moves
        the case, or goes on."""
        with self.store.write() as work:
            moved = steps.overdue(work, self.desk, WORKER)
            return waits.over(work, self.desk, WORKER) >= 20 or moved >= 20

    def _old_keys(self) -> bool:
        with self.store.write() as work:
            work.idempotency.forget_old(self.desk.clock())
            work.people.forget_failures(self.desk.clock() - timedelta(days=1))
            sources.forget_old(work, self.desk.clock())
        return False

    def _words(self) -> bool:
        """Words of erased customers leave the search index for good, a little at a time."""
        with self.store.write() as work:
            return work.cases.tidy_index(200)

    def _figures(self) -> bool:
        """Cases that changed are counted again; whether more wait."""
        with self.store.write() as work:
            return figures.keep(work, self.desk)

    def _months(self) -> bool:
        """Reports of the month before that are due, one at a time; not while a desk has just been opened."""
        return self.desk.clock() >= self._reports_from and self.report_month()

    def report_month(self) -> bool:
        """Make the next report that is due and keep it; whether there was one."""
        with self.read() as work:
            due = figures.due_months(work, self.desk)
        for month, form, language in due[:1]:
            self._write_month(WORKER, MonthOrder.model_validate({"month": month, "format": form, "language": language}))
        return bool(due)

    def count_figures(self) -> None:
        """All figures up to what is committed now, on this thread: before they are written to a file."""
        self.settle_log()
        while self._figures():
            pass

    # ------------------------------------------------------------ the log as a whole

    def trust(self) -> audit_service.Trust:
        """What this installation trusts: its own public key, and the checkpoints it keeps outside the database."""
        known = (*self.files.held(), *self.files.left())
        return audit_service.Trust(verify_note=signing.verify_note, vkey=self.key.vkey, known=known)

    def verify(self, job: Running) -> dict[str, Any]:
        """Verify the whole log; the report as plain values."""
        trust = self.trust()  # before the picture is taken: a checkpoint written in between would seem a cut tail
        with read_log(self.engine) as reader:
            job.total = reader.size()
            report = audit_service.verify(reader, trust, job.progress)
        return {**report.to_dict(), "at": self.desk.clock().isoformat()}

    def export(self, job: Running) -> dict[str, Any]:
        """Write the whole log to a file that belongs to the job."""
        job.file = _temporary("audit-", ".jsonl")
        with job.file.open("wb") as out, read_log(self.engine) as reader:
            job.total = reader.size()
            at = self.desk.clock().isoformat()
            audit_files.export(reader, out.write, version=__version__, at=at, progress=job.progress)
        return {"bytes": job.file.stat().st_size}

    def unsigned(self) -> str | None:
        """Why nothing is signed any more: a code; None while all is well."""
        return self.integrator.problem

    def loss(self, known: Sequence[str] = ()) -> restores.Loss:
        """What the log lacks of what is held outside it, or of checkpoints that somebody else kept."""
        self.integrate()  # what waits for its place belongs to what there is
        held = (*self.files.held(), *known)
        trust = audit_service.Trust(verify_note=signing.verify_note, vkey=self.key.vkey, known=held)
        with read_log(self.engine) as reader:
            return restores.what_was_lost(reader, trust, self.store.epoch, self.files.epoch())

    def accept_restore(self, who: Principal, loss: restores.Loss, reason: str) -> None:
        """Begin the epoch: in the database, then outside. Cut off in between, it asks to be accepted again."""
        self.store.epoch = loss.epoch
        with self.store.write() as work:
            restores.accept(work, who, loss, reason)
        self.files.leave(loss.epoch, loss.lost)
        self.files.set_epoch(loss.epoch)
        self.integrator = Integrator(self.engine, self.key, self.files, self.desk.clock, epoch=loss.epoch)
        self.integrate()
        self.integrator.close()

    def prove(self, ref: str) -> dict[str, Any]:
        with read_log(self.engine) as reader:
            return audit_proofs.prove_case(reader, ref)

    # ------------------------------------------------------------ bundles, bills and pictures

    def read_statement(self, data: bytes) -> Statement:
        """A bill or bank file, by the reader that fits. Its libraries are loaded when there is one to read."""
        from refund_desk.sources.statements import read_statement

        return read_statement(data)

    def import_bundle(self, job: Running, who: Principal, path: Path) -> dict[str, Any]:
        """Take a bundle in, a directory or zip; the counts as plain values. `job` is told of bytes read."""
        with open_bundle(path) as bundle:
            job.total = bundle.size
            counts = run_import(self, who, bundle, progress=lambda now: job.progress(now.position, now.size))
        decode_waiting(self, self._decoder, job.stop.is_set)
        return counts.model_dump(mode="json")

    def sync(self, job: Running, who: Principal, source: str) -> dict[str, Any]:
        """Run a source to its end; the counts as plain values. `job` is told of records read."""
        counts = run_source(self, who, source, progress=lambda now: job.progress(now.read), stopped=job.stop.is_set)
        decode_waiting(self, self._decoder, job.stop.is_set)
        return asdict(counts)

    def reconcile(self, job: Running, who: Principal, *, whole: bool) -> dict[str, Any]:
        """Compare what is new, or everything; the counts as plain values. `job` is told of steps written."""
        return dict(run_reconciliation(self, who, whole=whole, progress=job.progress))

    def export_breaks(self, job: Running, who: Principal, wanted: BreakFilter) -> dict[str, Any]:
        """Write breaks to a file that belongs to the job; what it is."""
        from refund_desk.engines.exports import write_table

        job.file, words = _temporary("breaks-", ".csv"), self.words("en")
        with self.store.read_long() as work:
            return export_breaks(work, self.desk, who, wanted, job.file, write_table, words, job.progress)

    def look_at_sources(self) -> None:
        """One of them has something new."""
        self._syncer.wake()

    def look_at_payouts(self) -> None:
        """Something may be known of one that was not."""
        self._sender.wake()

    def decode(self, limit: int | None = None) -> int:
        """Decode images that wait, at most `limit`; how many it were."""
        return decode_waiting(self, self._decoder, limit=limit)

    def decode_now(self, evidence: int) -> None:
        """Decode one image that somebody wants to see and nobody has decoded yet."""
        with self.read() as work:
            image = waiting_one(work, evidence)
        if image is not None:
            decode_one(self, self._decoder, image)

    def _pictures(self) -> bool:
        return self.decode(8) == 8

    # ------------------------------------------------------------ papers

    def words(self, language: str) -> Words:
        """The catalogue for papers that people read: the one text the service side writes for them."""
        return Words(language, home_currency=self.currency)

    def export_cases(self, job: Running, who: Principal, order: Order, wanted: QueueFilter) -> dict[str, Any]:
        """Write cases to a file that belongs to the job; the manifest."""
        from refund_desk.engines.exports import write_table

        job.file = _temporary("cases-", f".{order.format}")
        words = self.words(order.language)
        with self.store.read_long() as work:
            return exports.export_cases(work, self.desk, who, order, wanted, job.file, write_table, words, job.progress)

    def export_case(self, job: Running, who: Principal, ref: str, order: CaseOrder) -> dict[str, Any]:
        """Write one case to a file that belongs to the job; what it is."""
        from refund_desk.engines.papers import print_paper

        job.file = _temporary("case-", ".zip" if order.format == "zip" else ".pdf")
        words = self.words(order.language)
        return dossier_run.run_case(self, who, ref, order, job.file, words, print_paper, job.progress)

    def export_month(self, job: Running, who: Principal, order: MonthOrder) -> dict[str, Any]:
        """Write the report of a month to a file that belongs to the job, and keep it; what it is."""
        job.file = _temporary("month-", f".{order.format}")
        self.count_figures()
        job.file.write_bytes(self._write_month(who, order))
        size, digest = job.file.stat().st_size, exports.file_digest(job.file)
        return MonthFile(month=order.month, format=order.format, sha256=digest, bytes=size).model_dump(mode="json")

    def _write_month(self, who: Principal, order: MonthOrder) -> bytes:
        """The report of a month in a language, kept."""
        from refund_desk.engines.month_xlsx import month_book
        from refund_desk.engines.papers import print_paper

        words = self.words(order.language)
        with self.store.read_long() as work:
            now, before = figures.month(work, self.desk, who, order.month)
        if order.format == "pdf":
            data = print_paper(month_paper(now, before, who.name, self.desk.clock(), words))
        else:
            data = month_book(now, before, words)
        with self.write() as work:
            figures.keep_month(work, self.desk, who, order.month, order.format, order.language, data)
        return data

    def settle_log(self) -> None:
        """Wait until every entry so far has its place under a signature; at most `SETTLED_S`."""
        if not self._runs:
            self.integrate()
            self.integrator.close()
            return
        until = time.monotonic() + SETTLED_S
        while time.monotonic() < until:
            with self.read() as work:
                if not work.log.unprotected():
                    return
            self._worker.wake()
            time.sleep(0.05)

    # ------------------------------------------------------------ people at this machine

    def operator_token(self, name: str) -> str:
        """A token for whoever runs a command on this very machine; it dies with the process."""
        token = secrets.token_hex(32)
        self.operators[token] = Principal(0, 0, name, operator=f"local-operator:{name}")
        return token

    def client(self, token: str | None = None) -> DeskClient:
        """A client that reaches this house without a socket."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return DeskClient(httpx.AsyncClient(transport=transport, base_url="http://desk"), token)

    def close(self) -> None:
        self.feed.wake()
        self.app.state.jobs.close()
        if self._listener and self._runs:
            self._listener.stop()
        self._syncer.stop()
        self._reconciler.stop()
        self._sender.stop()
        self._worker.stop()
        self._decoder.close()
        self.engine.dispose()


def _temporary(prefix: str, suffix: str) -> Path:
    """A new empty file that nobody else may read."""
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=suffix)
    os.close(descriptor)
    return Path(name)


def _listener(url: str, heard: Callable[[], None]) -> Listener:
    from refund_desk.worker.listen import Listener  # brings PostgreSQL's driver, that a desk on SQLite never needs

    return Listener(url, heard)


# ---------------------------------------------------------------- homes


def is_demo(directory: Path) -> bool:
    """Whether a home says it is a demo. Its database says so, too, since before the first account."""
    return (directory / "demo").exists()


def mark_demo(directory: Path) -> None:
    """Begin a demo home. Raises Conflict `home.not_empty` for one that has a desk already."""
    if not is_empty(directory):
        raise Conflict("home.not_empty", path=str(directory))
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "demo").touch()


def is_empty(directory: Path) -> bool:
    return not (directory / "desk.db").exists()


def embedded(directory: Path, settings: Settings, parts: Parts | None = None) -> House:
    """The desk in one directory, on SQLite: made at the first start, mode 0700."""
    demo = is_demo(directory)
    return _open(sqlite_url(directory), directory, settings, parts or Parts(), embedded=True, demo=demo)


def team(url: str, directory: Path, settings: Settings, parts: Parts | None = None) -> House:
    """The service of a team: PostgreSQL (or SQLite by url), files in the directory."""
    return _open(url, directory, settings, parts or Parts(), embedded=False, demo=False)


def sqlite_url(directory: Path) -> str:
    """Address of the database in a home."""
    return f"sqlite:///{directory / 'desk.db'}"


def _open(url: str, directory: Path, settings: Settings, parts: Parts, *, embedded: bool, demo: bool) -> House:
    """A house over a database and a directory. Raises Unavailable where one of them can't be had."""
    with first_contact(url, directory, parts.synchronous) as engine:
        directory.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            directory.chmod(0o700)
        key = _key(settings, directory)
        listen = url if engine.dialect.name == "postgresql" else None
        vault = _vault(settings, key)
        ways: dict[str, Any] = {"currency": settings.currency, "listen": listen, "demo": demo, "vault": vault}
        ways["payout_epoch"] = _key_path(settings, key.name).with_suffix(".epoch")
        return House(engine, directory, key, embedded=embedded, parts=parts, **ways)


@contextlib.contextmanager
def first_contact(url: str, directory: Path, synchronous: str = "FULL") -> Iterator[Engine]:
    """An engine, and what disk or database say when first asked for something as an expected error.

    Raises Invalid `database.bad_url`, Unavailable `home.unreadable` or `database.unreachable`.
    """
    try:
        engine = open_engine(url, synchronous=synchronous)
    except (ArgumentError, ImportError) as error:
        raise Invalid("database.bad_url") from error  # without the address: it may hold a password
    try:
        yield engine
    except OSError as error:
        engine.dispose()
        why = error.strerror or type(error).__name__
        raise Unavailable("home.unreadable", path=str(error.filename or directory), why=why) from error
    except DBAPIError as error:
        engine.dispose()
        place = engine.url.render_as_string(hide_password=True)
        why = str(error.orig).strip().partition("\n")[0]
        raise Unavailable("database.unreachable", place=place, why=why) from error


def _key(settings: Settings, directory: Path) -> signing.SigningKey:
    """The signing key, outside the data directory; named after the home, so that two homes have two."""
    mark = directory / "desk-name"
    if not mark.exists():
        mark.write_text(f"refund-desk/{uuid.uuid4().hex[:12]}", "ascii")
    name = mark.read_text("ascii").strip()
    return signing.load_or_make_key(_key_path(settings, name), name, directory)


def _vault(settings: Settings, key: signing.SigningKey) -> LazyVault:
    """Where this desk's secrets are: each desk of a machine has its own."""
    short = key.name.rpartition("/")[2]
    vault = LazyVault(settings.keys / f"{short}.secrets", key.name, by_hand=settings.key_dir is not None)
    vault.check()
    return vault


def _key_path(settings: Settings, name: str) -> Path:
    return settings.keys / f"{name.rpartition('/')[2]}.key"


def own_vkey(directory: Path, settings: Settings) -> str | None:
    """The public key of this machine's own desk, None where it has none. Raises Unavailable for one that is exposed."""
    mark = directory / "desk-name"
    if not mark.is_file():
        return None
    path = _key_path(settings, mark.read_text("ascii").strip())
    return signing.load_key(path, directory).vkey if path.exists() else None


@contextlib.contextmanager
def home_lock(directory: Path) -> Iterator[None]:
    """One desk at a time holds a home. Raises Conflict `home.in_use`."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "desk.lock"
    with path.open("a+") as file:
        if os.name == "posix":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Conflict("home.in_use", path=str(directory)) from error
        yield


def network(url: str, token: str | None = None) -> DeskClient:
    """A client of a team's server."""
    if not url.startswith(("http://", "https://")):
        raise Unavailable("client.bad_url", url=url)
    limits = httpx.Limits(max_connections=20)
    return DeskClient(httpx.AsyncClient(base_url=url.rstrip("/"), timeout=60, limits=limits), token)
