"""`refund-desk audit …` on the desk of this machine: what the commands of `audit` stand on."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from typing import Any

from refund_desk import __version__, wiring
from refund_desk.commands.audit import audit_app
from refund_desk.commands.calling import os_user
from refund_desk.commands.printing import words
from refund_desk.domain.errors import Unavailable
from refund_desk.domain.people import Principal
from refund_desk.engines import signing
from refund_desk.service.ports.audit import AuditReader
from refund_desk.settings import Settings
from refund_desk.store.audit_places import is_database, open_place


class Here:
    """Fills `audit.Doors`. Nothing is opened but what a command asks for."""

    version = __version__

    def __init__(self) -> None:
        self._settings = Settings()

    def verify_note(self, note: str, vkey: str) -> str:
        return signing.verify_note(note, vkey)

    def here(self) -> str:
        return str(self._settings.data_dir)

    def trusted_key(self) -> str | None:
        """The one that is set, else the key of this machine's own desk."""
        return self._settings.trusted_key or wiring.own_vkey(self._settings.data_dir, self._settings)

    def is_database(self, place: str) -> bool:
        return is_database(place)

    def open_place(self, place: str) -> AbstractContextManager[tuple[AuditReader, list[str]]]:
        return open_place(place, self._settings.data_dir)

    def record(self, action: str, case: str | None = None) -> None:
        if wiring.is_empty(self._settings.data_dir):
            raise Unavailable("audit.no_database", path=self.here())  # opening it would make one
        name = os_user()
        who = Principal(0, 0, name, operator=f"local-operator:{name}")
        parts = wiring.Parts(worker=False)
        with closing(wiring.embedded(self._settings.data_dir, self._settings, parts)) as house, house.write() as work:
            work.audit(action, who, case)

    def now(self) -> str:
        return wiring.utc_now().isoformat()

    def tr(self, key: str, **params: Any) -> str:
        return words().tr(key, **params)


app = audit_app(Here)
