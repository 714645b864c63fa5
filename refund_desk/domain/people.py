"""Who acts. Rules compare persons, never accounts."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from refund_desk.domain.errors import Refused
from refund_desk.domain.words import Role

DEMO_PASSWORD = "refund-desk-demo"  # noqa: S105 - of invented people, who exist in a demo home alone
"""Of every demo account; the sign-in of a demo desk says so."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was recognised. `person_id` 0 is the desk itself (worker, local operator)."""

    person_id: int
    account_id: int
    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    login: str = ""
    must_change: bool = False
    operator: str | None = None  # `local-operator:<os user>` or `system:<what>`

    @property
    def actor(self) -> str:
        """As the audit log names them."""
        return self.operator or f"person:{self.person_id}/account:{self.account_id}"

    @property
    def is_desk(self) -> bool:
        return self.operator is not None


DECIDING = frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.LEAD, Role.FINANCE, Role.RISK, Role.COMPLIANCE})
"""Roles that propose, approve, answer or pay: an administrator holds none of them."""


def check_roles(roles: AbstractSet[Role]) -> None:
    """Refuse a set of roles that may not be held together.

    An administrator holds no deciding role; an auditor only reads.
    """
    if Role.ADMINISTRATOR in roles and roles & DECIDING:
        raise Refused("people.administrator_decides", rule="roles.administrator", could=[])
    if Role.AUDITOR in roles and len(roles) > 1:
        raise Refused("people.auditor_acts", rule="roles.auditor", could=[])
