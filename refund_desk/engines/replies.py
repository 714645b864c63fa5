"""Texts to customers from templates that are data, in the customer's language.

A template is text with `{name}` places and lines that stand only where a value is there
(`?name: text`). Values are put in as text: nothing in them is ever read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from babel.core import Locale
from babel.numbers import format_currency

from refund_desk.domain.money import Money, decimal_text
from refund_desk.engines import resources

FILE = "templates/replies.yaml"
LOCALES = {"zh": "zh_CN", "en": "en_GB", "de": "de_DE", "pt": "pt_BR", "fr": "fr_FR", "es": "es_ES", "ja": "ja_JP"}
_PLACE = re.compile(r"\{([a-z_]+)\}")
_IF = re.compile(r"\?([a-z_]+)(?:=([a-z_]+))?: ?")


class FileReplies:
    """Fills the port `Replies` from resources/templates. Other languages than zh and en are answered in English."""

    def render(self, template: str, language: str, values: Mapping[str, Any]) -> str:
        """The text. An unknown template is our own mistake: KeyError."""
        spoken = "zh" if language.startswith("zh") else "en"
        text = _file()["replies"][template]["text"][spoken]
        shown = {name: _shown(value, language) for name, value in values.items()}
        shown["reason"] = shown.get(f"reason_{spoken}", "")
        lines = [line for raw in text.splitlines() if (line := _line(raw, shown)) is not None]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def offered(self, progress: str) -> list[tuple[str, Mapping[str, str]]]:
        """Templates a person may reply with in this state, in the file's order."""
        return [
            (key, one["label"])
            for key, one in _file()["replies"].items()
            if "label" in one and (progress in one.get("when", [progress]))
        ]


def _line(raw: str, values: Mapping[str, str]) -> str | None:
    condition = _IF.match(raw)
    if condition:
        value = values.get(condition.group(1), "")
        wanted = condition.group(2)
        if not value or (wanted and value != wanted):
            return None
        raw = raw[condition.end() :]
    return _PLACE.sub(lambda place: values.get(place.group(1), ""), raw)


def _shown(value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        locale = LOCALES.get(language.split("-")[0], "en_GB")
        money = Money(int(value["minor"]), str(value["currency"]))
        return format_currency(decimal_text(money), money.currency, locale=Locale.parse(locale))
    if isinstance(value, list | tuple):
        return "\n".join(f"{number}. {one}" for number, one in enumerate(value, 1))
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None or value == 0 else str(value)


@lru_cache(maxsize=1)
def _file() -> Any:
    return resources.read_yaml(FILE)
