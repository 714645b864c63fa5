"""Run a source: what was hinted at, then page by page what it has; and the thread that runs those that are due.

Between two pages nothing is open. A page's records are prepared (customers known, evidence on disk) before
their transaction; transactions are short, and the last of a page carries the cursor.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

import structlog

from refund_desk.domain.errors import Conflict, DeskError, Invalid, Refused
from refund_desk.domain.evidence import Kept
from refund_desk.domain.people import Principal
from refund_desk.domain.requests import Problem, Proof, RequestRecord
from refund_desk.domain.sources import Counts, Hint, Item, Mail, OrderFacts, Page, Tracked
from refund_desk.service import intake, quarantine, sources, sync, sync_mail, sync_parcels
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.sources import Connection, Session, TakenRecord
from refund_desk.service.sync import Arrived

log = structlog.get_logger(__name__)

SLICE_S: Final = 0.03
ASKED_AGAIN: Final = 500
"""Records that are read by themselves in one run, hints first."""
POLL_S: Final = 5.0
_BUSY: Final = "source.busy"


class House(Protocol):
    """What a run stands on."""

    @property
    def desk(self) -> Desk: ...
    def write(self) -> AbstractContextManager[Work]: ...
    def read(self) -> AbstractContextManager[Work]: ...


Progress = Callable[[Counts], None]


def run(
    house: House,
    who: Principal,
    name: str,
    *,
    progress: Progress = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Counts:
    """One run of a source, to its end. Its history says how it ended, whatever is raised.

    Raises NotFound, Conflict `source.busy` or `source.disabled`, Refused; then what the source fails with.
    """
    holder = house.desk.ids()
    with house.write() as work:
        connection, run_id = sync.begin(work, house.desk, who, name, holder)
    counted = _Counting()
    status, error = "done", None
    try:
        with contextlib.closing(sources.open_session(house.desk, connection)) as session:
            if not _Run(house, who, connection, holder, session, counted, progress, stopped).all():
                status = "stopped"
    except DeskError as failure:
        status, error = "failed", {"code": failure.code, "params": _plain(failure.params)}
        raise
    except Exception as failure:
        status, error = "failed", {"code": "source.bug", "params": {"why": type(failure).__name__}}
        raise
    finally:
        with house.write() as work:
            work.sources.end_run(run_id, house.desk.clock(), status, counted.counts(), error)
            after = sync.next_at(work, house.desk, connection)
            work.sources.free(connection.id, holder, after, failed=status == "failed")
    return counted.counts()


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, str | int | bool | list) else str(value) for name, value in params.items()}


@dataclass(slots=True)
class _Counting:
    results: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    pages: int = 0

    def counts(self) -> Counts:
        named = ("new", "changed", "unchanged", "quarantined", "ignored")
        return Counts(
            read=sum(self.results[name] for name in named),
            **{name: self.results[name] for name in named},
            gone=self.results["gone"],
            pages=self.pages,
            reasons=dict(sorted(self.reasons.items())),
        )


@dataclass(slots=True)
class _Known:
    """The marks of a stream, as far as they were made by this version of its connector."""

    house: House
    connection: Connection
    stream: str
    version: str

    def marks(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        with self.house.read() as work:
            records = work.sources.records(self.connection.id, self.stream, ids)
        made = f"{self.version}|"
        return {
            id: record.mark.removeprefix(made)
            for id, record in records.items()
            if record.mark is not None and record.mark.startswith(made) and record.gone_at is None
        }


@dataclass(slots=True)
class _Run:
    """One run at work; one thread."""

    house: House
    who: Principal
    connection: Connection
    holder: str
    session: Session
    counted: _Counting
    progress: Progress
    stopped: Callable[[], bool]
    version: str = ""

    def all(self) -> bool:
        """Hints, then every stream to its end. False: stopped before."""
        about = sources.connectors(self.house.desk).about(self.connection.connector)
        self.version = about.version
        if not self._asked_again():
            return False
        return all(self._stream(stream) for stream in about.streams)

    # ------------------------------------------------------------ by themselves

    def _asked_again(self) -> bool:
        with self.house.read() as work:
            numbers, hints = sync.asked_again(work, self.connection, ASKED_AGAIN)
        for hint in hints:
            if self.stopped():
                return False
            self._again(hint)
        with self.house.write() as work:
            work.sources.drop_hints(numbers)
        return True

    def _again(self, hint: Hint) -> None:
        """Read one record, whatever its digest was."""
        about = sources.connectors(self.house.desk).about(self.connection.connector)
        if hint.stream not in about.streams:
            return
        item = self.session.one(hint.stream, hint.id)
        if item is not None:
            self._take(hint.stream, [item], None, again=True)
            return
        with self.house.write() as work:
            sync.hold(work, self.house.desk, self.connection, self.holder)
            known = work.sources.records(self.connection.id, hint.stream, [hint.id]).get(hint.id)
            if known is None or known.gone_at is not None:
                return
            record = sync.gone(work, self.house.desk, self.who, self.connection, hint, known)
            work.sources.remember(self.connection.id, hint.stream, [record], self.house.desk.clock())
            sync.report(work, self.who, self.connection, hint.stream, {"gone": 1})
        self.counted.results["gone"] += 1

    # ------------------------------------------------------------ streams

    def _stream(self, stream: str) -> bool:
        with self.house.read() as work:
            cursor = work.sources.cursor(self.connection.id, stream)
        known = _Known(self.house, self.connection, stream, self.version)
        listed: set[str] | None = None  # None: the listing began in an earlier run, we don't know all of it
        while True:
            if self.stopped():
                return False
            page = self.session.pull(stream, cursor, known)
            if page.fresh:
                listed = set()
            if listed is not None:
                listed |= page.listed
            self._take(stream, page.items, page if page.cursor != cursor else None)
            self.counted.pages += 1
            self.progress(self.counted.counts())
            if page.whole is not None and listed is not None:
                self._missing(stream, page.whole, listed)
            cursor = page.cursor
            if not page.more:
                return True

    def _missing(self, stream: str, since: datetime, listed: set[str]) -> None:
        """What the system should have listed, and didn't: each is asked for by itself before it counts as gone."""
        with self.house.read() as work:
            lacking = work.sources.since(self.connection.id, stream, since) - listed
        for id in sorted(lacking)[:ASKED_AGAIN]:
            self._again(Hint(stream, id))

    # ------------------------------------------------------------ records

    def _take(self, stream: str, items: Sequence[Item], page: Page | None, *, again: bool = False) -> None:
        """Everything for a page's records, in their order; the cursor with the last of them."""
        batches = list(_batches(self._arrive(stream, items, again))) or [[]]
        for batch in batches:
            self._prepare(batch)
            left, cursor = list(batch), page.cursor if page is not None and batch is batches[-1] else None
            while left or cursor is not None:
                left = left[self._slice(stream, left, cursor) :]
                cursor = cursor if left else None

    def _arrive(self, stream: str, items: Sequence[Item], again: bool) -> list[Arrived]:
        """Those that have to be taken. The last of two with the same id on a page is the one that counts."""
        newest = {item.id: item for item in items}
        with self.house.read() as work:
            before = work.sources.records(self.connection.id, stream, list(newest))
        out = []
        for item in newest.values():
            arrived = sync.arrive(self.house.desk, self.connection, self.version, item, before.get(item.id))
            remark = arrived.before is not None and arrived.before.mark != self._marked(item)
            if (arrived.unchanged and not again and not remark) or arrived.late:
                self.counted.results["unchanged"] += 1
            else:
                out.append(arrived)
        self.counted.results["unchanged"] += len(items) - len(newest)
        return out

    def _marked(self, item: Item) -> str | None:
        return None if item.mark is None else f"{self.version}|{item.mark}"

    def _prepare(self, batch: Sequence[Arrived]) -> None:
        """Before the transaction: rules, whose it is, evidence on disk."""
        desk = self.house.desk
        for arrived in batch:
            sync.check(desk, arrived)
            if isinstance(arrived.item.what, Mail) and not arrived.problems:
                self._place(arrived, arrived.item.what)
            elif isinstance(arrived.item.what, Tracked) and not arrived.problems:
                self._track(arrived, arrived.item.what)
        known = [one for one in batch if not one.problems and one.case_id is None and one.item.what is not None]
        wanted = [one for one in known if not isinstance(one.item.what, Mail | Tracked)]
        if any(_buyer(one) for one in wanted):
            with self.house.write() as work:
                for one in wanted:
                    what = one.item.what
                    if isinstance(what, OrderFacts | RequestRecord):
                        one.customer = intake.owner(work, desk, what)
        for arrived in batch:
            if not arrived.problems:
                self._keep(arrived)

    def _place(self, arrived: Arrived, mail: Mail) -> None:
        with self.house.read() as work:
            placed = sync_mail.place(work, arrived.item, mail)
        arrived.case_id, arrived.customer = placed.case_id, placed.customer
        if placed.problem is not None:
            arrived.problems = [placed.problem]
        elif placed.as_request is not None:
            arrived.item = replace(arrived.item, what=placed.as_request)

    def _track(self, arrived: Arrived, parcel: Tracked) -> None:
        """The order of a parcel, if one has it by now; else it is looked at again when it is listed again."""
        with self.house.read() as work:
            placed = sync_parcels.place(work, self.connection.name, arrived.item, parcel)
            if isinstance(placed, OrderFacts):
                arrived.item = replace(arrived.item, what=placed)
                sync.check(self.house.desk, arrived)
            elif placed is not None:
                arrived.problems = [placed]
            else:
                arrived.item, arrived.digest = replace(arrived.item, mark=None), b""

    def _keep(self, arrived: Arrived) -> None:
        """Evidence on disk. A file that can't be had now doesn't keep the facts waiting: it is asked for again."""
        what = arrived.item.what
        proofs: Sequence[Proof] = () if what is None or isinstance(what, Tracked) else what.proofs
        if not proofs or (isinstance(what, OrderFacts) and not self._has_case(what.order)):
            return
        kept: list[Kept] = []
        for proof in proofs:
            try:
                kept += intake.keep(self.house.desk, arrived.customer, _Came([proof]), self.session.file)
            except Invalid as no:
                codes = {problem.code for problem in quarantine.problems_of(no)}
                self.counted.reasons.update(codes)
                arrived.lacking = arrived.lacking or not codes <= sync.FOR_GOOD
        arrived.kept = kept

    def _has_case(self, order: str) -> bool:
        with self.house.read() as work:
            known = work.facts.order_by_number(order)
            return known is not None and bool(work.cases.of_order(known.id))

    # ------------------------------------------------------------ the transaction

    def _slice(self, stream: str, batch: Sequence[Arrived], cursor: Mapping[str, Any] | None) -> int:
        """As many records as fit into one short transaction, with the cursor if they are all; how many it were."""
        made: list[str] = []
        try:
            with self.house.write() as work:
                self._write(work, stream, batch, cursor, made)
        except Exception as failure:
            if isinstance(failure, Refused) or not batch or (isinstance(failure, Conflict) and failure.code == _BUSY):
                raise
            return self._broken(stream, batch, len(made), failure)
        self.counted.results.update(made)
        for arrived in batch[: len(made)]:
            self.counted.reasons.update({problem.code for problem in arrived.problems})
        return len(made)

    def _write(
        self, work: Work, stream: str, batch: Sequence[Arrived], cursor: Mapping[str, Any] | None, made: list[str]
    ) -> None:
        sync.hold(work, self.house.desk, self.connection, self.holder)
        until, now = time.monotonic() + SLICE_S, self.house.desk.clock()
        records: list[TakenRecord] = []
        for arrived in batch:
            result, record = self._one(work, arrived)
            made.append(result)
            records.append(record)
            if time.monotonic() >= until:
                break
        work.sources.remember(self.connection.id, stream, records, now)
        if cursor is not None and len(made) == len(batch):
            work.sources.put_cursor(self.connection.id, stream, cursor, now)
        sync.report(work, self.who, self.connection, stream, Counter(made))

    def _broken(self, stream: str, batch: Sequence[Arrived], made: int, failure: Exception) -> int:
        """Those before the one that broke were rolled back with it: each by itself. Alone it is quarantined."""
        if made:
            for arrived in batch[:made]:
                self._slice(stream, [arrived], None)
            return made
        if batch[0].problems:
            raise failure
        log.error("sync.record", source=self.connection.name, stream=stream, exc_info=failure)
        batch[0].problems = [Problem("", "record.failed", {"error": type(failure).__name__})]
        return self._slice(stream, batch[:1], None)

    def _one(self, work: Work, arrived: Arrived) -> tuple[str, TakenRecord]:
        desk = self.house.desk
        if not arrived.problems:
            try:
                result, record = sync.take(work, desk, self.who, self.connection, arrived)
                return result, replace(record, mark=self._marked(arrived.item))
            except Invalid as no:
                if no.code != "intake.quarantined":
                    raise
                arrived.problems = quarantine.problems_of(no)
        record = sync.refuse(work, desk, self.who, self.connection, arrived)
        return "quarantined", replace(record, mark=self._marked(arrived.item))


