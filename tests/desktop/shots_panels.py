"""Draws every panel of the window to PNG: python -m tests.desktop.shots_panels DIR [NAME …]"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from refund_desk.client.loop import LoopThread
from refund_desk.desktop.clock import DeskClock
from refund_desk.desktop.context import Desk
from refund_desk.desktop.keys import Keys
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.theme import MODES, theme
from refund_desk.desktop.words import words
from refund_desk.domain.words import Role
from tests.fakes import panel_samples as samples
from tests.fakes.workload_samples import BoardClient

SLOW = ("dashboards",)
"""What loads its charts when it is first opened."""
SIZES = ((1280, 800), (1920, 1080))


def settle(app: QApplication, seconds: float = 0.35) -> None:
    """Let answers arrive and layouts settle."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)


def queue(desk: Desk, root: QWidget) -> None:
    from refund_desk.desktop.queue import QueuePanel

    panel = QueuePanel(desk)
    panel.setFixedWidth(316)
    row = QHBoxLayout(root)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(panel)
    row.addStretch()
    panel.start()


def forme(desk: Desk, root: QWidget) -> None:
    from refund_desk.desktop.forme import ForMePanel

    _whole(root, ForMePanel(desk)).start()


def approvals(desk: Desk, root: QWidget) -> None:
    from refund_desk.desktop.approvals import ApprovalsPanel

    _whole(root, ApprovalsPanel(desk)).start()


def audit(desk: Desk, root: QWidget) -> None:
    from refund_desk.desktop.audit import AuditPanel

    panel = _whole(root, AuditPanel(desk))
    panel.start()
    panel.proof.show_report(samples.report())


def reconciliation(desk: Desk, root: QWidget) -> None:
    from refund_desk.desktop.reconciliation import ReconciliationPanel

    _whole(root, ReconciliationPanel(desk)).start()


def workload(preview: bool) -> Callable[[Desk, QWidget], None]:
    def build(desk: Desk, root: QWidget) -> None:
        from refund_desk.desktop.workload import WorkloadPanel

        panel = _whole(root, WorkloadPanel(desk))
        panel.start()
        if preview:
            panel.balance.click()

    return build


def dashboards(desk: Desk, root: QWidget) -> None:
    from refund_desk.desktop.dashboards import DashboardsPanel

    _whole(root, DashboardsPanel(desk)).start()


def dashboards_page(name: str) -> Callable[[Desk, QWidget], None]:
    def build(desk: Desk, root: QWidget) -> None:
        from refund_desk.desktop.dashboards import DashboardsPanel

        panel = _whole(root, DashboardsPanel(desk))
        panel.open_page(name)
        panel.start()

    return build


def person(tab: int) -> Callable[[Desk, QWidget], None]:
    def build(desk: Desk, root: QWidget) -> None:
        from refund_desk.desktop.workload.people import PersonDialog
        from refund_desk.wire.base import PersonRef

        dialog = PersonDialog(root, desk, PersonRef(id=3, name="陈予"))
        dialog.setWindowFlags(Qt.WindowType.Widget)  # a grab of the window would not show another
        _whole(root, dialog)
        dialog.tabs.setCurrentIndex(tab)

    return build


def settings(name: str) -> Callable[[Desk, QWidget], None]:
    def build(desk: Desk, root: QWidget) -> None:
        from refund_desk.desktop.settings import SettingsPanel

        panel = _whole(root, SettingsPanel(desk))
        panel.start()
        panel.open_page(name)

    return build


def _whole(root: QWidget, panel: Any) -> Any:
    row = QHBoxLayout(root)
    row.setContentsMargins(60, 44, 0, 26)
    row.addWidget(panel)
    return panel


PAGES: dict[str, Callable[[Desk, QWidget], None]] = {
    "queue": queue,
    "forme": forme,
    "approvals": approvals,
    "audit": audit,
    "reconciliation": reconciliation,
    **{name: settings(name) for name in ("users", "changes", "sources", "process", "account")},
    "workload": workload(preview=False),
    "balance": workload(preview=True),
    **{f"person{tab}": person(tab) for tab in range(5)},
    "dashboards": dashboards,
    **{name: dashboards_page(name) for name in ("map", "lessons", "reports")},
}


def main(target: Path, wanted: list[str]) -> None:
    app = QApplication([])
    theme().apply(app)
    target.mkdir(parents=True, exist_ok=True)
    loop = LoopThread()
    loop.start()
    for name, build in PAGES.items():
        if wanted and name not in wanted:
            continue
        for language in ("zh", "en"):
            for mode in MODES:
                words().use(language)
                theme().use(mode)
                root = QWidget()
                root.setObjectName("central")
                desk = Desk(
                    BoardClient(),
                    Operations(loop),
                    Keys(root),
                    DeskClock(samples.NOW),
                    samples.me(Role.REVIEWER, Role.ADMINISTRATOR, Role.LEAD, Role.FINANCE),
                    samples.status(),
                )
                for wide, high in SIZES:
                    root.resize(wide, high)
                    if wide == SIZES[0][0]:
                        build(desk, root)
                    root.show()
                    settle(app, 2.5 if name in SLOW and wide == SIZES[0][0] else 0.35)
                    root.grab().save(str(target / f"{name}-{language}-{mode}-{wide}.png"))
                root.close()
                root.deleteLater()
                app.processEvents()
    loop.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "shots"), sys.argv[2:])
