"""Saved views: a name for a question. Kept by the service, so they follow the person to any desk."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from refund_desk.desktop.context import Desk
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.queue.query import Query
from refund_desk.desktop.widgets.dialogs import TextDialog
from refund_desk.desktop.words import tr
from refund_desk.wire.commands import SavedView


class SavedViews(QObject):
    """The menu of views and what can be done with them. `chosen(query, name)`."""

    chosen = Signal(object, str)

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._parent = desk, parent
        self.views: list[SavedView] = []

    def load(self) -> None:
        self._desk.operations.read(self, self._desk.client.views, self._loaded)

    def open(self, at: QPoint, query: Query, current: str) -> None:
        """Show the menu at a point of the screen. `query` is what is asked now, `current` the view it came from."""
        menu = QMenu(self._parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for view in self.views:
            action = menu.addAction(view.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(view.name == current)
            action.triggered.connect(lambda _=False, view=view: self._choose(view))
        if self.views:
            menu.addSeparator()
        save = menu.addAction(tr("ui.queue.view.save"), lambda: self.save(query))
        save.setEnabled(bool(query))
        if any(view.name == current for view in self.views):
            menu.addAction(tr("ui.queue.view.rename", name=current), lambda: self.rename(current))
            menu.addAction(tr("ui.queue.view.drop", name=current), lambda: self.drop(current))
        menu.popup(at)

    def save(self, query: Query) -> None:
        """Ask for a name and keep the question under it."""
        dialog = TextDialog(self._parent, "ui.queue.view.save", "ui.queue.view.name", "ui.save", limit=100)
        dialog.given.connect(lambda name: self._save(SavedView(name=name, filters=query.filters())))
        dialog.open()

    def rename(self, name: str) -> None:
        view = self._find(name)
        dialog = TextDialog(self._parent, "ui.queue.view.rename", "ui.queue.view.name", "ui.save", limit=100, name=name)
        dialog.set_text(name)
        dialog.given.connect(lambda new: self._rename(view, new))
        dialog.open()

    def drop(self, name: str) -> None:
        """Forget a view; the list stays as it is."""
        client = self._desk.client
        self.views = [view for view in self.views if view.name != name]
        self._desk.operations.write(self, lambda _key: client.drop_view(name), lambda _: self.load(), key=new_key())

    # ------------------------------------------------------------ inside

    def _find(self, name: str) -> SavedView:
        return next(view for view in self.views if view.name == name)

    def _loaded(self, views: list[SavedView]) -> None:
        self.views = views

    def _choose(self, view: SavedView) -> None:
        self.chosen.emit(Query.of(view.filters), view.name)

    def _save(self, view: SavedView) -> None:
        client = self._desk.client

        def saved(_answer: None) -> None:
            self.views = sorted([*(v for v in self.views if v.name != view.name), view], key=lambda v: v.name)
            self._choose(view)

        self._desk.operations.write(self, lambda _key: client.save_view(view), saved, key=new_key())

    def _rename(self, view: SavedView, name: str) -> None:
        if name != view.name:
            self.drop(view.name)
            self._save(SavedView(name=name, filters=view.filters))
