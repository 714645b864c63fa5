"""Evidence as the rules see it: what a file is by its content, and what came of decoding it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final, Literal

MAX_EVIDENCE_BYTES: Final = 40 * 1024 * 1024
MAX_PIXELS: Final = 100_000_000
FULL_PIXELS: Final = 25_000_000
"""The largest rendition handed to a window: 100 MB of pixels in its memory."""
RENDITIONS: Final = ("thumb", "screen", "full")
"""All upright. thumb fits 160 × 160, screen 1600 × 1600 (long ones by area), full is as taken up to `FULL_PIXELS`."""

Status = Literal["waiting", "ready", "refused", "file"]

_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"MZ", "application/x-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"{\\rtf", "application/rtf"),
)
_BRANDS: Final = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
}
_ACTIVE: Final = (b"<svg", b"<!doctype html", b"<html", b"<script", b"<?xml", b"<head", b"<body", b"<iframe")
_EXTENSIONS: Final[Mapping[str, str]] = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jfif": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".heic": "image/heic",
    ".heif": "image/heic",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
}
DECODABLE: Final = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff", "image/avif"}
)
REFUSED_TYPES: Final[Mapping[str, str]] = {
    "image/heic": "evidence.unsupported",
    "image/svg+xml": "evidence.active_content",
    "text/html": "evidence.active_content",
    "application/x-executable": "evidence.active_content",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an image can't be shown: a code worded under `finding.<code>` and its values."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image after decoding. Sizes in upright pixels of the original; renditions by name, JPEG or PNG.

    exif: capture data as text; taken_at as the camera wrote it (cameras know no zone);
    edited: the picture says it was changed after capture.
    """

    width: int
    height: int
    media_type: str
    renditions: Mapping[str, bytes]
    exif: Mapping[str, str] = field(default_factory=dict)
    taken_at: str | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file is before anybody decodes it. `mislabelled`: the type its name claims, where it lies."""

    media_type: str
    status: Status
    trouble: Trouble | None = None
    mislabelled: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a record whose bytes are on disk, under the digest of what came."""

    file: str
    sha256: bytes
    size: int
    sniffed: Sniffed


def media_type(head: bytes) -> str:
    """Media type by content alone; `head` is the first bytes of the file, 4096 are enough."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    return _text_type(head)


def _text_type(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_ACTIVE):
        return "image/svg+xml" if b"<svg" in start else "text/html"
    if b"\0" in head:
        return "application/octet-stream"
    try:
        head[:-3].decode("utf-8")  # the cut may fall inside a character
    except UnicodeDecodeError as problem:
        return "text/plain" if problem.start >= len(head) - 6 else "application/octet-stream"
    return "text/plain"


def claimed_type(name: str) -> str | None:
    """The media type a file name claims; None where its ending says nothing to us."""
    return _EXTENSIONS.get(PurePosixPath(name).suffix.lower())


def sniff(name: str, head: bytes, size: int) -> Sniffed:
    """Take, refuse or leave as a file, by content; the name is only compared.

    An image under another image's ending is taken as what it is, and said. Something that claims to be
    an image and is none is refused: its bytes are kept, nothing ever draws them.
    """
    if size == 0:
        return Sniffed(claimed_type(name) or "application/octet-stream", "refused", Trouble("evidence.empty"))
    if size > MAX_EVIDENCE_BYTES:
        return Sniffed(media_type(head), "refused", Trouble("evidence.too_large", {"bytes": size}))
    found, claimed = media_type(head), claimed_type(name)
    wrong = claimed if claimed and claimed != found else None
    if code := REFUSED_TYPES.get(found):
        return Sniffed(found, "refused", Trouble(code, {"type": found}), wrong)
    if found in DECODABLE:
        return Sniffed(found, "waiting", None, wrong)
    if claimed and claimed.startswith("image/"):
        return Sniffed(found, "refused", Trouble("evidence.not_an_image", {"type": found}), wrong)
    return Sniffed(found, "file", None, wrong)


def path_problem(name: str) -> str | None:
    """Why a path inside a bundle is not acceptable, as a code; None where it is.

    Acceptable: relative, forward slashes, below `evidence/`, no step up, no drive, no control character.
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in name) or "\\" in name or ":" in name:
        return "evidence.path_unsafe"
    parts = name.split("/")
    if any(part in ("", ".", "..") or part.endswith((" ", ".")) for part in parts):
        return "evidence.path_unsafe"
    if len(parts) < 2 or parts[0] != "evidence":
        return "evidence.path_outside"
    return None
