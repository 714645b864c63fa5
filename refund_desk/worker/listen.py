"""Hears commits of other processes on PostgreSQL, by LISTEN."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg


class Listener:
    """One connection that waits; `heard` is called on its thread."""

    def __init__(self, url: str, heard: Callable[[], None]) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://")
        self._heard = heard
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk-listen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    connection.execute("LISTEN refund_desk")
                    while not self._stopping.is_set():
                        for _ in connection.notifies(timeout=1.0, stop_after=1):
                            self._heard()
            except psycopg.Error:
                # The database went away for a moment: what was missed is caught up with on reconnect.
                self._stopping.wait(1.0)
                self._heard()
