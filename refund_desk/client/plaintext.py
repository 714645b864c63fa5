"""Text from outside made harmless for a screen or a terminal.

Bidi controls can make "1.00" read as "00.1" and a file name end in another suffix; terminal escapes can
repaint what stands above. Both are shown as a visible mark instead of being obeyed or dropped.
"""

from __future__ import annotations

import unicodedata

_KEEP = {"\n", "\t"}
# Joiners belong to emoji and to several scripts; alone they move nothing.
_JOINERS = {"\u200c", "\u200d"}


def plain(text: str, *, lines: bool = True) -> str:
    """`text` with every control and direction mark visible, e.g. `⟦U+202E⟧`; one line if not `lines`."""
    if text.isprintable():  # holds nothing of what is hidden, in any script
        return text
    if not lines:
        text = " ".join(text.split())
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_mark(char) if _hidden(char) else char for char in text)


def _hidden(char: str) -> bool:
    if char in _KEEP or char in _JOINERS:
        return False
    # Cc controls, Cf format (bidi, zero width, tags), Co private, Cs half a pair, Zl/Zp other line ends.
    return unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def _mark(char: str) -> str:
    return f"⟦U+{ord(char):04X}⟧"
