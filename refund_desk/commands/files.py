"""Files that a command is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from refund_desk.domain.errors import Invalid, NotFound


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. NotFound `input.missing`, Invalid `input.not_utf8`."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("input.not_utf8", file=path.name) from None
    except OSError:
        raise NotFound("input.missing", file=str(path)) from None


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. NotFound `input.missing`."""
    try:
        return path.read_bytes()
    except OSError:
        raise NotFound("input.missing", file=str(path)) from None


def read_yaml(path: Path) -> Any:
    """Plain values of a YAML or JSON file. Invalid `file.not_yaml` with the line."""
    from refund_desk.engines.resources import parse_yaml

    return parse_yaml(read_text(path), path.name)
