"""The desk that the figures are measured on: made once for each size and schema, then used again and again."""

from __future__ import annotations

import gc
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from refund_desk import wiring
from refund_desk.domain.people import Principal
from refund_desk.domain.words import Role
from refund_desk.engines import process_book
from refund_desk.service import people
from refund_desk.settings import Settings
from tests.bench import million

REVIEWERS = 10
"""Who hold the cases that are held; the reviewer who is measured is one more and begins with empty hands."""
PASSWORD = "bench-password"  # noqa: S105
LOGIN = "bench"


@dataclass(frozen=True, slots=True)
class Bench:
    """An open house with its database, and the tokens and principals of two people."""

    house: wiring.House
    database: Path
    cases: int
    opened: int
    reviewer: Principal
    supervisor: Principal
    reviewer_token: str
    supervisor_token: str


def cache_dir() -> Path:
    return Path(tempfile.gettempdir()) / "refund-desk-bench"


def home(cases: int, opened: int) -> Path:
    """The home of that size, made if it isn't there. Its name holds a digest of all that shapes it."""
    root = Path(__file__).resolve().parents[2]
    sources = [root / "tests/bench/million.py", root / "tests/bench/desk.py", *sorted(root.glob("migrations/**/*.py"))]
    sources += sorted((root / "refund_desk/store/tables").glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:10]
    folder = cache_dir() / f"{cases}-{opened}-{digest}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _fill(folder, cases, opened)
        (folder / "ready").touch()
    return folder / "home"


def _fill(folder: Path, cases: int, opened: int) -> None:
    house = _open(folder / "home")
    desk_itself = house.operators[house.operator_token("bench")]
    with house.write() as work:
        names = [f"reviewer{number}" for number in range(REVIEWERS)] + [LOGIN]
        for name in names:
            people.add_account(work, house.desk, desk_itself, name, name, [Role.REVIEWER], PASSWORD, "en")
        people.add_account(work, house.desk, desk_itself, "approver", "approver", [Role.SUPERVISOR], PASSWORD, "en")
    house.integrate()
    house.close()
    version = process_book.standard().version
    million.fill(folder / "home/desk.db", version, datetime.now(UTC), cases, opened, REVIEWERS)


def _open(directory: Path) -> wiring.House:
    settings = Settings(key_dir=directory.parent / "keys")
    return wiring.embedded(directory, settings, wiring.Parts(quick_passwords=True, worker=False))


@contextmanager
def open_desk(cases: int, opened: int) -> Iterator[Bench]:
    """The desk of that size, with nobody else in it and its worker asleep."""
    directory = home(cases, opened)
    house = _open(directory)
    desk_itself = house.operators[house.operator_token("bench")]
    with house.write() as work:
        tokens = [people.make_token(work, house.desk, desk_itself, login, "bench") for login in (LOGIN, "approver")]
        both = [people.recognise(work, house.desk, token) for token in tokens]
    house.integrate()
    gc.collect()
    try:
        yield Bench(house, directory / "desk.db", cases, opened, *both, *tokens)
    finally:
        house.close()
