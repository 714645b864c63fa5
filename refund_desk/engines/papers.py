"""Papers as PDF/A (typst): the template is ours, everything in it is data, every font is embedded.

Chinese comes from the system's fonts, or from the packaged one where it has none. What no font has is shown by its
number: a PDF/A can't hold a glyph that isn't there.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import typst

from refund_desk.domain.errors import Invalid, TooLarge
from refund_desk.engines import resources
from refund_desk.service.ports.papers import Paper

STANDARD: Final = "a-2b"
# Best first, as in the window.
PREFERRED: Final = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
)
MONO: Final = "DejaVu Sans Mono"  # inside typst
_LACKING = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
TRIES: Final = 40
EDGES: Final = (1600, 1200, 900, 700, 500, 350)
"""Longest edges in pixels that pictures are brought to, one after the other, until a paper is small enough."""


def print_paper(paper: Paper, *, most: int | None = None) -> bytes:
    """Fills `Printer`."""
    for images in _sizes(paper.images, most):
        made = _compile(paper, images)
        if most is None or len(made) <= most:
            return made
    raise TooLarge("paper.too_large", limit=most, bytes=len(made))


def _compile(paper: Paper, images: dict[str, bytes]) -> bytes:
    """The PDF, with what no font has made visible; each try takes out one more range of characters.

    The compiler sees one directory of its own, and nothing beside it.
    """
    fonts, families = _fonts()
    said = json.dumps(_data(paper, families), ensure_ascii=False)
    with tempfile.TemporaryDirectory(prefix="paper-") as folder:
        root = Path(folder)
        main = root / "main.typ"
        main.write_bytes(resources.path("templates/paper.typ").read_bytes())
        for name, data in images.items():
            (root / name).write_bytes(data)
        for _ in range(TRIES):
            (root / "paper.json").write_text(said, "utf-8", "backslashreplace")
            try:
                return _typeset(main, root, fonts, paper)
            except typst.TypstError as error:
                said = _without(said, str(error))
    raise Invalid("paper.unprintable")


def _typeset(main: Path, root: Path, fonts: list[str], paper: Paper) -> bytes:
    made = typst.compile(
        str(main),
        root=str(root),
        format="pdf",
        font_paths=fonts,
        pdf_standards=[STANDARD],
        timestamp=int(paper.at.timestamp()),
    )
    assert isinstance(made, bytes)
    return made


def _without(said: str, why: str) -> str:
    """The data without the range of characters that no font has. Raises Invalid for any other mistake."""
    found = _LACKING.search(why)
    if found is None:
        raise Invalid("paper.unprintable", why=why[:300])
    lacking = _ESCAPED.sub(lambda one: chr(int(one[1], 16)), found[1])
    blocks = {ord(char) // 128 for char in lacking if ord(char) >= 128}
    single = {char for char in lacking if ord(char) < 128}
    made = "".join(f"⟦U+{ord(c):04X}⟧" if ord(c) // 128 in blocks or c in single else c for c in said)
    for char in single:  # controls stand escaped in JSON
        made = made.replace(f"\\u{ord(char):04x}", f"⟦U+{ord(char):04X}⟧")
    if made == said:
        raise Invalid("paper.unprintable", why=why[:300])
    return made


def _data(paper: Paper, families: list[str]) -> dict[str, Any]:
    return {
        "title": paper.title,
        "subtitle": paper.subtitle,
        "mark": paper.mark,
        "footer": paper.footer,
        "author": "Refund Desk",
        "keywords": list(paper.keywords),
        "language": paper.language,
        "fonts": families,
        "mono": [MONO, *families],
        "sections": [{"title": s.title, "page": s.page, "blocks": list(s.blocks)} for s in paper.sections],
    }


@lru_cache(maxsize=1)
def _fonts() -> tuple[list[str], list[str]]:
    """Directories to look in besides the system's, and families, best first."""
    system = set(typst.Fonts().families())
    named = [name for name in PREFERRED if name in system][:1]
    if named:
        return [], [*named, "DejaVu Sans"]
    spec = find_spec("manimgx_fonts_cjk")
    if spec is None or spec.origin is None:
        raise Invalid("paper.no_font")
    return [str(Path(spec.origin).parent)], ["Noto Sans CJK SC", "DejaVu Sans"]


def _sizes(images: Mapping[str, bytes], most: int | None) -> Iterator[dict[str, bytes]]:
    """The pictures as they are; where the paper has a limit, smaller and smaller ones."""
    yield dict(images)
    if most is not None and images:
        for edge in EDGES:
            yield {name: _smaller(data, edge) for name, data in images.items()}


def _smaller(data: bytes, edge: int) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:  # a rendition of ours, decoded in a child before
        small = image.convert("RGB")
        small.thumbnail((edge, edge))
        out = io.BytesIO()
        small.save(out, "JPEG", quality=72, optimize=True)
    return out.getvalue()
