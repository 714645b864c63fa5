"""What the use cases need from below; the store and the engines fill these shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from refund_desk.domain.cases import CaseState
from refund_desk.domain.links import Links
from refund_desk.domain.people import Principal
from refund_desk.domain.policies import Advice, Clause, PolicyFacts
from refund_desk.domain.process import Process
from refund_desk.service.ports.cases import CaseBook
from refund_desk.service.ports.exports import ExportViews
from refund_desk.service.ports.facts import Blobs, FactBook, IntakeBook
from refund_desk.service.ports.figures import FigureViews, LessonBook
from refund_desk.service.ports.money import MoneyBook
from refund_desk.service.ports.people import PeopleBook
from refund_desk.service.ports.reconciliation import ReconciliationBook
from refund_desk.service.ports.sending import SendingBook
from refund_desk.service.ports.sources import Connectors, SourceBook, Vault
from refund_desk.service.ports.views import QueueViews
from refund_desk.service.ports.workload import WorkloadBook

__all__ = ["Desk", "Home", "Passwords", "Policies", "ProcessSource", "Replies", "Work"]


class Work(Protocol):
    """One transaction. The edge opens and commits it; a use case only acts in it."""

    @property
    def cases(self) -> CaseBook: ...
    @property
    def facts(self) -> FactBook: ...
    @property
    def intake(self) -> IntakeBook: ...
    @property
    def money(self) -> MoneyBook: ...
    @property
    def sending(self) -> SendingBook: ...
    @property
    def reconciliation(self) -> ReconciliationBook: ...
    @property
    def views(self) -> QueueViews: ...
    @property
    def people(self) -> PeopleBook: ...
    @property
    def workload(self) -> WorkloadBook: ...
    @property
    def sources(self) -> SourceBook: ...
    @property
    def exports(self) -> ExportViews: ...
    @property
    def figures(self) -> FigureViews: ...
    @property
    def lessons(self) -> LessonBook: ...

    def ahead(self, cases: Sequence[CaseState]) -> Work:
        """The same transaction, which reads all of these cases at once when it is asked about one."""

    def audit(self, action: str, who: Principal, case_ref: str | None = None, **data: Any) -> None:
        """Append an entry in this transaction. Ids, field names and keyed digests only."""


class Passwords(Protocol):
    def hash(self, password: str) -> str: ...
    def verify(self, password_hash: str | None, password: str) -> bool:
        """False for a wrong one; takes as long when there is no hash at all."""


class ProcessSource(Protocol):
    """Versions of the process. `current` is in force now; `version` is the one a case began with."""

    def current(self, work: Work) -> Process: ...
    def version(self, work: Work, version: str) -> Process: ...
    def content(self, work: Work, kind: str) -> Any:
        """The process, the policies or the links in force, as plain values."""

    def links(self, work: Work) -> Links: ...

    def read(self, content: Any) -> Process:
        """The process that a content is. Raises Invalid with the path of every mistake in it."""

    def check(self, kind: str, content: Any) -> str:
        """The version a content would be. Raises Invalid with the path of every mistake in it."""


class Policies(Protocol):
    def advise(self, facts: PolicyFacts, at: datetime) -> Advice: ...
    def clause(self, clause: str) -> Clause | None:
        """A clause in words, in both languages; None for an id that nobody knows any more."""


class Replies(Protocol):
    """Texts to customers: templates are data, values are data, in the customer's language."""

    def render(self, template: str, language: str, values: Mapping[str, Any]) -> str: ...
    def offered(self, progress: str) -> list[tuple[str, Mapping[str, str]]]:
        """Templates a person may reply with in this state: (id, label in both languages)."""


@dataclass(frozen=True, slots=True)
class Home:
    """What kind of desk this is. `demo`: accounts and cases are invented; `embedded`: one trusted machine."""

    demo: bool
    embedded: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a use case needs besides its transaction. Stateless, shared by all calls.

    seal: a keyed digest that only this desk can make.
    """

    clock: Callable[[], datetime]
    ids: Callable[[], str]
    secret: Callable[[int], bytes]
    canonical: Callable[[Any], bytes]
    process: ProcessSource
    policies: Policies
    passwords: Passwords
    blobs: Blobs
    replies: Replies
    home: Home
    seal: Callable[[bytes], bytes]
    connectors: Connectors | None = None
    vault: Vault | None = None
