"""What the window hands to each of its panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from refund_desk.desktop.browser import open_address
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.drafts import Drafts, KeptText
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.state import DeskState

if TYPE_CHECKING:  # the shell is painted before client and wire are loaded
    from refund_desk.client.api import DeskClient
    from refund_desk.domain.words import Role
    from refund_desk.wire.commands import DeskStatus, Me


@dataclass(frozen=True, slots=True)
class Desk:
    """One signed-in desk. `state` None: nothing is remembered (tests)."""

    client: DeskClient
    operations: Operations
    keys: Keys
    clock: DeskClock
    me: Me
    status: DeskStatus
    state: DeskState | None = None
    drafts: Drafts | None = None
    """What this person typed and didn't send; None: nothing is kept (tests)."""
    open_address: Callable[[str], bool] = open_address
    """How a record is shown in its own system; tests give another."""

    def keep_text(self, form: str, edit: QLineEdit | QPlainTextEdit) -> None:
        """Keep the draft of a single text under the name of its form, and put an earlier one back."""
        if self.drafts is not None:
            KeptText(self.drafts, form, edit)

    def drop_text(self, form: str) -> None:
        """The text has arrived: its draft goes."""
        if self.drafts is not None:
            self.drafts.drop(form)

    def has(self, *roles: Role) -> bool:
        """Whether the person holds one of the roles. For what is drawn; the service checks what is done."""
        return any(role in self.me.roles for role in roles)
