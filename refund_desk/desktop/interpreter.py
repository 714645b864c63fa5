"""A guard against a reference-counting fault of PySide6 6.12 on Python 3.11.

There, every binding that returns nothing (`QPainter.save()`, `setFont()` …) gives back a reference to None
that it never took. After some thousand calls Python aborts with "deallocating None". From 3.12 on None is
immortal, so the fault shows nowhere; here we make it as good as immortal ourselves.
"""

from __future__ import annotations

import ctypes
import sys

_PLENTY = 1 << 40
"""A window that painted a million times a second would use these up in twelve days."""


def keep_none() -> None:
    """Give None more references than can ever be taken from it. Twice does no harm."""
    if sys.implementation.name == "cpython" and sys.version_info < (3, 12) and sys.getrefcount(None) < _PLENTY:
        ctypes.c_ssize_t.from_address(id(None)).value += _PLENTY
