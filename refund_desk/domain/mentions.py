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
