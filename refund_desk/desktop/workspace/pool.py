"""Widgets that are made once and filled again: opening a case makes none, however many rows it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from PySide6.QtWidgets import QWidget


class _Places(Protocol):
    def addWidget(self, widget: QWidget, /) -> object: ...


W = TypeVar("W", bound=QWidget)


class Pool(Generic[W]):
    """Widgets of one kind in a layout. `take(n)` gives n of them, shown; the others are hidden."""

    def __init__(self, layout: _Places, make: Callable[[], W]) -> None:
        self._layout, self._make = layout, make
        self.all: list[W] = []
        self.shown: list[W] = []

    def take(self, count: int) -> list[W]:
        while len(self.all) < count:
            widget = self._make()
            self._layout.addWidget(widget)
            self.all.append(widget)
        self.shown = self.all[:count]
        for index, widget in enumerate(self.all):
            if widget.isHidden() == (index < count):
                widget.setVisible(index < count)
        return self.shown
