"""What is drawn for a second look, and when two people decide alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from refund_desk.domain.errors import Conflict, Refused
from refund_desk.domain.quality import QualityRule, Sample, agrees, check_reviewer, drawn
from refund_desk.domain.words import Decision, Reason

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SAMPLE = Sample(1, 1, 1, "partial", 500, "CNY", 3, 4, AT, AT)


def test_about_as_many_are_drawn_as_the_rule_says_and_always_the_same() -> None:
    rule = QualityRule(5, {Reason.COUNTERFEIT: 40, Reason.LATE: 0})
    digests = [n.to_bytes(32) for n in range(4_000)]
    found = {reason: [drawn(rule, reason, one) for one in digests] for reason in ("damaged", "counterfeit", "late")}
    assert 140 < sum(found["damaged"]) < 260
    assert 1_450 < sum(found["counterfeit"]) < 1_750
    assert sum(found["late"]) == 0
    assert found["damaged"] == [drawn(rule, "damaged", one) for one in digests]
    assert all(drawn(QualityRule(100), "late", one) for one in digests[:50])


def test_nobody_looks_at_their_own_and_nobody_twice() -> None:
    check_reviewer(SAMPLE, 5)
    for person in (3, 4):
        with pytest.raises(Refused):
            check_reviewer(SAMPLE, person)
    with pytest.raises(Conflict):
        check_reviewer(replace(SAMPLE, reviewed_at=AT), 5)


@pytest.mark.parametrize(
    ("decision", "amount", "alike"),
    [
        (Decision.PARTIAL, 500, True),
        (Decision.PARTIAL, 501, False),
        (Decision.PARTIAL, None, False),
        (Decision.FULL, 500, False),
    ],
)
def test_alike_is_the_same_decision_and_amount(decision: Decision, amount: int | None, alike: bool) -> None:
    assert agrees(SAMPLE, decision, amount) is alike


def test_a_decision_without_an_amount() -> None:
    assert agrees(replace(SAMPLE, decision="decline", amount=None), Decision.DECLINE, None)
