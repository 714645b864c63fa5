"""What counts as an amount or a date in a text, and what is only a number."""

from __future__ import annotations

import pytest

from refund_desk.domain.mentions import amounts_in, dates_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We refund ¥1,299.00 today.", ["1299.00"]),
        ("退款1299元，三天内到账", ["1299"]),
        ("€59,90 and R$ 412,50", ["59.90", "412.50"]),
        ("USD 2.80 or 5 dollars", ["2.80", "5"]),
        ("order 8841207, within 7 days, 3 photos", []),
        ("¥ 12,345,678", ["12345678"]),
    ],
)
def test_amounts(text: str, found: list[str]) -> None:
    assert amounts_in(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("by 2026-12-02", [(12, 2)]),
        ("预计12月2日到账", [(12, 2)]),
        ("on 2 December or Dec. 3rd", [(12, 2), (12, 3)]),
        ("within 7 business days", []),
        ("order 2026-99-99", []),
        ("may I ask for 3 photos", []),
        ("the 5th of May", [(5, 5)]),
    ],
)
def test_dates(text: str, found: list[tuple[int, int]]) -> None:
    assert dates_in(text) == found
