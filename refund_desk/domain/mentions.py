"""Amounts that a text names, so that no letter to a customer names one that isn't approved."""

from __future__ import annotations

import re

_NUMBER = r"(\d{1,3}(?:[,\u00a0 ]\d{3})+(?:\.\d{1,3})?|\d+(?:[.,]\d{1,3})?)"
_SIGN = r"(?:[¥￥$€£₩₹]|R\$|CNY|RMB|USD|EUR|GBP|JPY|BRL|HKD|KRW|INR|AUD|CAD)"
_WORD = r"(?:元|圆|块钱|人民币|美元|欧元|英镑|日元|円|yuan|dollars?|euros?|pounds?|yen)"
_AMOUNT = re.compile(rf"{_SIGN}\s?{_NUMBER}|{_NUMBER}\s?(?:{_SIGN}|{_WORD})", re.IGNORECASE)


def amounts_in(text: str) -> list[str]:
    """Decimal texts of the amounts of money a text names, in order: `1299.00` for ¥1,299.00 or 1299元.

    Only numbers with a currency beside them count: an order number or a count of days is none.
    """
    out = []
    for match in _AMOUNT.finditer(text):
        number = match.group(1) or match.group(2)
        out.append(_plain(number))
    return out


def _plain(number: str) -> str:
    cleaned = number.replace("\u00a0", "").replace(" ", "")
    if "," in cleaned and "." not in cleaned and re.search(r",\d{1,2}\Z", cleaned):
        return cleaned.replace(",", ".")  # 412,50 as it is written in most of Europe and Brazil
    return cleaned.replace(",", "")


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}
_NAMED = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    r"(?<!\d)(?:\d{4}[-/.年])(?P<m1>\d{1,2})[-/.月](?P<d1>\d{1,2})(?!\d)"
    r"|(?P<m2>\d{1,2})月(?P<d2>\d{1,2})[日号]"
    rf"|\b(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<n3>{_NAMED})\b"
    rf"|\b(?P<n4>{_NAMED})\.?\s(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\b",
    re.IGNORECASE,
)


def dates_in(text: str) -> list[tuple[int, int]]:
    """(month, day) of each calendar date a text names, in order; only dates that a calendar has."""
    out = []
    for found in _DATE.finditer(text):
        month = found["m1"] or found["m2"] or _MONTHS[(found["n3"] or found["n4"]).lower()]
        day = found["d1"] or found["d2"] or found["d3"] or found["d4"]
        if 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
            out.append((int(month), int(day)))
    return out
