"""Gives every entry its place in the tree, and signs checkpoints over it.

One integrator works at a time: on SQLite by the write lock of its own transaction, on PostgreSQL by an
advisory lock. It picks entries that have no leaf. "Id greater than the last" would lose the entry of a
writer who took its id first and committed second. So that this anti-join stays cheap with a million
entries it starts above a floor, and the floor rises only over ids that nobody can still be about to
commit: whoever inserts holds a lock on the table from before it takes an id until its commit is seen,
and PostgreSQL lists these locks. On SQLite writers come one by one and there is nobody to wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, Engine, exists, func, insert, select, text

from refund_desk.domain.checkpoints import Checkpoint, read_checkpoint
from refund_desk.domain.errors import DeskError
from refund_desk.domain.merkle import Frontier, leaf_hash
from refund_desk.store.audit_tree import LEVELS, StoredTree, walk_indexes
from refund_desk.store.checkpoint_files import CheckpointFiles
from refund_desk.store.database import reading, writing
from refund_desk.store.tables.audit import audit_checkpoint, audit_entry, audit_leaf, audit_subtree

EVERY = 100
WITHIN = timedelta(seconds=0.4)  # an integrator that is stepped twice a second signs within one
BATCH = 500
_LOCK = 0x7265_6675_6E64  # "refund", the number of our advisory lock

_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND relation = 'audit_entry'::regclass AND pid IS DISTINCT FROM pg_backend_pid()"
)
_placed = exists().where(audit_leaf.c.entry_id == audit_entry.c.id)


class Signer(Protocol):
    """Signs a note's text under the log's name."""

    name: str

    def sign(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class _Horizon:
    """Ids up to `top` were taken; `writers` are the transactions that may still commit some of them."""

    top: int
    writers: frozenset[str]


class Integrator:
    """Not thread-safe: one thread steps it. Several processes may have one each; they take turns.

    problem: a code when what is stored contradicts a checkpoint held outside the database (a restored
    backup, a cut tail, a rewritten log), or the epochs in both places differ. Entries still get their place,
    for the feed lives on it, but nothing more is signed: a signature would make the forgery whole.
    epoch: of the database, as the house read it.
    """

    def __init__(
        self,
        engine: Engine,
        signer: Signer,
        files: CheckpointFiles,
        clock: Callable[[], datetime],
        *,
        epoch: int = 0,
        every: int = EVERY,
        within: timedelta = WITHIN,
        batch: int = BATCH,
    ) -> None:
        self._engine, self._signer, self._files, self._clock = engine, signer, files, clock
        self._epoch, self._every, self._within, self._batch = epoch, every, within, batch
        self.problem: str | None = None
        self.latest_note: str | None = None
        self._signed = 0
        self._forget()

    def _forget(self) -> None:
        """Nothing remembered is trusted after a transaction that failed."""
        self._frontier: Frontier | None = None
        self._started = False
        self._floor = 0
        self._passed: int | None = None  # within a pass of several batches: the last id of the batch before
        self._seen = _Horizon(0, frozenset())  # as the pass began
        self._waiting: _Horizon | None = None
        self._unsigned_since: datetime | None = None

    def step(self) -> bool:
        """Place up to a batch of entries and sign if it is time; whether more entries wait."""
        if not self._started:
            self._start()
        if not self._something_to_do():
            return False
        return self._work(flush=False)

    def close(self) -> None:
        """Place all entries and sign: the last thing before the desk goes."""
        if not self._started:
            self._start()
        while self._work(flush=True):
            pass

    def _start(self) -> None:
        """Read where we stand, compare it with what is held outside, put back a file that a crash kept away."""
        with reading(self._engine) as connection:
            if connection.dialect.name == "sqlite":
                self._floor = _unplaced_from(connection)
            self._read_signed(connection)
            held = self._files.latest()
            self.problem = self._contradiction(connection, held)
        if self.problem is None and self._files.epoch() is None and self._epoch:
            self._files.set_epoch(self._epoch)  # a directory that begins anew, beside a database that goes on
        if self.problem is None and self.latest_note is not None and held != self.latest_note:
            self._files.write(self._signed, self.latest_note)
        self._started = True

    def _read_signed(self, connection: Connection) -> None:
        """The last checkpoint in the table: perhaps another process wrote it."""
        row = connection.execute(
            select(audit_checkpoint.c.size, audit_checkpoint.c.note).order_by(audit_checkpoint.c.size.desc()).limit(1)
        ).first()
        if row is not None and row.size > self._signed:
            self._signed, self.latest_note, self._unsigned_since = row.size, row.note, None

    def _contradiction(self, connection: Connection, held: str | None) -> str | None:
        try:
            for note in filter(None, (held, self.latest_note)):
                checkpoint = read_checkpoint(note)
                if checkpoint.origin != self._signer.name:
                    return "audit.other_log"
                if checkpoint.size > _size(connection):
                    return "audit.tail_cut"
                if Frontier.at(checkpoint.size, StoredTree(connection)).root() != checkpoint.root:
                    return "audit.checkpoint_mismatch"
        except DeskError as problem:
            return problem.code
        outside = self._files.epoch()
        return "audit.epoch_differs" if outside is not None and outside != self._epoch else None

    def _something_to_do(self) -> bool:
        """Without the lock, so that an idle desk never holds up a writer."""
        if self._passed is not None:
            return True
        with reading(self._engine) as connection:
            walk_indexes(connection)
            waits = connection.execute(
                select(audit_entry.c.id).where(audit_entry.c.id > self._floor, ~_placed).limit(1)
            ).first()
            if waits is not None:
                return True
            self._read_signed(connection)
            size = _size(connection)
        return self._due(size, self._clock())

    def _due(self, size: int, now: datetime) -> bool:
        """Whether a checkpoint is wanted. The first one comes at once: a log without any proves nothing."""
        if self.problem is not None or size <= self._signed:
            return False
        since = self._unsigned_since
        return self._signed == 0 or size - self._signed >= self._every or since is None or now - since >= self._within

    def _work(self, flush: bool) -> bool:
        try:
            with writing(self._engine) as connection:
                more = self._place(connection)
                note = self._sign(connection, flush and not more)
        except BaseException:
            self._forget()
            raise
        if not more:
            self._raise_floor(self._seen)
        if note is not None:
            self.latest_note, self._signed, self._unsigned_since = note.text, note.size, None
            self._files.write(note.size, note.text)
        return more

    def _place(self, connection: Connection) -> bool:
        """Give a batch its positions; whether the pass goes on."""
        walk_indexes(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if self._passed is None:
            self._seen = _horizon(connection)  # before looking for entries: what comes later is the next pass's
        rows = connection.execute(
            select(audit_entry.c.id, audit_entry.c.bytes)
            .where(audit_entry.c.id > (self._passed or self._floor), ~_placed)
            .order_by(audit_entry.c.id)
            .limit(self._batch)
        ).all()
        frontier = self._grown(connection)
        if rows:
            hashes = [leaf_hash(_as_bytes(row.bytes)) for row in rows]
            leaves = [
                {"position": frontier.size + index, "entry_id": row.id, "hash": digest}
                for index, (row, digest) in enumerate(zip(rows, hashes, strict=True))
            ]
            connection.execute(insert(audit_leaf), leaves)
            for level, (first, roots) in frontier.extend(hashes, LEVELS).items():
                subtrees = [{"level": level, "index": first + n, "hash": root} for n, root in enumerate(roots)]
                connection.execute(insert(audit_subtree), subtrees)
        self._passed = rows[-1].id if len(rows) == self._batch else None
        return self._passed is not None

    def _grown(self, connection: Connection) -> Frontier:
        """Our frontier, or a new one when another process has placed entries since, or somebody took some away."""
        size = _size(connection)
        if self._frontier is None or self._frontier.size != size:
            if self._frontier is not None and self.problem is None:
                self.problem = self._contradiction(connection, self._files.latest())
            self._frontier = Frontier.at(size, StoredTree(connection))
        return self._frontier

    def _sign(self, connection: Connection, flush: bool) -> _Signed | None:
        frontier, now = self._frontier, self._clock()
        assert frontier is not None
        self._read_signed(connection)
        if frontier.size > self._signed and self._unsigned_since is None and self._signed:
            self._unsigned_since = now
        wanted = self._due(frontier.size, now) or (flush and self.problem is None and frontier.size > self._signed)
        if not wanted:
            return None
        root = frontier.root()
        note = self._signer.sign(Checkpoint(self._signer.name, frontier.size, root, self._epoch).text())
        row = {"size": frontier.size, "root": root, "note": note, "at": now}
        connection.execute(insert(audit_checkpoint).values(row))
        return _Signed(frontier.size, note)

    def _raise_floor(self, seen: _Horizon) -> None:
        """After a pass: all it saw has its place. Once they who wrote then are gone too, so has every id up to top."""
        if not seen.writers:
            self._floor, self._waiting = max(self._floor, seen.top), None
        elif self._waiting is None:
            self._waiting = seen
        elif not self._waiting.writers & seen.writers:
            self._floor, self._waiting = max(self._floor, self._waiting.top), seen


@dataclass(frozen=True, slots=True)
class _Signed:
    size: int
    text: str


def _as_bytes(value: bytes | str) -> bytes:
    """Whatever somebody put in there gets its place: verification will name it, and the feed goes on."""
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def _size(connection: Connection) -> int:
    top = connection.execute(select(func.max(audit_leaf.c.position))).scalar()
    return 0 if top is None else int(top) + 1


def _horizon(connection: Connection) -> _Horizon:
    """Top first, writers second: who took an id up to top and isn't among the writers has committed or is gone."""
    top = connection.execute(select(func.max(audit_entry.c.id))).scalar() or 0
    if connection.dialect.name == "sqlite":
        return _Horizon(int(top), frozenset())
    return _Horizon(int(top), frozenset(connection.execute(_WRITERS).scalars()))


def _unplaced_from(connection: Connection) -> int:
    """The id before the first entry without a place: one long look, made before any lock is taken."""
    first = connection.execute(select(func.min(audit_entry.c.id)).where(~_placed)).scalar()
    if first is not None:
        return int(first) - 1
    return int(connection.execute(select(func.max(audit_entry.c.id))).scalar() or 0)
