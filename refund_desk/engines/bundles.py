"""Read a bundle, a directory or a zip, as a stranger's: nothing is extracted, nothing climbs out.

Lines of `cases.jsonl` and files of `evidence/` are streamed; memory stays constant however long the
file is. What a header claims is never believed: bytes are counted while they are read.
"""

from __future__ import annotations

import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Protocol, Self

from refund_desk.domain.errors import DeskError, Invalid, NotFound, TooLarge
from refund_desk.domain.evidence import MAX_EVIDENCE_BYTES, path_problem

CASES: Final = "cases.jsonl"
MAX_LINE: Final = 4 * 1024 * 1024
KEPT_OF_LONG_LINE: Final = 64 * 1024
MAX_ENTRIES: Final = 200_000
MAX_DIRECTORY_BYTES: Final = 24 * 1024 * 1024
MAX_UNPACKED: Final = 64 * 1024**3
MAX_RATIO: Final = 200
RATIO_FROM: Final = 32 * 1024 * 1024
"""Below this many unpacked bytes an entry may be as repetitive as it likes."""
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line of cases.jsonl without its end. `length`: its bytes; more than `raw` has if it was cut."""

    number: int
    raw: bytes
    length: int

    @property
    def cut(self) -> bool:
        return self.length > len(self.raw)


class Bundle(Protocol):
    """What an import reads. `size` is the bytes of cases.jsonl as stored, `position` how many were read."""

    name: str
    size: int
    position: int

    def lines(self) -> Iterator[Line]:
        """Lines in order, blank ones left out. Invalid where the file as a whole can't be read."""

    def read(self, file: str) -> bytes:
        """The bytes of an evidence file. NotFound, Invalid or TooLarge with an `evidence.…` code."""


def split_lines(read: Callable[[int], bytes], limit: int = MAX_LINE) -> Iterator[Line]:
    """Cut a byte stream into lines. A longer one than `limit` is passed on with its beginning alone."""
    number, held, length = 1, bytearray(), 0
    while chunk := read(_CHUNK):
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            yield from _line(number, held, length, chunk[start:end], limit)
            number, held, length, start = number + 1, bytearray(), 0, end + 1
        rest = chunk[start:]
        length += len(rest)
        if len(held) <= limit:
            held += rest
    yield from _line(number, held, length, b"", limit)


def _line(number: int, held: bytearray, length: int, tail: bytes, limit: int) -> Iterator[Line]:
    length += len(tail)
    if length > limit + 1:  # one more for a carriage return
        yield Line(number, bytes((held + tail)[: min(KEPT_OF_LONG_LINE, limit)]), length)
        return
    raw = bytes(held + tail).removesuffix(b"\r")
    if number == 1:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
    if raw.strip():
        yield Line(number, raw, len(raw))


def _checked(file: str) -> None:
    if code := path_problem(file):
        raise Invalid(code, file=file[:200])


def _first_bytes(head: bytes) -> None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[:4] == b"\0\0\xfe\xff":
        raise Invalid("bundle.not_utf8")


class _Stream:
    """Reads on, counting; looks at the first bytes for an encoding that is not ours."""

    def __init__(self, source: IO[bytes], count: Callable[[int], None]) -> None:
        self._source, self._count, self._begun = source, count, False

    def read(self, size: int) -> bytes:
        chunk = self._source.read(size)
        if not self._begun:
            self._begun = True
            _first_bytes(chunk[:4])
        self._count(len(chunk))
        return chunk


class DirectoryBundle:
    """A bundle in a directory. Only regular files that lie in it, by no symbolic link."""

    def __init__(self, root: Path) -> None:
        self.name, self.position = root.name, 0
        self._root = root.resolve(strict=True)
        if not (self._root / CASES).is_file():
            raise Invalid("bundle.no_cases", file=CASES)
        self.size = (self._root / CASES).stat().st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None

    def _open(self, file: str) -> IO[bytes]:
        path = self._root / file
        try:
            resolved = path.resolve(strict=True)
        except (OSError, RuntimeError):  # missing, a loop of links
            raise NotFound("evidence.missing", file=file) from None
        if resolved != path:
            raise Invalid("evidence.path_link", file=file)
        try:
            # Not blocking: a pipe laid where a file should be must not hold the import.
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError:
            raise NotFound("evidence.missing", file=file) from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise Invalid("evidence.path_link", file=file)
        return os.fdopen(handle, "rb")

    def lines(self) -> Iterator[Line]:
        self.position = 0
        with self._open(CASES) as source:
            yield from split_lines(_Stream(source, self._read_on).read)

    def _read_on(self, count: int) -> None:
        self.position += count

    def read(self, file: str) -> bytes:
        _checked(file)
        with self._open(file) as source:
            data = source.read(MAX_EVIDENCE_BYTES + 1)
        if len(data) > MAX_EVIDENCE_BYTES:
            raise TooLarge("evidence.too_large", file=file, bytes=len(data))
        return data


