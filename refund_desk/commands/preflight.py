"""Before a window: are the system's libraries there that Qt stands on? Named by package, not by a traceback.

Qt aborts the process when its platform plugin can't be loaded, so it has to be asked before. When all is
well this loads one library that the window needs anyway. `python -m refund_desk.commands.preflight
[PLATFORM]` prints the missing packages, exit code 1 if there are any.
"""

from __future__ import annotations

import ctypes
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from refund_desk.domain.errors import Unavailable
from refund_desk.settings import platform

# Library: package of Debian and Ubuntu (apt), of Fedora and its kin (dnf).
_QT: Final = {
    "libEGL.so.1": ("libegl1", "libglvnd-egl"),
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libX11.so.6": ("libx11-6", "libX11"),
    "libxcb.so.1": ("libxcb1", "libxcb"),
}
_XCB: Final = {
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
}
_WAYLAND: Final = {
    "libwayland-client.so.0": ("libwayland-client0", "libwayland-client"),
    "libwayland-cursor.so.0": ("libwayland-cursor0", "libwayland-cursor"),
}
NEEDS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = MappingProxyType(
    {"offscreen": _QT, "xcb": _QT | _XCB, "wayland": _QT | _WAYLAND}
)


def check_window(wanted: str | None = None) -> None:
    """Raise Unavailable where no window can open, with what to install. wanted: a platform of Qt's."""
    on = platform() if wanted is None else wanted
    qt = _qt_directory()
    if qt is None:
        raise Unavailable("desktop.not_installed")
    if not on:
        raise Unavailable("desktop.no_display")
    packages, unknown = missing(on, qt)
    if packages:
        raise Unavailable("desktop.libraries", command=install_command(packages))
    if unknown:
        raise Unavailable("desktop.library", library=unknown)


def missing(on: str, qt: Path, loads: Callable[[str], str | None] | None = None) -> tuple[list[str], str]:
    """Packages to install for a platform; where none is known for it, the library that doesn't load.

    qt: the directory of PySide6. loads: None for a library that loads, else the name of what is missing.
    """
    ask = loads or _loads
    if on not in NEEDS or (lacking := ask(str(qt / "Qt" / "plugins" / "platforms" / f"libq{on}.so"))) is None:
        return [], ""
    column = 1 if _package_tool() == "dnf" else 0
    packages = [package[column] for library, package in NEEDS[on].items() if ask(library) is not None]
    return (list(dict.fromkeys(packages)), "") if packages else ([], lacking)


def install_command(packages: list[str]) -> str:
    """What to type to have them."""
    tools = {"apt": "sudo apt-get install -y", "dnf": "sudo dnf install -y"}
    return f"{tools[_package_tool()]} {' '.join(packages)}"


def _package_tool() -> str:
    """apt or dnf, by what the system says it is; apt's names are what others look theirs up by."""
    try:
        said = Path("/etc/os-release").read_text("utf-8")
    except OSError:
        return "apt"
    return "dnf" if re.search(r"^ID(_LIKE)?=.*\b(fedora|rhel|centos)\b", said, re.MULTILINE) else "apt"


def _qt_directory() -> Path | None:
    """Where PySide6 lies; found, not imported."""
    found = importlib.util.find_spec("PySide6")
    places = found.submodule_search_locations if found is not None else None
    return Path(next(iter(places))) if places else None


def _loads(library: str) -> str | None:
    """None if the library loads; else the name of the one that is missing."""
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return re.split(r":\s", str(error))[0]
    return None


def main() -> None:
    """Print what is missing, one package a line."""
    qt = _qt_directory()
    on = sys.argv[1] if len(sys.argv) > 1 else platform() or "offscreen"
    packages, unknown = missing(on, qt) if qt is not None else ([], "PySide6")
    for name in [*packages, *([unknown] if unknown else [])]:
        sys.stdout.write(name + "\n")
    sys.exit(1 if packages or unknown else 0)


if __name__ == "__main__":
    main()
