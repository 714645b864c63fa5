"""The conditions that a process file may name, and the facts of a case that they are asked of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refund_desk.domain.words import Reason, RequestKind, Role, Stage

if TYPE_CHECKING:
    from refund_desk.domain.process import Process


@dataclass(frozen=True, slots=True)
class ConsultFact:
    """A consultation of this round: who was asked, and whether it still blocks."""

    role: Role
    required: bool
    settled: bool = False


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the process looks at in a case.

    `amount` is what is, or would be, proposed (else what is asked for), `refundable` the most that
    may go back; minor units of `currency`. `order_sum` and `customer_sum` were decided before, by
    currency. People are person ids. `conflicts` are field keys of the data dictionary.
    """

    stage: Stage
    kind: RequestKind
    reason: Reason
    currency: str
    amount: int | None = None
    refundable: int | None = None
    order_sum: Mapping[str, int] = field(default_factory=dict)
    customer_sum: Mapping[str, int] = field(default_factory=dict)
    disputed: bool = False
    conflicts: frozenset[str] = frozenset()
    findings: frozenset[str] = frozenset()
    risk: int | None = None
    shipped: bool = False
    delivered: bool = False
    goods_back: bool = False
    evidence: int = 0
    customer_withdrew: bool = False
    held_before: bool = False
    appeal: bool = False
    open_intents: bool = False
    unsettled: bool = False
    consultations: tuple[ConsultFact, ...] = ()
    proposal_open: bool = False
    proposer: int | None = None
    viewer: int | None = None
    assignee: int | None = None


FLAGS = frozenset(
    {
        "disputed",
        "shipped",
        "delivered",
        "goods_back",
        "customer_withdrew",
        "held_before",
        "appeal",
        "open_intents",
        "unsettled",
    }
)
"""Conditions that are a fact of the case by that name."""


def holds(process: Process, condition: str, facts: CaseFacts) -> bool:
    """Whether a condition of the process file is true of a case.

    A flag of CaseFacts, `conflict`, `money_conflict`, `evidence`, `risk.<level>` (or above),
    `reason.<customer's reason>`, `kind.<kind>`, `finding.<code>`; `not.<condition>` turns it round.
    """
    head, _, rest = condition.partition(".")
    match head:
        case "not":
            return not holds(process, rest, facts)
        case "conflict":
            return bool(facts.conflicts)
        case "money_conflict":
            return bool(facts.conflicts & process.money_fields)
        case "evidence":
            return facts.evidence > 0
        case "reason":
            return facts.reason == rest
        case "kind":
            return facts.kind == rest
        case "finding":
            return rest in facts.findings
        case "risk":
            return risk_score(process, facts) >= dict(process.risk.levels)[rest]
    return bool(getattr(facts, condition))


def known_condition(process: Process, condition: str) -> bool:
    """Whether `holds` can answer it."""
    head, _, rest = condition.partition(".")
    match head:
        case "not":
            return known_condition(process, rest)
        case "conflict" | "money_conflict" | "evidence":
            return not rest
        case "reason":
            return rest in set(Reason)
        case "kind":
            return rest in set(RequestKind)
        case "finding":
            return bool(rest)
        case "risk":
            return rest in dict(process.risk.levels)
    return condition in FLAGS


def risk_score(process: Process, facts: CaseFacts) -> int:
    """0 to 100: what the caller knows, else the sum of the signals that hold."""
    if facts.risk is not None:
        return facts.risk
    return min(100, sum(points for signal, points in process.risk.signals if holds(process, signal, facts)))
