"""What a window needs of the machine, asked before Qt is imported. Standard library alone.

A missing library is named with the Debian package that carries it, instead of a traceback.
"""

from __future__ import annotations

import ctypes.util
import importlib
import os
import re
import sys

# Library -> Debian (and Ubuntu) package. First what PySide6.QtGui links, then what the xcb plugin loads.
GUI = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
}
XCB = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}
_MISSING = re.compile(r"(lib[\w.+-]+\.so[.\d]*)")


def has_display() -> bool:
    """Whether a window can be shown: a display of X11 or Wayland, or a system that always has one."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform:
        return platform not in ("offscreen", "minimal", "vnc")
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def missing_libraries(display: bool | None = None) -> list[tuple[str, str]]:
    """(library, Debian package) of everything that is missing, in the order to install. [] where all is there.

    `display`: whether a window is going to be shown on X11; None asks `has_display`.
    """
    if not sys.platform.startswith("linux"):
        return []
    wanted = dict(GUI)
    if (has_display() if display is None else display) and not os.environ.get("WAYLAND_DISPLAY"):
        wanted |= XCB
    found = [(library, package) for library, package in wanted.items() if not _loads(library)]
    reason = _qt_fails()
    if reason is None:
        # Qt itself loads: of its own libraries only what the platform plugin needs can be missing.
        found = [pair for pair in found if pair[0] in XCB]
    elif (named := _MISSING.search(reason)) and named[1] not in dict(found):
        found.append((named[1], GUI.get(named[1]) or XCB.get(named[1]) or package_of(named[1])))
    return found


def package_of(library: str) -> str:
    """The usual Debian name of a library's package: libfoo.so.2 -> libfoo2, libfoo-1.so.2 -> libfoo-1-2."""
    name, _, version = library.partition(".so")
    number = version.lstrip(".").partition(".")[0]
    dash = "-" if name[-1:].isdigit() and number else ""
    return f"{name.lower().replace('_', '-')}{dash}{number}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _qt_fails() -> str | None:
    """What the import of Qt says, None if it succeeds."""
    try:
        importlib.import_module("PySide6.QtGui")
    except ImportError as error:
        return str(error)
    return None