@dataclass(frozen=True, slots=True)
class _Came:
    """Files of something that is about a customer who is known already."""

    proofs: Sequence[Proof]
    buyer: None = None


def _buyer(arrived: Arrived) -> bool:
    return getattr(arrived.item.what, "buyer", None) is not None


def _batches(arrived: Sequence[Arrived]) -> Iterator[Sequence[Arrived]]:
    """Mail one by one, for a mail may answer the one before it; everything else together."""
    plain: list[Arrived] = []
    for one in arrived:
        if isinstance(one.item.what, Mail):
            if plain:
                yield plain
                plain = []
            yield [one]
        else:
            plain.append(one)
    if plain:
        yield plain


# ---------------------------------------------------------------- what runs by itself


class Syncer:
    """A thread of its own: a slow system must not keep the log from its place."""

    def __init__(self, house: House, who: Principal) -> None:
        self._house, self._who = house, who
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk-sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        """End after the page at hand."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=60)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(timeout=POLL_S)
            self._wake.clear()
            if self._stopping.is_set():
                return
            try:
                self.due()
            except Exception as error:
                log.error("sync.due", exc_info=error)

    def due(self) -> int:
        """Run every source whose time has come, one after the other; how many it were."""
        with self._house.read() as work:
            names = [connection.name for connection in work.sources.due(self._house.desk.clock())]
        for name in names:
            if self._stopping.is_set():
                break
            try:
                run(self._house, self._who, name, stopped=self._stopping.is_set)
            except Conflict:  # another process has it, or somebody switched it off
                continue
            except DeskError as error:
                log.warning("sync.failed", source=name, code=error.code)
        return len(names)
