"""Papers that people read: laid out by an engine from data alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Block = Mapping[str, Any]
"""What stands in a section: {kind: fields | table | messages | images | bars | heading | text | mono, …}, all worded.
The shapes are those of `domain.papers`."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, which is a bookmark too, and what stands below it. page: it begins one."""

    title: str
    blocks: Sequence[Block]
    page: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """images: bytes of JPEG or PNG by the name that a block of images gives."""

    title: str
    subtitle: str
    mark: str
    footer: str
    language: str
    at: datetime
    sections: Sequence[Section]
    images: Mapping[str, bytes] = field(default_factory=dict)
    keywords: Sequence[str] = ()


class Printer(Protocol):
    """Filled by `engines.papers`."""

    def __call__(self, paper: Paper, *, most: int | None = None) -> bytes:
        """A PDF/A. most: bytes it may have at most, pictures made smaller for it. Raises TooLarge `paper.too_large`."""
