"""Money, times and durations as the viewer's locale writes them. No Qt.

One column writes numbers one way: the viewer's locale, with the ISO code wherever the currency is not the
desk's own. Durations carry units. The words around figures ("left", "over") come from the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

    from babel.core import Locale

    from refund_desk.wire.base import Amount

Day = date  # `Formats` has a method of the other name
MINUS = "\N{MINUS SIGN}"
NOTHING = "–"
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
LOCALES = {"zh": "zh_CN", "en": "en_GB"}
_PATTERNS = {
    "zh": {"time": "HH:mm", "day": "MM-dd", "date": "yyyy-MM-dd", "long": "yyyy-MM-dd HH:mm:ss xxx"},
    "en": {"time": "HH:mm", "day": "d MMM", "date": "d MMM yyyy", "long": "d MMM yyyy HH:mm:ss xxx"},
}


@cache
def _locale(language: str) -> Locale:
    from babel.core import Locale  # late: its data is not needed to paint the first frame

    return Locale.parse(LOCALES[language])


@dataclass(frozen=True, slots=True)
class Formats:
    """Writes values for one language. `zone` None is the machine's own; `text` words a `format.*` pattern."""

    language: str
    text: Callable[[str], str]
    zone: tzinfo | None = None
    home_currency: str = "CNY"

    def number(self, value: int | Decimal) -> str:
        """1284 -> 1,284."""
        from babel.numbers import format_decimal

        return format_decimal(value, locale=_locale(self.language)).replace("-", MINUS)

    def percent(self, value: float, digits: int = 0) -> str:
        """A share of 1: 0.824 -> 82%."""
        from babel.numbers import format_percent

        pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
        return format_percent(value, format=pattern, locale=_locale(self.language)).replace("-", MINUS)

    def decimal(self, minor: int, currency: str) -> str:
        """The figure alone, without currency: 129900 CNY -> 1,299.00."""
        from decimal import Decimal

        from babel.numbers import format_decimal

        from refund_desk.domain.money import exponent

        digits = exponent(currency)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        figure = format_decimal(
            Decimal(minor).scaleb(-digits), format=pattern, locale=_locale(self.language), decimal_quantization=False
        )
        return figure.replace("-", MINUS)

    def money(self, amount: Amount | Mapping[str, Any], *, signed: bool = False) -> str:
        """¥1,299.00 for the desk's own currency, EUR 59.90 for any other; `signed` puts a + before gains."""
        minor, currency = _amount(amount)
        figure = self.decimal(abs(minor), currency)
        sign = MINUS if minor < 0 else "+" if signed and minor else ""
        return f"{sign}{self.symbol(currency)}{figure}"

    def symbol(self, currency: str) -> str:
        """What stands before a figure: the short sign of the desk's own currency, else ISO code and a space."""
        if currency != self.home_currency:
            return f"{currency}\u00a0"
        from babel.numbers import get_currency_symbol

        home = {"CNY": "¥", "JPY": "¥"}.get(currency)
        return home or get_currency_symbol(currency, locale=_locale(self.language))

    def figure(self, value: float | list[Amount] | None, unit: str) -> str:
        """A figure of the desk with its unit; – where there is nothing to compute it from."""
        if value is None:
            return NOTHING
        if isinstance(value, list):
            return self.join([self.money(one) for one in value])
        if unit == "share":
            return self.percent(value, 1)
        return self.duration(value) if unit == "seconds" else self.number(int(value))

    def country(self, code: str) -> str:
        """CN -> China; a code that nobody knows as it is."""
        return str(_locale(self.language).territories.get(code, code))

    def day(self, day: Day) -> str:
        """A calendar day with its year, of no time zone: 2026-11-20, 20 Nov 2026."""
        from babel.dates import format_date

        return str(format_date(day, _PATTERNS[self.language]["date"], locale=_locale(self.language)))

    def time(self, at: datetime) -> str:
        """Hour and minute: 12:38."""
        return self._pattern(at, "time")

    def date(self, at: datetime) -> str:
        """Day with its year: 2026-11-20, 20 Nov 2026."""
        return self._pattern(at, "date")

    def short_day(self, at: datetime) -> str:
        """Day without its year: 11-20, 20 Nov."""
        return self._pattern(at, "day")

    def moment(self, at: datetime, now: datetime | None = None) -> str:
        """As short as it stays clear: the time alone today, without the year this year."""
        here, today = self._local(at), self._local(now or datetime.now(UTC))
        if here.date() == today.date():
            return self.time(at)
        day = "day" if here.year == today.year else "date"
        return f"{self._pattern(at, day)} {self.time(at)}"

    def stamp(self, at: datetime) -> str:
        """Day with its year, and the time: for paper, which is read another day."""
        return f"{self.date(at)} {self.time(at)}"

    def full(self, at: datetime) -> str:
        """Date, seconds and offset, for a tooltip or an audit row."""
        return self._pattern(at, "long")

    def duration(self, seconds: float | timedelta) -> str:
        """The two largest units: 1 小时 52 分, 3 d 4 h."""
        return self._units(abs(_seconds(seconds)), "format.duration")

    def left(self, seconds: float | timedelta) -> str:
        """Until a deadline, or past it when negative: 剩 01:52, 1 h 52 m left, 超时 00:14."""
        value = _seconds(seconds)
        prefix = "format.over" if value < 0 else "format.left"
        return self._fill(prefix, span=self._units(abs(value), "format.span"))

    def yes(self, value: bool) -> str:
        return self.text("format.yes" if value else "format.no")

    def join(self, parts: list[str]) -> str:
        """A list of words: A、B or A, B."""
        return self.text("format.comma").join(parts)

    def _units(self, value: int, pattern: str) -> str:
        days, rest = divmod(value, _DAY)
        hours, rest = divmod(rest, _HOUR)
        minutes, seconds = divmod(rest, _MINUTE)
        if days:
            return self._fill(f"{pattern}_days", d=days, h=hours)
        if hours or minutes:
            return self._fill(f"{pattern}_{'hours' if hours else 'minutes'}", h=hours, m=minutes)
        return self._fill(f"{pattern}_seconds", s=seconds)

    def _fill(self, pattern: str, **values: int | str) -> str:
        return self.text(pattern).format(**values)  # our own patterns, so {h:02} is fine

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def _pattern(self, at: datetime, name: str) -> str:
        here = self._local(at)
        if name == "time":  # the commonest by far, and the same in both locales
            return f"{here.hour:02}:{here.minute:02}"
        from babel.dates import format_datetime

        return format_datetime(here, _PATTERNS[self.language][name], locale=_locale(self.language))


def _amount(amount: Amount | Mapping[str, Any]) -> tuple[int, str]:
    if isinstance(amount, Mapping):
        return int(amount["minor"]), str(amount["currency"])
    return amount.minor, amount.currency


def _seconds(value: float | timedelta) -> int:
    return int(value.total_seconds() if isinstance(value, timedelta) else value)
