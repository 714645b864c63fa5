"""The places of the rail: who has which, their keys, and the one that is made of two panels."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.queue import QueuePanel
from refund_desk.desktop.widgets import key_text
from refund_desk.desktop.workspace import CaseWorkspace
from refund_desk.domain.words import Role

BOUND = (Role.REVIEWER, Role.SUPERVISOR, Role.LEAD, Role.FINANCE)
"""Who stands on the board of work, and says for themselves when they are absent."""
WHOSE: dict[str, tuple[Role, ...]] = {
    "forme": tuple(Role),
    "queue": tuple(role for role in Role if role is not Role.ADMINISTRATOR),
    "approvals": (Role.SUPERVISOR, Role.LEAD, Role.FINANCE),
    "reconciliation": (Role.FINANCE, Role.SUPERVISOR, Role.LEAD, Role.RISK, Role.AUDITOR),
    "workload": (Role.SUPERVISOR, Role.LEAD),
    "dashboards": (Role.SUPERVISOR, Role.LEAD, Role.COMPLIANCE, Role.AUDITOR),
    "quality": (Role.REVIEWER, Role.SUPERVISOR, Role.LEAD),
    "audit": (Role.AUDITOR, Role.LEAD, Role.COMPLIANCE, Role.ADMINISTRATOR),
    "settings": tuple(Role),
}
"""Whose roles show a place. A courtesy: the service checks each call by the process."""
PLACES = {
    "forme": ("for_me", "ui.forme.title", "Alt+F"),
    "queue": ("queue", "ui.main.queue", "Alt+Q"),
    "approvals": ("approve", "ui.main.approvals", "Alt+A"),
    "reconciliation": ("reconcile", "ui.main.reconcile", "Alt+R"),
    "workload": ("people", "ui.main.workload", "Alt+W"),
    "dashboards": ("dashboards", "ui.main.dashboards", "Alt+D"),
    "quality": ("quality", "ui.main.quality", "Alt+L"),
    "audit": ("audit", "ui.main.audit", "Alt+U"),
    "settings": ("settings", "ui.settings.title", "Alt+S"),
}
HINTS: dict[str, list[tuple[str, str]]] = {
    "forme": [("J/K", "ui.main.hint.move"), ("↵", "ui.queue.key.open"), ("G", "ui.queue.key.take")],
    "queue": [("J/K", "ui.main.hint.move"), ("G", "ui.queue.key.take"), ("W", "ui.queue.key.why")],
    "approvals": [("J/K", "ui.main.hint.move"), (key_text("Ctrl+Return"), "ui.approvals.approve")],
    "reconciliation": [("J/K", "ui.main.hint.move"), ("R", "ui.reconcile.resolve"), ("X", "ui.reconcile.pick")],
    "workload": [("J/K", "ui.main.hint.move"), ("M", "ui.board.move"), ("B", "ui.board.balance")],
    "dashboards": [("J/K", "ui.main.hint.move"), ("C", "ui.dashboards.cases"), ("F", "ui.dashboards.narrow")],
    "quality": [("J/K", "ui.main.hint.move"), (key_text("Ctrl+Return"), "ui.quality.send")],
    "audit": [("J/K", "ui.main.hint.move"), ("V", "ui.audit.verify"), ("E", "ui.audit.export")],
    "settings": [],
}


@runtime_checkable
class Place(Protocol):
    """A page of the rail, loaded when it is first opened: who never opens a place doesn't wait for it at the start."""

    def refresh(self) -> None: ...


class QueuePlace(QWidget):
    """The list at the left, the case at the right; the window remembers how wide."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.queue, self.workspace = QueuePanel(desk), CaseWorkspace(desk)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(4)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.queue)
        splitter.addWidget(self.workspace)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([312, 1000])
        if desk.state is not None:
            desk.state.keep_splitter(splitter, "queue")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(splitter)