class ZipBundle:
    """A bundle in a zip: plain or deflated entries, no password, zips inside it stay closed."""

    def __init__(self, path: Path) -> None:
        self.name, self.position = path.name, 0
        _check_directory(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise Invalid("bundle.broken", file=path.name) from None
        try:
            self._entries = self._index()
        except DeskError:
            self._zip.close()
            raise
        self.size = self._cases.compress_size
        self._unpacked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()

    def _index(self) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        if len(infos) > MAX_ENTRIES:
            raise TooLarge("bundle.too_many_files", limit=MAX_ENTRIES)
        _each_once(infos)
        named = [(name, info) for info in infos for name in _names(info)]
        homes = {name.removesuffix(CASES) for name, _ in named if name.rsplit("/", 1)[-1] == CASES}
        homes = {home for home in homes if home.count("/") <= 1 and not home.startswith("__MACOSX")}
        if not homes:
            raise Invalid("bundle.no_cases", file=CASES)
        home = min(homes, key=len)
        inside = {name.removeprefix(home): info for name, info in named if name.startswith(home)}
        self._cases = inside[CASES]
        for info in infos:
            if info.flag_bits & 0x1:
                raise Invalid("bundle.encrypted", file=self.name)
        if sum(info.file_size for info in infos) > MAX_UNPACKED:
            raise TooLarge("bundle.too_large", limit=MAX_UNPACKED)
        return inside

    def _open(self, info: zipfile.ZipInfo) -> IO[bytes]:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Invalid("bundle.compression", file=self.name)
        return self._zip.open(info)

    def lines(self) -> Iterator[Line]:
        self.position = read = 0
        info = self._cases

        def count(size: int) -> None:
            nonlocal read
            read += size
            _check_ratio(read, info)
            self._count(size)
            self.position = min(info.compress_size, read * info.compress_size // max(1, info.file_size))

        try:
            with self._open(info) as source:
                yield from split_lines(_Stream(source, count).read)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise Invalid("bundle.broken", file=CASES) from None

    def _count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > MAX_UNPACKED:
            raise TooLarge("bundle.too_large", limit=MAX_UNPACKED)

    def read(self, file: str) -> bytes:
        _checked(file)
        info = self._entries.get(file) or self._entries.get(unicodedata.normalize("NFC", file))
        if info is None or info.is_dir():
            raise NotFound("evidence.missing", file=file)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Invalid("evidence.path_link", file=file)
        if info.file_size > MAX_EVIDENCE_BYTES:
            raise TooLarge("evidence.too_large", file=file, bytes=info.file_size)
        try:
            with self._open(info) as source:
                data = self._whole(source, info, file)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise Invalid("evidence.broken", file=file) from None
        return data

    def _whole(self, source: IO[bytes], info: zipfile.ZipInfo, file: str) -> bytes:
        data = bytearray()
        while chunk := source.read(_CHUNK):
            data += chunk
            self._count(len(chunk))
            _check_ratio(len(data), info)
            if len(data) > MAX_EVIDENCE_BYTES:
                raise TooLarge("evidence.too_large", file=file, bytes=len(data))
        return bytes(data)


def _check_ratio(read: int, info: zipfile.ZipInfo) -> None:
    if read > RATIO_FROM and read > MAX_RATIO * max(1, info.compress_size):
        raise TooLarge("bundle.bomb", ratio=MAX_RATIO)


def _each_once(infos: list[zipfile.ZipInfo]) -> None:
    """Of two entries by one name each reader takes another: we take none."""
    seen: set[str] = set()
    for info in infos:
        if info.filename in seen and not info.is_dir():
            raise Invalid("bundle.duplicate_name", file=info.filename[:200])
        seen.add(info.filename)


def _names(info: zipfile.ZipInfo) -> set[str]:
    """The names an entry may be meant by. Without the UTF-8 flag, writers used what their system spoke."""
    names = {info.filename, unicodedata.normalize("NFC", info.filename)}
    if info.flag_bits & 0x800 or info.filename.isascii():
        return names
    raw = info.filename.encode("cp437", errors="ignore")
    for encoding in ("utf-8", "gb18030"):
        try:
            names.add(unicodedata.normalize("NFC", raw.decode(encoding)))
        except UnicodeDecodeError:
            continue
        break
    return names


_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")


def _check_directory(path: Path) -> None:
    """Refuse a zip whose table of contents alone would fill the memory, before anything reads it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + _END.size:
            raise Invalid("bundle.broken", file=path.name)
        directory = _END.unpack_from(tail, at)[5]
        locator = tail[max(0, at - 20) : at]
        if locator[:4] == b"PK\x06\x07":
            # Where it says it is, and right before itself: readers differ, the larger answer counts.
            for where in (struct.unpack_from("<Q", locator, 8)[0], size - len(tail) + at - 20 - _END64.size):
                file.seek(max(0, min(size, where)))
                end = file.read(_END64.size)
                if len(end) == _END64.size and end[:4] == b"PK\x06\x06":
                    directory = max(0 if directory == 0xFFFFFFFF else directory, _END64.unpack(end)[8])
    if directory > MAX_DIRECTORY_BYTES:
        raise TooLarge("bundle.too_many_files", limit=MAX_ENTRIES)


def open_bundle(path: Path) -> AbstractContextManager[DirectoryBundle | ZipBundle]:
    """Open a directory or zip. NotFound, Invalid or TooLarge with a `bundle.…` code."""
    if path.is_dir():
        return DirectoryBundle(path)
    if not path.is_file():
        raise NotFound("bundle.missing", file=path.name)
    return ZipBundle(path)
