"""Secrets of connections: in the system's keyring, or, where there is none, in files that this user alone can read.

The files lie under the key directory, beside the signing keys and outside every data directory: a copy of the
database has no secret in it. A key directory that was named by hand is where they are kept, whatever
keyring there is.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from refund_desk.domain.errors import Invalid, Unavailable

LONGEST: Final = 8192
_REF: Final = re.compile(r"[a-z0-9_-]{1,40}/[a-z_]{1,40}/[0-9a-f]{32}\Z")


def _new_ref(owner: str, value: str) -> str:
    if not value or len(value) > LONGEST or "\0" in value:
        raise Invalid("secret.bad", limit=LONGEST)
    return f"{owner}/{secrets.token_hex(16)}"


def _checked(ref: str) -> str:
    """References come from a change somebody proposed: nothing but ours becomes a path."""
    if not _REF.match(ref):
        raise Unavailable("secret.missing")
    return ref


class FileVault:
    """One file a secret, mode 0600, in a directory of mode 0700."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def _path(self, ref: str) -> Path:
        return self._directory / _checked(ref).replace("/", ".")

    def put(self, owner: str, value: str) -> str:
        ref = _new_ref(owner, value)
        path = self._path(ref)
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Unavailable("secret.unwritable", why=error.strerror or type(error).__name__) from None
        return ref

    def get(self, ref: str) -> str:
        """The secret. A file that others may read was read by others: it counts as told."""
        path = self._path(ref)
        try:
            mode = path.stat().st_mode
            value = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise Unavailable("secret.missing") from None
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise Unavailable("secret.exposed", path=str(path))
        return value

    def drop(self, ref: str) -> None:
        with suppress(OSError):
            self._path(ref).unlink()

    def exposed(self) -> list[str]:
        """Paths of secrets that others may read: checked at start."""
        if os.name != "posix" or not self._directory.is_dir():
            return []
        return [str(path) for path in sorted(self._directory.iterdir()) if stat.S_IMODE(path.stat().st_mode) & 0o077]


class KeyringVault:
    """The system's keyring, under a name of this desk's own."""

    def __init__(self, keyring: Any, service: str) -> None:
        self._keyring, self._service = keyring, service

    def put(self, owner: str, value: str) -> str:
        ref = _new_ref(owner, value)
        self._asked("set_password", ref, value)
        return ref

    def get(self, ref: str) -> str:
        found = self._asked("get_password", _checked(ref))
        if found is None:
            raise Unavailable("secret.missing")
        return str(found)

    def drop(self, ref: str) -> None:
        with suppress(Unavailable):
            self._asked("delete_password", _checked(ref))

    def _asked(self, what: str, *given: str) -> Any:
        """Locked, cancelled, gone: one error, without what was asked."""
        try:
            return getattr(self._keyring, what)(self._service, *given)
        except Exception as error:
            raise Unavailable("secret.keyring", why=type(error).__name__) from None


class LazyVault:
    """Looks for a keyring when a secret is first asked for: most starts of a desk ask for none."""

    def __init__(self, directory: Path, service: str, *, by_hand: bool) -> None:
        self._directory, self._service, self._by_hand = directory, service, by_hand
        self._found: FileVault | KeyringVault | None = None

    def _vault(self) -> FileVault | KeyringVault:
        if self._found is None:
            ring = None if self._by_hand else _keyring()
            self._found = FileVault(self._directory) if ring is None else KeyringVault(ring, self._service)
        return self._found

    def put(self, owner: str, value: str) -> str:
        return self._vault().put(owner, value)

    def get(self, ref: str) -> str:
        return self._vault().get(ref)

    def drop(self, ref: str) -> None:
        self._vault().drop(ref)

    def check(self) -> None:
        """At start: no secret that was ever kept in a file may be readable by others. Raises Unavailable."""
        for path in FileVault(self._directory).exposed():
            raise Unavailable("secret.exposed", path=path)


def _keyring() -> Any:
    """The system's keyring; None where there is none, or none that can be used here."""
    import keyring

    try:
        found = keyring.get_keyring()
        return found if found.priority > 0.5 else None  # below: backends that only say no, or keep plain text
    except Exception:
        return None
