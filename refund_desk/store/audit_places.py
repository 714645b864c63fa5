"""Where a log can be read: a data directory, a database file, a PostgreSQL. Nothing here can change it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from refund_desk.domain.errors import Unavailable
from refund_desk.service.ports.audit import AuditReader
from refund_desk.store.audit_reader import open_readonly, read_log
from refund_desk.store.checkpoint_files import CheckpointFiles
from refund_desk.store.database import open_engine

SQLITE_MAGIC = b"SQLite format 3\x00"


def is_database(place: str) -> bool:
    """Whether a place is a database or a directory with one, rather than an exported file."""
    if place.startswith(("postgresql:", "postgresql+")):
        return True
    path = Path(place)
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
    except OSError:
        return False


@contextmanager
def open_place(place: str, directory: Path | None = None) -> Iterator[tuple[AuditReader, list[str]]]:
    """A reader over one picture of the log, and the checkpoints held beside it.

    directory: the data directory of a PostgreSQL's desk, for its checkpoints. Raises Unavailable
    `audit.no_database`.
    """
    engine, home = _engine(place, directory)
    # Held before the picture is taken: a checkpoint written in between would seem to be a cut tail.
    files = CheckpointFiles(home / "checkpoints") if home is not None else None
    held = [*files.held(), *files.left()] if files is not None else []
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        try:
            reader = stack.enter_context(read_log(engine))
        except DBAPIError:
            shown = engine.url.render_as_string(hide_password=True)
            raise Unavailable("audit.no_database", path=shown) from None
        yield reader, held


def _engine(place: str, directory: Path | None) -> tuple[Engine, Path | None]:
    if place.startswith(("postgresql:", "postgresql+")):
        return open_engine(place), directory
    path = Path(place)
    database = path / "desk.db" if path.is_dir() else path
    return open_readonly(database), database.parent
