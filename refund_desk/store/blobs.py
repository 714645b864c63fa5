"""Evidence on disk: by SHA-256 of the original bytes, encrypted under the key of whoever it is about.

Layout below the root: `<scope>/<first two of the digest>/<digest>[.<rendition>]`. A scope is derived
from a customer's secret, so nobody can tell from the disk whose it is, and a secret that never got
committed leaves nothing that another customer could meet. What belongs to no customer lies in the
desk's own scope; its key is a file beside, readable by this user alone.

Erasing a customer drops the scope; whatever a backup still holds can't be read without the secret.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from refund_desk.domain.errors import NotFound, Unavailable

_NONCE: Final = 12
_KEY_FILE: Final = "desk.key"


class BlobStore:
    """Files by digest under a root directory (made at first use, mode 0700)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, secret: bytes | None, data: bytes) -> bytes:
        """Keep original bytes; returns their SHA-256 (32 bytes). On disk and synced when it returns."""
        digest = hashlib.sha256(data).digest()
        self._write(self._path(secret, digest), secret, digest.hex(), data)
        return digest

    def has(self, secret: bytes | None, digest: bytes) -> bool:
        """The original is there; files appear whole or not at all."""
        return self._path(secret, digest).is_file()

    def get(self, secret: bytes | None, digest: bytes) -> bytes:
        """The original bytes. NotFound `blob.missing`; Unavailable `blob.damaged` if they are not what was kept."""
        data = self._read(self._path(secret, digest), secret, digest.hex())
        if hashlib.sha256(data).digest() != digest:
            raise Unavailable("blob.damaged", sha256=digest.hex())
        return data

    def put_rendition(self, secret: bytes | None, digest: bytes, name: str, data: bytes) -> None:
        """Keep a rendition (`thumb`, `screen`, `full`) of the original with that digest."""
        self._write(self._path(secret, digest, name), secret, f"{digest.hex()}.{name}", data, sync=False)

    def rendition(self, secret: bytes | None, digest: bytes, name: str) -> bytes:
        """A rendition's bytes, JPEG or PNG. NotFound while there is none."""
        return self._read(self._path(secret, digest, name), secret, f"{digest.hex()}.{name}")

    def has_rendition(self, secret: bytes | None, digest: bytes, name: str) -> bool:
        return self._path(secret, digest, name).is_file()

    def forget(self, secret: bytes) -> None:
        """Drop everything of a customer, renditions included."""
        shutil.rmtree(self._scope(secret), ignore_errors=True)

    def keep_aside(self, folder: str, name: str, data: bytes) -> None:
        """Keep a file of a quarantined record until it is taken or dropped. `folder`: hex of its digest."""
        self._write(self._aside(folder) / _hashed(name), None, f"{folder}/{name}", data)

    def aside(self, folder: str, name: str) -> bytes:
        """A file kept aside. NotFound `evidence.missing`."""
        try:
            return self._read(self._aside(folder) / _hashed(name), None, f"{folder}/{name}")
        except NotFound:
            raise NotFound("evidence.missing", file=name) from None

    def drop_aside(self, folder: str) -> None:
        shutil.rmtree(self._aside(folder), ignore_errors=True)

    def _aside(self, folder: str) -> Path:
        return self._root / "aside" / folder

    def _scope(self, secret: bytes | None) -> Path:
        if secret is None:
            return self._root / "desk"
        return self._root / _derive(secret, b"scope").hex()[:32]

    def _path(self, secret: bytes | None, digest: bytes, name: str = "") -> Path:
        text = digest.hex()
        return self._scope(secret) / text[:2] / (f"{text}.{name}" if name else text)

    def _cipher(self, secret: bytes | None) -> AESGCM:
        return AESGCM(_derive(self._own_key() if secret is None else secret, b"blobs"))

    def _own_key(self) -> bytes:
        path = self._root / _KEY_FILE
        self._folder(self._root)
        with contextlib.suppress(FileExistsError):
            fresh = _temporary(self._root, os.urandom(32), sync=True)
            try:
                os.link(fresh, path)  # the first process wins; nobody ever sees half a key
            finally:
                fresh.unlink()
        return path.read_bytes()

    def _folder(self, path: Path) -> None:
        """Make a folder and those above it up to the root; a plain `parents=True` would leave those open."""
        if path.is_dir():
            return
        if path != self._root:
            self._folder(path.parent)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _write(self, path: Path, secret: bytes | None, label: str, data: bytes, *, sync: bool = True) -> None:
        self._folder(path.parent)
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher(secret).encrypt(nonce, data, label.encode())
        temporary = _temporary(path.parent, sealed, sync=sync)
        temporary.replace(path)
        if sync:
            _sync_directory(path.parent)

    def _read(self, path: Path, secret: bytes | None, label: str) -> bytes:
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            raise NotFound("blob.missing", sha256=label) from None
        try:
            return self._cipher(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], label.encode())
        except (InvalidTag, ValueError):
            raise Unavailable("blob.damaged", sha256=label) from None


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, b"refund-desk/" + purpose, hashlib.sha256).digest()


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _temporary(folder: Path, data: bytes, *, sync: bool) -> Path:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        if sync:
            os.fsync(file.fileno())
    return Path(name)


def _sync_directory(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
