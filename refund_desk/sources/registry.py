"""Every connector of this installation, found by entry point; each is imported when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import structlog

from refund_desk.domain.errors import NotFound
from refund_desk.domain.sources import Heard, Item, Page
from refund_desk.service.ports.sources import GROUP, About, Config, Connector, Known, Session

log = structlog.get_logger(__name__)
HOOK: Final = "hook"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


class Registry:
    """Fills the port `Connectors`. patience: of the calls out, for tests."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        given: Mapping[str, Connector] | None = None,
        patience: Any = None,
    ) -> None:
        self._clock, self._given, self._patience = clock, given, patience
        self._loaded: dict[str, Connector] = {}

    @cached_property
    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=GROUP) if _NAME.match(point.name)}

    def _names(self) -> list[str]:
        return sorted(self._given if self._given is not None else self._points)

    def _connector(self, name: str) -> Connector:
        if self._given is not None:
            found = self._given.get(name)
            if found is None:
                raise NotFound("source.no_connector", connector=name[:40])
            return found
        if name not in self._loaded:
            point = self._points.get(name)
            if point is None:
                raise NotFound("source.no_connector", connector=name[:40])
            self._loaded[name] = point.load()
        return self._loaded[name]

    def all(self) -> Sequence[About]:
        """Those that can be loaded: one that a company brought and broke doesn't take the others with it."""
        out = []
        for name in self._names():
            try:
                out.append(self.about(name))
            except Exception as error:
                log.error("connector.broken", connector=name, exc_info=error)
        return out

    def about(self, name: str) -> About:
        found = self._connector(name)
        hooks = any(setting.name == HOOK and setting.secret for setting in found.settings)
        return About(name, found.version, tuple(found.settings), tuple(found.streams), hooks)

    def open(
        self,
        name: str,
        system: str,
        settings: Mapping[str, Any],
        secrets: Mapping[str, str],
        *,
        quick: bool = False,
    ) -> Session:
        from refund_desk.sources.ways import Patience, Ways

        found = self._connector(name)
        ways = Ways(
            system,
            private=settings.get("private") is True,
            patience=Patience(deadline=15, tries=1) if quick else self._patience or Patience(),
            clock=self._clock,
        )
        session = found.open(Config(system, settings, secrets, self._clock, ways))
        return _Closing(session, ways.close)

    def hear(self, name: str, headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> Heard:
        return self._connector(name).hear(headers, body, secret, now)


@dataclass(frozen=True, slots=True)
class _Closing:
    """A session that lets go of its connections when it is closed, whoever wrote it."""

    session: Session
    also: Callable[[], None]

    def check(self) -> None:
        self.session.check()

    def pull(self, stream: str, cursor: Mapping[str, Any] | None, known: Known) -> Page:
        return self.session.pull(stream, cursor, known)

    def one(self, stream: str, id: str) -> Item | None:
        return self.session.one(stream, id)

    def file(self, name: str) -> bytes:
        return self.session.file(name)

    def close(self) -> None:
        try:
            self.session.close()
        finally:
            self.also()
