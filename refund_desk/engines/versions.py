"""Process, policies and links in force: the shipped ones, or the last version that two people agreed on.

Every command asks for the current process first; one small query tells whether anything changed, so
that a change approved in one process of a team's service holds in all of them at the next command.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from refund_desk.domain.links import Links
from refund_desk.domain.policies import Advice, Clause, PolicyFacts
from refund_desk.domain.process import Process
from refund_desk.engines import calendars, links, policies, process_book
from refund_desk.engines.plainfile import Problems
from refund_desk.service.ports import Work


class Versions:
    """Fills the ports `ProcessSource` and `Policies`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = -1
        self._process = process_book.standard()
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

    def _load(self, work: Work, latest: int) -> None:
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
        """The process a case began with; the one in force for a shipped one of before they were remembered."""
        self.current(work)
        return self._by_version.get(version, self._process)

    def remember(self, work: Work, at: datetime) -> None:
        """Keep the shipped process beside those that two people agreed on: cases that begin with it will outlive
        this program. It is in force as long as nobody agreed on another."""
        rows = work.people.versions("process")
        shipped = process_book.standard()
        if all(row["change_id"] is None for row in rows) and shipped.version not in {row["version"] for row in rows}:
            content = process_book.standard_content()
            work.people.add_version(
                kind="process", version=shipped.version, content=content, effective_at=at, change_id=None
            )

    def content(self, work: Work, kind: str) -> Any:
        """The content in force as plain values: what a change starts from."""
        rows = work.people.versions(kind)
        if rows:
            return rows[-1]["content"]
        if kind == "links":
            return {}
        return process_book.standard_content() if kind == "process" else policies.standard_content()

    def check(self, kind: str, content: Any) -> str:
        """The version a content would be. Raises Invalid with the path of every mistake in it."""
        if kind == "process":
            return _sound(process_book.read(content)).version
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
