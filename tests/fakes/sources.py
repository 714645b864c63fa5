"""A desk with connections, for tests: its secrets in files, its connectors those that are installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, text

from refund_desk.domain.sources import check_settings
from refund_desk.engines.vault import FileVault
from refund_desk.service.ports.sources import Connectors
from refund_desk.sources.registry import Registry
from refund_desk.sources.ways import Patience
from refund_desk.store.tables.facts import message, observation, quarantine, record, shop_order
from refund_desk.store.work import SqlWork
from tests.fakes.house import FakeHouse

QUICK = Patience(deadline=1.0, tries=3, first_wait=0.01, longest=3.0)


class Killed(BaseException):
    """What SIGKILL is to a process: nothing after it is written."""


class SourceHouse(FakeHouse):
    """`kill_at`: the number of the commit before (or, with `after`, right after) which everything ends."""

    def __init__(self, engine: Engine, home: Path, connectors: Connectors | None = None) -> None:
        super().__init__(engine, home)
        self.home = home
        self.vault = FileVault(home / "secrets")
        self.connectors = connectors or Registry(self.clock, patience=QUICK)
        self.desk = replace(self.desk, connectors=self.connectors, vault=self.vault, secret=lambda n: b"s" * n)
        self.commits = 0
        self.kill_at: int | None = None
        self.kill_after = False

    def write(self) -> AbstractContextManager[SqlWork]:
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[SqlWork]:
        number = self.commits
        self.commits += 1
        dead = self.kill_at is not None and number >= self.kill_at
        if dead and (number > (self.kill_at or 0) or not self.kill_after):
            # Everything of it was done, but for the commit.
            with super().write() as work:
                yield work
                raise Killed
        with super().write() as work:
            yield work
        if dead:
            raise Killed

    def connect(self, name: str, connector: str, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> int:
        """A connection, as if two people had agreed on it."""
        wanted = self.connectors.about(connector).settings
        refs = {field: self.vault.put(f"{name}/{field}", value) for field, value in secrets.items()}
        content = {"connector": connector, "settings": check_settings(wanted, settings), "secrets": refs}
        with super().write() as work:
            return work.sources.save(name, {**content, "enabled": True}, b"salt" * 8, self.clock(), None)

    def picture(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the desk knows: current observations, messages, what waits in quarantine."""
        said = (
            select(shop_order.c.number, record.c.source, record.c.kind, record.c.external_id, observation.c.field)
            .add_columns(observation.c.value)
            .join_from(shop_order, record, record.c.order_id == shop_order.c.id)
            .join(observation, observation.c.record_id == record.c.id)
            .where(text("observation.current"))
        )
        with self.engine.connect() as connection:
            return {
                "said": sorted(map(tuple, connection.execute(said)), key=repr),
                "messages": sorted(map(tuple, connection.execute(select(message.c.source, message.c.external_id)))),
                "quarantine": sorted(map(tuple, connection.execute(select(quarantine.c.request, quarantine.c.status)))),
            }

    def said(self, order: str, kind: str, field: str) -> list[Any]:
        """Values of a field of an order, by every system."""
        return [row[5] for row in self.picture()["said"] if (row[0], row[2], row[4]) == (order, kind, field)]
