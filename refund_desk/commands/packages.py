"""A dossier's zip as `audit verify` reads it: never unpacked, nothing read beyond a size, no name twice."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from refund_desk.domain.errors import Invalid

MOST = 2 * 1024**3
"""Bytes of one file: what is larger was made to fill a disk or a memory."""


def is_zip(path: Path) -> bool:
    """By its first bytes; an exported log that holds a zip's end somewhere is none."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Raises Invalid `audit.dossier_malformed`."""
    try:
        with zipfile.ZipFile(path) as file:
            names = file.namelist()
            if len(set(names)) != len(names):
                raise Invalid("audit.dossier_malformed")  # readers differ on which of two counts
            yield Package(file)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise Invalid("audit.dossier_malformed") from None


class Package:
    """Fills the port of the same name."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def names(self) -> Sequence[str]:
        return self._file.namelist()

    def digest(self, name: str) -> str:
        found = hashlib.sha256()
        with self._open(name, MOST) as stream:
            while piece := stream.read(1024 * 1024):
                found.update(piece)
        return found.hexdigest()

    def read(self, name: str, most: int) -> bytes:
        with self._open(name, most) as stream:
            return stream.read(most + 1)

    def _open(self, name: str, most: int) -> IO[bytes]:
        try:
            about = self._file.getinfo(name)
        except KeyError:
            raise Invalid("audit.dossier_malformed") from None
        if about.file_size > most:
            raise Invalid("audit.dossier_malformed")
        return self._file.open(about)
