"""A house for tests of use cases: a real database, the standard process, a clock that is set by hand."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import rfc8785
from sqlalchemy import Engine

from refund_desk.domain.links import Links
from refund_desk.domain.people import Principal
from refund_desk.domain.process import Process
from refund_desk.engines import policies, process_book
from refund_desk.service.ports import Desk, Home, Passwords, Work
from refund_desk.store.blobs import BlobStore
from refund_desk.store.work import SqlStore, SqlWork

OPERATOR = Principal(0, 0, "operator", operator="local-operator:test")
START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Clock:
    """The service's clock: stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


class StandardProcess:
    """`in_force` may be put in place of the standard; cases began with the standard."""

    def __init__(self) -> None:
        self._standard = self.in_force = process_book.standard()

    def current(self, work: Work) -> Process:
        return self.in_force

    def version(self, work: Work, version: str) -> Process:
        return self._standard

    def content(self, work: Work, kind: str) -> Any:
        return process_book.standard_content()

    def read(self, content: Any) -> Process:
        return process_book.read(content)

    def check(self, kind: str, content: Any) -> str:
        return process_book.read(content).version

    def links(self, work: Work) -> Links:
        return {}


class NoReplies:
    def render(self, template: str, language: str, values: Mapping[str, Any]) -> str:
        return template

    def offered(self, progress: str) -> list[tuple[str, Mapping[str, str]]]:
        return []


class FakeHouse:
    """Everything the edge stands on, over one engine; files below `home`."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self.clock = Clock()
        self.engine = engine
        self.store = SqlStore(engine, rfc8785.dumps, self.clock)
        self.blobs = BlobStore(home / "blobs")
        numbers = itertools.count(1)
        self.desk = Desk(
            clock=self.clock,
            ids=lambda: f"id-{next(numbers)}",
            secret=os.urandom,
            canonical=rfc8785.dumps,
            process=StandardProcess(),
            policies=policies.standard(),
            passwords=cast(Passwords, None),
            blobs=self.blobs,
            replies=NoReplies(),
            home=Home(demo=False, embedded=False),
            seal=lambda message: hashlib.sha256(b"of this house" + message).digest(),
        )

    def write(self) -> AbstractContextManager[SqlWork]:
        return self.store.write()

    def read(self) -> AbstractContextManager[SqlWork]:
        return self.store.read()
