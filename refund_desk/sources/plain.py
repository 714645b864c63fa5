"""HTML as plain text. Nothing is loaded, run or kept of it but words: no picture, no script, no style.

Where a link says another thing than it leads to, where it leads to is written beside it.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_SILENT: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "iframe"}
)
_BREAKS: Final = frozenset(
    {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "hr"}
)
_VOID: Final = frozenset({"br", "hr", "img", "input", "meta", "link"})
MOST: Final = 200_000


class _Words(HTMLParser):
    """Collects words. Mail is written badly: what isn't closed ends with its document."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._silent = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.out.append("\n")
        elif tag == "td":
            self.out.append(" ")
        if tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.out)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.out.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS and tag not in _VOID:
            self.out.append("\n")
        if tag == "a" and self._links:
            self._link(*self._links.pop())

    def _link(self, target: str, since: int) -> None:
        said = "".join(self.out[since:]).strip()
        if target.startswith(("http://", "https://")) and target not in said and not self._silent:
            self.out.append(f" ({target[:500]})")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.out.append(data)


def from_html(text: str) -> str:
    """The words of an HTML text, its blocks as lines; empty where it has none."""
    words = _Words()
    words.feed(text[:MOST])
    words.close()
    lines = (" ".join(line.split()) for line in "".join(words.out).split("\n"))
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()
