"""The one catalogue: codes and typed parameters to sentences, for window, commands and reports. No Qt.

Files: resources/translations/<language>.d/<subject>.yaml, flat, merged. Placeholders:
`{name}` writes the value by its type (money, time, duration, code, list); `{name:spec}` by a spec:
money, time, date, moment, full, duration, left, number, percent, a vocabulary (`{who:role}` words
`role.<value>`), or `one|many` for a count (`{n} {n:case|cases}`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refund_desk.client.flatyaml import DuplicateKey, read_flat
from refund_desk.client.formats import NOTHING, Formats
from refund_desk.client.plaintext import plain
from refund_desk.client.resources import resource_dir
from refund_desk.domain.errors import DeskError

if TYPE_CHECKING:  # wire brings pydantic, which the first painted frame doesn't wait for
    from refund_desk.wire.base import Coded, Text2

log = logging.getLogger(__name__)

LANGUAGES = ("zh", "en")
PSEUDO = "qps"
PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
PREFIXES = ("error", "finding", "why", "event", "audit", "missing", "term", "quarantine", "refusal")
# Parameters whose values are members of a vocabulary, so that a service need not say it each time.
_VOCABULARY = {
    "activity": "activity",
    "aspect": "aspect",
    "clock": "clock",
    "could": "role",
    "decision": "decision",
    "field": "field",
    "kind": "kind",
    "reason": "reason",
    "role": "role",
    "roles": "role",
    "stage": "stage",
    "tender": "tender",
}
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)\Z")
_ACCENTS = str.maketrans("aceinouyACEINOUY", "áçéíñóúýÁÇÉÍÑÓÚÝ")


def load_catalogue(language: str, directory: Path | None = None) -> dict[str, str]:
    """All keys of a language, its subject files merged. DuplicateKey where two define one key."""
    if language == PSEUDO:
        return {key: pseudo(text) for key, text in load_catalogue("en", directory).items()}
    folder = (directory or resource_dir() / "translations") / f"{language}.d"
    merged: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        for key, text in read_flat(path).items():
            if key in merged:
                raise DuplicateKey(f"{key} in {path.name} is already defined")
            merged[key] = text
    return merged


def placeholders(text: str) -> set[str]:
    """Names of the placeholders of a text."""
    return {name for name, _ in PLACEHOLDER.findall(text)}


def pseudo(text: str) -> str:
    """The pseudo-locale: accented, marked at both ends, 40 % longer, placeholders untouched."""
    parts = re.split(r"(\{[^{}]*\})", text)
    body = "".join(part if part.startswith("{") else part.translate(_ACCENTS) for part in parts)
    letters = sum(len(part) for part in parts if not part.startswith("{"))
    padding = ("~~~~ " * letters)[: max(1, round(letters * 0.4) - 2)]  # in words, so that it wraps as text does
    return f"[{body}{padding}]" if letters else body


class Words:
    """The catalogue in one language. `use` switches it; nothing is cached by callers."""

    def __init__(
        self,
        language: str = "zh",
        directory: Path | None = None,
        zone: tzinfo | None = None,
        home_currency: str = "CNY",
    ) -> None:
        self._directory, self._zone, self._home = directory, zone, home_currency
        self._texts: dict[str, dict[str, str]] = {}
        self._missed: set[str] = set()
        self.use(language)

    def use(self, language: str) -> None:
        """Switch to `zh`, `en` or the pseudo-locale `qps`. ValueError for any other."""
        if language not in (*LANGUAGES, PSEUDO):
            raise ValueError(language)
        if language not in self._texts:
            self._texts[language] = load_catalogue(language, self._directory)
        self.language = language
        self._now = self._texts[language]
        base = "en" if language == PSEUDO else language
        self.formats = Formats(base, self._pattern, self._zone, self._home)

    def set_home(self, currency: str, zone: tzinfo | None = None) -> None:
        """The desk's own currency and time zone, once the service has said them."""
        self._home, self._zone = currency, zone
        self.use(self.language)

    def has(self, key: str) -> bool:
        return key in self._now

    def keys(self) -> set[str]:
        return set(self._now)

    def tr(self, key: str, /, **params: Any) -> str:
        """The sentence of `key`; a key that nobody wrote shows itself in ⟦⟧ and is logged once."""
        text = self._now.get(key)
        if text is None:
            self._miss(key)
            return f"⟦{key}⟧"
        if "{" not in text:
            return text
        return PLACEHOLDER.sub(lambda found: self._value(found[1], found[2] or "", params, found[0]), text)

    def word(self, coded: Coded | Mapping[str, Any], kind: str = "") -> str:
        """Words a Coded. `kind` is the key prefix of its type (why, event …) where the code has none."""
        code, params = _coded(coded)
        for key in (f"{kind}.{code}" if kind else code, code, *(f"{prefix}.{code}" for prefix in PREFIXES)):
            if key in self._now:
                return self.tr(key, **params)
        self._miss(f"{kind}.{code}" if kind else code)
        return f"⟦{code}⟧"

    def error(self, error: DeskError) -> str:
        """Words an error; what a bad field needs is added line by line."""
        lines = [self.word({"code": error.code, "params": error.params}, "error")]
        problems = error.params.get("problems")
        for problem in problems if isinstance(problems, list) else []:
            if isinstance(problem, Mapping) and "code" in problem:
                lines.append(f"{plain(str(problem.get('path', '')))}: {self.word(problem, 'error')}")
        return "\n".join(lines)

    def member(self, vocabulary: str, value: str | Enum | None) -> str:
        """The label of a vocabulary's member: member("reason", "damaged")."""
        if value is None:
            return NOTHING
        raw = str(value.value if isinstance(value, Enum) else value)
        key = f"{vocabulary}.{raw}"
        return self._now[key] if key in self._now else plain(raw)

    def text2(self, text: Text2) -> str:
        """Text that is data in both languages, in ours."""
        return plain(text.zh if self.language == "zh" else text.en)

    def show(self, value: Any) -> str:
        """Any value of the wire as text, by its type."""
        return self._auto("", value)

    def plain(self, text: str) -> str:
        """Text from outside, with its controls visible."""
        return plain(text)

    # ------------------------------------------------------------ inside

    def _miss(self, key: str) -> None:
        if key not in self._missed:
            self._missed.add(key)
            log.warning("no words for %s in %s", key, self.language)

    def _pattern(self, key: str) -> str:
        return self._now.get(key, key)

    def _value(self, name: str, spec: str, params: Mapping[str, Any], raw: str) -> str:
        if name not in params:
            return raw
        value = params[name]
        if value is None:
            return NOTHING
        if not spec:
            return self._auto(name, value)
        if "|" in spec:
            one, many = spec.split("|", 1)
            return one if value == 1 else many
        special = self._specials().get(spec)
        if special is not None:
            return special(_time(value) if spec in {"time", "date", "moment", "full"} else value)
        if isinstance(value, list | tuple | set | frozenset):
            return self.formats.join([self.member(spec, item) for item in value])
        return self.member(spec, value)

    def _specials(self) -> dict[str, Callable[[Any], str]]:
        f = self.formats
        return {
            "money": f.money,
            "time": f.time,
            "date": f.date,
            "moment": f.moment,
            "full": f.full,
            "duration": f.duration,
            "left": f.left,
            "number": f.number,
            "percent": f.percent,
        }

    def _auto(self, name: str, value: Any) -> str:
        if value is None:
            return NOTHING
        if isinstance(value, bool):
            return self.formats.yes(value)
        if hasattr(value, "minor"):
            return self.formats.money(value)
        if hasattr(value, "params"):
            return self.word(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple | set | frozenset):
            return self.formats.join([self._auto(name, item) for item in value])
        if isinstance(value, datetime):
            return self.formats.moment(value)
        if isinstance(value, timedelta):
            return self.formats.duration(value)
        if isinstance(value, int) and name.endswith(("seconds", "_s", "retry_after")):
            return self.formats.duration(value)
        return self._text(name, value)

    def _mapping(self, value: Mapping[str, Any]) -> str:
        if value.keys() >= {"minor", "currency"}:
            return self.formats.money(value)
        if "code" in value:
            return self.word(value)
        return self.formats.join([f"{plain(str(key))} {self._auto(str(key), item)}" for key, item in value.items()])

    def _text(self, name: str, value: Any) -> str:
        raw = str(value.value if isinstance(value, Enum) else value)
        if _ISO_TIME.match(raw):
            return self.formats.moment(datetime.fromisoformat(raw))
        vocabulary = _VOCABULARY.get(name)
        return self.member(vocabulary, raw) if vocabulary else plain(raw)


def _coded(coded: Coded | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if not isinstance(coded, Mapping):
        return coded.code, coded.params
    params = coded.get("params")
    return str(coded["code"]), dict(params) if isinstance(params, Mapping) else {}


def _time(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
