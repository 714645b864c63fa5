"""Many widgets shown and hidden, laid out once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import shiboken6
from PySide6.QtWidgets import QLayout, QWidget


@contextmanager
def laid_out_once(widget: QWidget) -> Iterator[None]:
    """Layouts inside `widget` rest until the end of the block.

    Qt lays out every ancestor at once when a child of a visible widget is shown: a case of a hundred rows would be laid
    out a hundred times. What asks meanwhile is laid out with the next turn of the event loop.
    """
    layouts = [layout for layout in widget.findChildren(QLayout) if shiboken6.isValid(layout)]
    for layout in layouts:
        layout.setEnabled(False)
    try:
        yield
    finally:
        for layout in layouts:
            if shiboken6.isValid(layout):  # some may be gone by now
                layout.setEnabled(True)
