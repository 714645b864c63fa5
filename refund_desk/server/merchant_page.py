"""The page on which a merchant answers: plain HTML without a script, one form, words of the catalogue.

Everything from outside is text: escaped, with its controls visible. The page may load nothing, run nothing,
stand in no frame, and tells no other place where it was opened from.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Final

from refund_desk.service.merchants import ANSWERS, Question
from refund_desk.service.ports.exports import Catalogue

LANGUAGES: Final = ("zh", "en")
_OWN_NAMES: Final[Mapping[str, str]] = {"zh": "中文", "en": "English"}
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#1b2430;background:#f5f6f8;margin:0}"
    "main{max-width:42em;margin:2em auto;padding:1.5em 2em;background:#fff;border:1px solid #e3e6eb;border-radius:8px}"
    "h1{font-size:1.3em;margin:0 0 .5em}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25em 1em;margin:0}"
    "dt{color:#5c6673}dd{margin:0}blockquote{margin:1em 0;padding:.75em 1em;background:#f0f2f5;border-radius:6px;"
    "white-space:pre-wrap;overflow-wrap:anywhere}fieldset{border:0;padding:0;margin:0 0 1em}legend,label.words{"
    "font-weight:600;display:block;margin-bottom:.25em;padding:0}fieldset label{display:block;padding:.25em 0}"
    "textarea{box-sizing:border-box;width:100%;min-height:8em;font:inherit;padding:.5em;border:1px solid #8a929c;"
    "border-radius:6px}button{font:inherit;padding:.5em 1.5em;border:0;border-radius:6px;background:#2f5fd0;color:#fff}"
    ":focus-visible{outline:2px solid #2f5fd0;outline-offset:2px}.problem{color:#b02a24;font-weight:600}"
    "nav{text-align:right;font-size:.9em}"
)
_STYLE_HASH: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


def language_of(wanted: str | None, accepted: str) -> str:
    """zh or en: what the page was asked for in, else what the browser prefers, else Chinese."""
    if wanted in LANGUAGES:
        return wanted
    for part in accepted.lower().split(",")[:10]:
        name = part.partition(";")[0].strip().partition("-")[0]
        if name in LANGUAGES:
            return name
    return "zh"


def ask_page(asked: Question, words: Catalogue, *, problem: str = "", said: str = "", text: str = "") -> str:
    """The question with its form; what was typed stands in it again where there is a problem."""
    rows = {"case": asked.ref, "order": asked.order, "until": words.formats.full(asked.until)}
    known = "".join(f"<dt>{_tr(words, name)}</dt><dd>{_text(words, value)}</dd>" for name, value in rows.items())
    choices = "".join(
        f'<label><input type="radio" name="said" value="{one}" required{" checked" if one == said else ""}> '
        f"{_tr(words, one)}</label>"
        for one in ANSWERS
    )
    shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    form = (
        f'<form method="post" action="?lang={words.language}" accept-charset="utf-8">'
        f"<fieldset><legend>{_tr(words, 'answer')}</legend>{choices}</fieldset>"
        f'<p><label class="words" for="text">{_tr(words, "words")}</label>'
        f'<textarea id="text" name="text" required maxlength="10000">{escape(text)}</textarea></p>'
        f"<p><button>{_tr(words, 'send')}</button></p></form>"
    )
    body = f"<dl>{known}</dl><blockquote>{_text(words, asked.text)}</blockquote>{shown}{form}"
    return _page(words, _tr(words, "title"), body + f"<p>{_tr(words, 'once')}</p>")


def said_page(words: Catalogue) -> str:
    """Thanks: the answer is with the desk."""
    return _page(words, _tr(words, "thanks"), f"<p>{_tr(words, 'arrived')}</p>")


def failed_page(error: str, words: Catalogue) -> str:
    """Why there is nothing to answer here."""
    return _page(words, _tr(words, "title"), f'<p class="problem">{escape(error)}</p>')


def _page(words: Catalogue, title: str, body: str) -> str:
    other = next(one for one in LANGUAGES if one != words.language)
    switch = f'<nav><a href="?lang={other}" hreflang="{other}" lang="{other}">{_OWN_NAMES[other]}</a></nav>'
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><main>{switch}<h1>{title}</h1>{body}</main></body></html>"
    )


def _tr(words: Catalogue, name: str) -> str:
    return escape(words.tr(f"merchant_page.{name}"))


def _text(words: Catalogue, text: str) -> str:
    return escape(words.plain(text))
