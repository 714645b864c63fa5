"""Missing system libraries are named by the package that has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from refund_desk.commands.preflight import NEEDS, check_window, install_command, missing
from refund_desk.domain.errors import Unavailable

QT = Path("qt")


def _without(*gone: str):  # type: ignore[no-untyped-def]
    """A system without some libraries: the plugin doesn't load either, and names the first."""

    def loads(library: str) -> str | None:
        if library.endswith(("libqxcb.so", "libqoffscreen.so", "libqwayland.so")):
            return gone[0] if gone else None
        return library if library in gone else None

    return loads


def test_all_is_there() -> None:
    assert [missing(on, QT, _without()) for on in NEEDS] == [([], "")] * 3


def test_everything_that_lacks_is_named_at_once() -> None:
    packages, unknown = missing("xcb", QT, _without("libEGL.so.1", "libxcb-cursor.so.0", "libgthread-2.0.so.0"))
    assert len(packages) == 3
    assert unknown == ""
    assert install_command(packages).split()[-3:] == packages


def test_one_package_for_two_libraries_is_named_once() -> None:
    packages, _ = missing("offscreen", QT, _without("libglib-2.0.so.0", "libgthread-2.0.so.0"))
    assert len(packages) == 1


def test_offscreen_needs_nothing_of_x() -> None:
    assert missing("offscreen", QT, _without("libxcb-cursor.so.0")) == ([], "libxcb-cursor.so.0")


def test_a_library_nobody_thought_of_is_named_itself() -> None:
    assert missing("xcb", QT, _without("libnew.so.1")) == ([], "libnew.so.1")


def test_a_platform_of_its_own_is_not_our_affair() -> None:
    assert missing("cocoa", QT, _without("libEGL.so.1")) == ([], "")


def test_without_a_display_no_window_is_tried() -> None:
    with pytest.raises(Unavailable) as said:
        check_window("")
    assert said.value.code in ("desktop.no_display", "desktop.not_installed")
