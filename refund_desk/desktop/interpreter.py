"""A guard against a reference-counting fault of PySide6 6.12 on Python 3.11.

There, a binding that returns None, True or False (`QPainter.save()`, `setFont()`, `isVisible()` …) gives back
a reference that it never took. After some thousand calls Python aborts with "deallocating None". From 3.12 on
these three are immortal, so the fault shows nowhere; here we make them as good as immortal ourselves.
"""

from __future__ import annotations

import ctypes
import sys

_PLENTY = 1 << 40
"""A window that painted a million times a second would use these up in twelve days."""


def keep_singletons() -> None:
    """Give None, True and False more references than can ever be taken from them. Twice does no harm."""
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 12):
        return
    for single in (None, True, False):
        if sys.getrefcount(single) < _PLENTY:
            ctypes.c_ssize_t.from_address(id(single)).value += _PLENTY
