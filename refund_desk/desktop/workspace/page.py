"""The page of one case, put together: head, notices, four panes beside each other, the bar below."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QSplitter, QVBoxLayout, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.state import DeskState
from refund_desk.desktop.widgets import BusyBar
from refund_desk.desktop.widgets.once import laid_out_once
from refund_desk.desktop.widgets.scroll import SteadyScroll
from refund_desk.desktop.workspace.decision_bar import DecisionBar
from refund_desk.desktop.workspace.evidence_pane import EvidenceCard
from refund_desk.desktop.workspace.header import CaseHeader, ConflictBanner, Notices
from refund_desk.desktop.workspace.images import Images
from refund_desk.desktop.workspace.order_pane import OrderCard
from refund_desk.desktop.workspace.payment_pane import PaymentCard
from refund_desk.desktop.workspace.step_bar import StepBar
from refund_desk.desktop.workspace.thread_pane import ThreadCard
from refund_desk.wire.cases import CaseView

SHARES = (232, 236, 272, 236)


PANES = 200
"""The least height of the panes, in pixels."""


class _Upper(QWidget):
    """As high as its parts need at the width they have, no higher."""

    def hasHeightForWidth(self) -> bool:
        return False

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        return QSize(420, layout.minimumHeightForWidth(self.width()) if layout is not None else 0)


class CasePage(QWidget):
    """`show_case` fills every part. Made once; opening a case makes no widgets that a former one had."""

    def __init__(self, desk: Desk, images: Images, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        client, operations, drafts = desk.client, desk.operations, desk.drafts
        self.header, self.notices, self.conflicts = CaseHeader(), Notices(), ConflictBanner()
        self.order, self.payment = OrderCard(), PaymentCard()
        self.talk = ThreadCard(client, operations, images, drafts, set(desk.me.roles))
        self.evidence = EvidenceCard(images)
        self.decision = DecisionBar(client, operations, drafts)
        self.steps = StepBar(client, operations, drafts, frozenset(desk.me.roles))
        self.busy = BusyBar()
        self._build(desk.state)

    def show_case(self, view: CaseView, fetched_at: float) -> None:
        """Fill it. Scroll positions and the focus of the same case stay where they are."""
        with laid_out_once(self):
            self.header.show_case(view, fetched_at)
            self.notices.show_case(view)
            self.conflicts.show_case(view)
            for pane in (self.order, self.payment, self.talk, self.evidence):
                pane.show_case(view)
            bar = self.decision if "proposal.make" in view.actions else self.steps
            for other in (self.decision, self.steps):
                other.setVisible(other is bar)
            bar.show_case(view)

    def to_top(self) -> None:
        """Another case is read from its beginning."""
        for pane in (self.order, self.payment, self.evidence):
            pane.set_scroll_place(0)

    def _upper(self, middle: QWidget) -> SteadyScroll:
        """Head and panes; they scroll together where the window is too low for them, the bar below stays."""
        inside = _Upper()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(middle, 1)
        area = SteadyScroll()
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMinimumHeight(140)
        area.setWidget(inside)
        return area

    def hasHeightForWidth(self) -> bool:
        return False  # it fills what it is given; else Qt asks how high it were at its narrowest

    def minimumSizeHint(self) -> QSize:
        return QSize(420, 380)

    def _build(self, state: DeskState | None) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(9)
        panes = (self.order, self.payment, self.talk, self.evidence)
        for index, (pane, share) in enumerate(zip(panes, SHARES, strict=True)):
            self.splitter.addWidget(pane)
            self.splitter.setStretchFactor(index, share)
        self.splitter.setSizes(list(SHARES))
        self.splitter.setMinimumWidth(sum(pane.minimumWidth() for pane in panes) + 3 * 9)
        if state is not None:
            state.keep_splitter(self.splitter, "case")
        area = SteadyScroll()  # only where the window is narrower than four panes can be
        area.setWidgetResizable(True)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMinimumHeight(PANES)
        area.setWidget(self.splitter)
        middle = QWidget()
        inside = QVBoxLayout(middle)
        inside.setContentsMargins(16, 9, 16, 9)
        inside.setSpacing(8)
        for widget in (self.notices, self.conflicts):
            inside.addWidget(widget)
        inside.addWidget(area, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.busy)
        column.addWidget(self._upper(middle), 1)
        column.addWidget(self.decision)
        column.addWidget(self.steps)
        for button in self.findChildren(QAbstractButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus, and Space, where they were
