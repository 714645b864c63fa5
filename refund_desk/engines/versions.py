"""Process, policies and links in force: the shipped ones, or the last version that two people agreed on.

Every command asks for the current process first; one small query tells whether anything changed, so
that a change approved in one process of a team's service holds in all of them at the next command.
"""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from typing import Any

from refund_desk.domain.errors import Invalid, NotFound
from refund_desk.domain.links import Links
from refund_desk.domain.policies import Advice, Clause, PolicyFacts
from refund_desk.domain.process import Process
from refund_desk.engines import calendars, links, policies, process_book
from refund_desk.engines.plainfile import Problems
from refund_desk.service.ports import Work

SHIPPED = "process.shipped"
"""Kind of the versions that came with a program. They are looked up, and never in force by standing there."""


class Versions:
    """Fills the ports `ProcessSource` and `Policies`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = -1
        self._process = self._shipped = process_book.standard()
        self._policies = policies.standard()
        self._links: Links = {}
        self._by_version: dict[str, Process] = {self._process.version: self._process}

    def current(self, work: Work) -> Process:
        """The process in force."""
        latest = work.people.latest_version()
        if latest != self._known:
            with self._lock:
                self._load(work, latest)
        return self._process

    def keep_shipped(self, work: Work, at: datetime) -> None:
        """Keep the process that this program brings, once: cases that began with it outlive the program's next one."""
        version = self._shipped.version
        if all(row["version"] != version for row in work.people.versions(SHIPPED)):
            content = process_book.standard_content()
            work.people.add_version(kind=SHIPPED, version=version, content=content, effective_at=at, change_id=None)

    def _load(self, work: Work, latest: int) -> None:
        for row in work.people.versions(SHIPPED):
            if row["version"] not in self._by_version:
                with contextlib.suppress(Invalid):  # of a program so old that its process can't be read any more
                    self._by_version[row["version"]] = process_book.read(row["content"])
        for row in work.people.versions("process"):
            found = self._by_version.get(row["version"]) or process_book.read(row["content"])
            self._by_version[row["version"]] = found
            self._process = found
        for row in work.people.versions("policy")[-1:]:
            self._policies = policies.read(row["content"])
        for row in work.people.versions("links")[-1:]:
            self._links = links.read(row["content"])
        self._known = latest

    def version(self, work: Work, version: str) -> Process:
        """The process a case began with. Raises NotFound for one this desk never had."""
        self.current(work)
        found = self._by_version.get(version)
        if found is None:
            raise NotFound("process.unknown_version", version=version)
        return found

    def content(self, work: Work, kind: str) -> Any:
        """The content in force as plain values: what a change starts from."""
        rows = work.people.versions(kind)
        if rows:
            return rows[-1]["content"]
        if kind == "links":
            return {}
        return process_book.standard_content() if kind == "process" else policies.standard_content()

    def read(self, content: Any) -> Process:
        """The process that a content is. Raises Invalid with the path of every mistake in it."""
        return _sound(process_book.read(content))

    def check(self, kind: str, content: Any) -> str:
        """The version a content would be. Raises Invalid with the path of every mistake in it."""
        if kind == "process":
            return self.read(content).version
        if kind == "links":
            links.read(content)
            return f"links/{process_book.digest(content)[:12]}"
        book = policies.read(content)
        return f"policies/{process_book.digest(content)[:12]}" if book else ""

    def links(self, work: Work) -> Links:
        """Where records are seen in their own systems."""
        self.current(work)
        return self._links

    # ------------------------------------------------------------ policies

    def advise(self, facts: PolicyFacts, at: datetime) -> Advice:
        return self._policies.advise(facts, at)

    def clause(self, clause: str) -> Clause | None:
        return self._policies.clause(clause)


def _sound(process: Process) -> Process:
    """Asked of a proposal alone: holidays take a moment to load. Raises Invalid `process.invalid_file`."""
    problems = Problems()
    for calendar, place in calendars.unknown_places(process.calendars, datetime.now(UTC).year):
        problems.add(f"calendars.{calendar}.holidays", "calendar.place", text=place)
    problems.finish("process.invalid_file", process_book.CALENDARS)
    return process
