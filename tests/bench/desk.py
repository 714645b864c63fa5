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
from tests.bench import million, rich

REVIEWERS = 10
"""Who hold the cases that are held; the reviewer who is measured is one more and begins with empty hands."""
PASSWORD = "bench-password"
LOGIN, APPROVER, WINDOW = "bench", "approver", "window"
"""Who takes and proposes; who approves; who sits at the window and holds the cases that show much."""


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
    sources = [root / f"tests/bench/{name}.py" for name in ("million", "rich", "desk")]
    sources += sorted(root.glob("migrations/**/*.py"))
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
        for name in [f"reviewer{number}" for number in range(REVIEWERS)] + [LOGIN, WINDOW]:
            people.add_account(work, house.desk, desk_itself, name, name, [Role.REVIEWER], PASSWORD, "en")
        people.add_account(work, house.desk, desk_itself, APPROVER, APPROVER, [Role.SUPERVISOR], PASSWORD, "en")
    house.integrate()
    house.close()
    now = datetime.now(UTC)
    million.fill(folder / "home/desk.db", process_book.standard().version, now, cases, opened, REVIEWERS)
    house = _open(folder / "home")
    with house.write() as work:
        work.people.set_mark(f"case_number.{now.year}", str(cases))
        holder = work.people.account(WINDOW)
    assert holder is not None
    rich.add(house, desk_itself, holder.person_id)
    house.close()


def _open(directory: Path) -> wiring.House:
    settings = Settings(key_dir=directory.parent / "keys")
    return wiring.embedded(directory, settings, wiring.Parts(quick_passwords=True, worker=False))


def token_of(directory: Path, login: str) -> str:
    """A fresh token of an account, made with nobody else in the house."""
    house = _open(directory)
    desk_itself = house.operators[house.operator_token("bench")]
    with house.write() as work:
        token = people.make_token(work, house.desk, desk_itself, login, "bench")
    house.integrate()
    house.close()
    return token


@contextmanager
def open_desk(cases: int, opened: int) -> Iterator[Bench]:
    """The desk of that size, with nobody else in it and its worker asleep."""
    directory = home(cases, opened)
    house = _open(directory)
    desk_itself = house.operators[house.operator_token("bench")]
    with house.write() as work:
        tokens = [people.make_token(work, house.desk, desk_itself, login, "bench") for login in (LOGIN, APPROVER)]
        reviewer, supervisor = (people.recognise(work, house.desk, token) for token in tokens)
        for state in work.cases.held_by(reviewer.person_id):  # of a run that was stopped
            work.cases.update(state.id, assignee_id=1)
    house.integrate()
    gc.collect()
    try:
        yield Bench(house, directory / "desk.db", cases, opened, reviewer, supervisor, tokens[0], tokens[1])
    finally:
        house.close()
