"""Run lines through intake: parse, keep evidence, take in, quarantine. The edge of every import.

A transaction takes as many records as fit into `SLICE_S`. What a record breaks is its own affair: a
refused one is quarantined, one that fails unexpectedly is tried alone and quarantined by that name, and
the run goes on. Stopping or dying anywhere loses nothing: the same run again finds done what is done.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

from refund_desk.domain.errors import Conflict, Invalid, NotFound, Refused
from refund_desk.domain.evidence import Kept
from refund_desk.domain.people import Principal
from refund_desk.domain.requests import Problem, RequestRecord
from refund_desk.server.intake_wire import parse_line, request_name
from refund_desk.service import intake, quarantine
from refund_desk.service.gate import permit
from refund_desk.service.intake import Outcome, ReadFile
from refund_desk.service.ports import Desk, Work
from refund_desk.service.ports.facts import CustomerKey
from refund_desk.wire.bundle import ImportCounts

log = logging.getLogger(__name__)

SLICE_S: Final = 0.03
BATCH: Final = 64
BATCH_BYTES: Final = 4 * 1024 * 1024


class House(Protocol):
    """What a run stands on."""

    @property
    def desk(self) -> Desk: ...
    def write(self) -> AbstractContextManager[Work]: ...


class Line(Protocol):
    """A line of a bundle; `cut`: longer than we read."""

    @property
    def number(self) -> int: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def length(self) -> int: ...
    @property
    def cut(self) -> bool: ...


class Source(Protocol):
    """A bundle: bytes of cases.jsonl in all and read so far, its lines, its files."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def position(self) -> int: ...
    def lines(self) -> Iterable[Line]: ...
    def read(self, file: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: bytes of cases.jsonl, and what became of the records so far."""

    position: int
    size: int
    counts: ImportCounts


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Refused whole; `raw` finds it in quarantine."""

    raw: bytes
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Item:
    """A record on its way. `problems` set: it goes to quarantine."""

    number: int | None
    raw: bytes
    record: RequestRecord | None = None
    problems: Sequence[Problem] = ()
    customer: CustomerKey | None = None
    kept: Sequence[Kept] = field(default_factory=list)
    aside: str | None = None


def run_import(
    house: House,
    who: Principal,
    bundle: Source,
    *,
    progress: Callable[[Progress], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> ImportCounts:
    """Take a whole bundle in. Raises what the bundle as a whole is refused for, and Refused."""
    run = _Run(house, who, bundle.name, bundle.read)
    with house.write() as work:
        permit(work, house.desk, who, "intake.submit")
    batch: list[_Item] = []
    weight = 0
    for line in bundle.lines():
        batch.append(_read(line.number, line.raw, line.length if line.cut else None))
        weight += len(line.raw)
        if len(batch) >= BATCH or weight >= BATCH_BYTES:
            run.take(batch)
            batch, weight = [], 0
            if progress is not None:
                progress(Progress(bundle.position, bundle.size, run.counts()))
            if stopped():
                return run.counts()
    run.take(batch)
    if progress is not None:
        progress(Progress(bundle.size, bundle.size, run.counts()))
    return run.counts()


def take_one(house: House, who: Principal, raw: bytes, source: str, read: ReadFile) -> Outcome:
    """One record, as `POST /v1/refund-requests` has it.

    Raises Invalid `intake.quarantined` with `problems` and the `id` in quarantine where it can't be taken.
    """
    run = _Run(house, who, source, read)
    run.take([_read(None, raw, None)])
    if isinstance(run.last, Outcome):
        return run.last
    with house.write() as work:
        number = quarantine.number_of(work, raw, source)
    plain = [problem.plain() for problem in run.last.problems]
    raise Invalid("intake.quarantined", id=number, problems=plain)


def retry(house: House, who: Principal, number: int, corrected: bytes | None = None) -> Outcome:
    """Take a quarantined record in again, as it is or corrected; its evidence was kept aside.

    Raises Invalid `intake.quarantined` with the problems it still has, Conflict, NotFound.
    """
    with house.write() as work:
        row = dict(quarantine.to_retry(work, house.desk, who, number))
        again = corrected is None and quarantine.ask_again(work, house.desk, row)
    if again:
        raise Conflict("quarantine.read_again", source=row["source"])
    item = _read(row["line"], bytes(row["raw"]) if corrected is None else corrected, None)
    folder = row["evidence_dir"]
    run = _Run(house, who, row["source"], _from_aside(house.desk, folder))
    run.prepare([item])
    if item.problems or item.record is None:
        if corrected is None:
            with house.write() as work:
                quarantine.still_wrong(work, number, item.problems)
        raise intake.quarantined(item.problems)
    with house.write() as work:
        quarantine.to_retry(work, house.desk, who, number)  # nobody else took it meanwhile
        outcome = intake.take_in(work, house.desk, who, item.record, item.customer, item.kept)
        quarantine.taken(work, house.desk, who, number, outcome.ref)
    if folder:
        house.desk.blobs.drop_aside(folder)
    return outcome


def _from_aside(desk: Desk, folder: str | None) -> ReadFile:
    def read(file: str) -> bytes:
        if folder is None:
            raise NotFound("evidence.missing", file=file)
        return desk.blobs.aside(folder, file)

    return read


def _read(number: int | None, raw: bytes, length: int | None) -> _Item:
    item = _Item(number, raw)
    if length is not None:
        item.problems = [Problem("", "line.too_long", {"bytes": length, "kept": len(raw)})]
        return item
    parsed = parse_line(raw)
    if isinstance(parsed, RequestRecord):
        item.record = parsed
    else:
        item.problems = parsed
    return item


class _Run:
    """The counts of a run and what it needs; one thread."""

    def __init__(self, house: House, who: Principal, source: str, read: ReadFile) -> None:
        self._house, self._who, self._source, self._read = house, who, source, read
        self._results: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._findings: dict[str, tuple[str, ...]] = {}
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.last: Outcome | Quarantined

    def counts(self) -> ImportCounts:
        on: Counter[str] = Counter()
        for codes, cases in Counter(self._findings.values()).items():
            for code in codes:
                on[code] += cases
        return ImportCounts(
            read=sum(self._results.values()),
            new=self._results["new"],
            unchanged=self._results["unchanged"],
            updated=self._results["updated"],
            quarantined=self._results["quarantined"],
            reasons=dict(sorted(self._reasons.items())),
            findings=dict(sorted(on.items())),
        )

    def take(self, batch: Sequence[_Item]) -> None:
        """Everything for some records, in their order."""
        self.prepare(batch)
        done = 0
        while done < len(batch):
            done += self._slice(batch[done:])

    # ------------------------------------------------------------ before the transaction

    def prepare(self, batch: Iterable[_Item]) -> None:
        """Check, make customers known, put evidence on disk; set aside what belongs to refused records."""
        batch = list(batch)
        for item in batch:
            if item.record is not None:
                self._refusing(item, partial(intake.check, self._house.desk, item.record))
        self._customers([item for item in batch if item.record is not None and item.record.buyer is not None])
        for item in batch:
            if item.record is not None:
                self._refusing(item, partial(self._keep, item))
            if item.problems:
                item.aside = quarantine.set_aside(self._house.desk, item.raw, _files(item), self._read)

    def _customers(self, items: Sequence[_Item]) -> None:
        """Make customers known, in transactions of their own as short as the others."""
        while items:
            with self._house.write() as work:
                until, done = time.monotonic() + SLICE_S, 0
                for item in items:
                    assert item.record is not None
                    item.customer = intake.owner(work, self._house.desk, item.record)
                    done += 1
                    if time.monotonic() >= until:
                        break
            items = items[done:]

    def _keep(self, item: _Item) -> None:
        assert item.record is not None
        item.kept = intake.keep(self._house.desk, item.customer, item.record, self._read)

    def _refusing(self, item: _Item, step: Callable[[], None]) -> None:
        try:
            step()
        except Invalid as no:
            item.record, item.problems = None, quarantine.problems_of(no)

    # ------------------------------------------------------------ the transaction

    def _slice(self, batch: Sequence[_Item]) -> int:
        """As many records as fit into one short transaction; one alone where something breaks."""
        made: list[Outcome | Quarantined] = []
        try:
            with self._house.write() as work:
                until = time.monotonic() + SLICE_S
                refused: list[_Item] = []
                for item in batch:
                    made.append(self._one(work, item, refused))
                    if time.monotonic() >= until:
                        break
                self._put(work, refused)
        except Refused:
            raise
        except Exception as failure:
            if made:
                self._slice_alone(batch[: len(made)])
                return len(made)
            self._failed(batch[0], failure)
            return 1
        for result in made:
            self._count(result)
        return len(made)

    def _slice_alone(self, batch: Sequence[_Item]) -> None:
        """Those before the one that broke were rolled back with it: again, each by itself."""
        for item in batch:
            self._slice([item])

    def _failed(self, item: _Item, failure: Exception) -> None:
        log.error("record could not be taken in", exc_info=failure)
        item.record, item.problems = None, [Problem("", "record.failed", {"error": type(failure).__name__})]
        item.aside = quarantine.set_aside(self._house.desk, item.raw, _files(item), self._read)
        with self._house.write() as work:
            self._put(work, [item])
        self._count(Quarantined(item.raw, tuple(item.problems)))

    def _one(self, work: Work, item: _Item, refused: list[_Item]) -> Outcome | Quarantined:
        if item.record is not None:
            try:
                return intake.take_in(work, self._house.desk, self._who, item.record, item.customer, item.kept)
            except Invalid as no:
                if no.code != "intake.quarantined":
                    raise
                item.record, item.problems = None, quarantine.problems_of(no)
            item.aside = quarantine.set_aside(self._house.desk, item.raw, _files(item), self._read)
        refused.append(item)
        return Quarantined(item.raw, tuple(item.problems))

    def _put(self, work: Work, refused: Sequence[_Item]) -> None:
        if not refused:
            return
        rows = [
            quarantine.Refused(self._source, item.number, item.raw, request_name(item.raw), item.problems, item.aside)
            for item in refused
        ]
        quarantine.put(work, self._house.desk, self._who, rows)

    def _count(self, result: Outcome | Quarantined) -> None:
        self.last = result
        if isinstance(result, Quarantined):
            self._results["quarantined"] += 1
            self._reasons.update({problem.code for problem in result.problems})
            return
        self._results[result.result] += 1
        # A million cases share a handful of combinations: keep each once.
        self._findings[result.ref] = self._same.setdefault(result.findings, result.findings)


def _files(item: _Item) -> list[str]:
    """Files that a record lists, as far as that can be read of a broken one."""
    if item.record is not None:
        return [proof.file for proof in item.record.proofs]
    try:
        listed: Any = json.loads(item.raw).get("evidence")
    except (ValueError, AttributeError, RecursionError):
        return []
    if not isinstance(listed, list):
        return []
    files = [one.get("file") for one in listed[:200] if isinstance(one, dict)]
    return [file for file in files if isinstance(file, str)]
