"""One tokenisation for search, on both databases and for both languages.

Words are lower-cased runs of letters and digits. Chinese, Japanese and Korean have no spaces: each
run of such characters gives its single characters' pairs (bigrams), so that a two-character name is
found whole; a lone character stands for itself. Long numbers are also findable by their last four.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(
    r"[0-9a-z\u00c0-\u024f\u0370-\u1fff]+|[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_CJK_FROM = "\u2e80"


def _is_cjk(word: str) -> bool:
    return word[0] >= _CJK_FROM and not ("\u1e00" <= word[0] <= "\u1fff")


def tokens(text: str) -> list[str]:
    """Tokens of a text, in order, without repeats."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    out: dict[str, None] = {}
    for word in _WORD.findall(folded):
        if _is_cjk(word):
            pairs = [word[i : i + 2] for i in range(len(word) - 1)] or [word]
            out.update(dict.fromkeys(pairs))
        else:
            out[word] = None
            if len(word) >= 8 and word[-4:].isdigit():
                out[word[-4:]] = None
    return list(out)


def query_tokens(text: str) -> list[str]:
    """Tokens that a document must all have to match. Pairs that overlap are all asked for: order is implied."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    out: dict[str, None] = {}
    for word in _WORD.findall(folded):
        if _is_cjk(word):
            out.update(dict.fromkeys([word[i : i + 2] for i in range(len(word) - 1)] or [word]))
        else:
            out[word] = None
    return list(out)
