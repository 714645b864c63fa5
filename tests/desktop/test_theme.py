"""Tokens, contrast, and a style sheet that speaks only of what exists."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6 import QtWidgets
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from refund_desk.desktop import fonts
from refund_desk.desktop.theme import KINDS, MODES, Theme, fill, load_styles, load_tokens, theme_dir

# Selectors of Qt that are no public class.
QT_PRIVATE = {"QTableCornerButton"}
CODE = Path(fonts.__file__).parent

# Tokens that panels of their own paint with.
FOR_PANELS = {"bubble_in", "bubble_out", "viewer"}

# text token -> grounds it is written on
TEXT_ON = {
    "text": ("window", "surface", "surface_alt", "selection", "accent_soft", "bubble_in", "bubble_out", "sunken"),
    "muted": ("window", "surface", "surface_alt", "selection", "bubble_in", "bubble_out"),
    "faint": ("window", "surface"),
    "accent_text": ("accent", "accent_hover", "accent_pressed"),
    "bar_text": ("bar", "bar_hover", "bar_active"),
    "bar_muted": ("bar", "bar_field", "bar_hover"),
    "bar_strong": ("bar", "bar_active"),
    "tip_fg": ("tip_bg",),
    "info_fg": ("surface", "window", "accent_soft", "selection"),
    "danger_fg": ("surface", "window", "selection"),
    "warn_fg": ("surface", "window"),
    "ok_fg": ("surface", "window"),
}
PAIRS = [(ink, ground) for ink, grounds in TEXT_ON.items() for ground in grounds]
PAIRS += [(f"{kind}_fg", f"{kind}_bg") for kind in KINDS]
PAIRS += [("text", f"{kind}_bg") for kind in KINDS]
# Lines and shapes that carry meaning need 3:1.
SHAPES = [("focus", "surface"), ("focus", "window"), ("accent", "surface"), ("ok", "surface"), ("danger", "surface")]


def luminance(color: QColor) -> float:
    def part(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * part(color.redF()) + 0.7152 * part(color.greenF()) + 0.0722 * part(color.blueF())


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast of two colours."""
    a, b = sorted((luminance(QColor(first)), luminance(QColor(second))), reverse=True)
    return (a + 0.05) / (b + 0.05)


def test_contrast_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_can_be_read(mode: str, ink: str, ground: str) -> None:
    tokens = load_tokens(mode)
    assert contrast(tokens[ink], tokens[ground]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ink", "ground"), SHAPES)
def test_shapes_can_be_seen(mode: str, ink: str, ground: str) -> None:
    tokens = load_tokens(mode)
    assert contrast(tokens[ink], tokens[ground]) >= 3


def test_both_themes_have_the_same_tokens() -> None:
    assert load_tokens("light").keys() == load_tokens("dark").keys()


def test_every_token_is_a_colour_and_used() -> None:
    used = load_styles() + "".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    for name, value in load_tokens("light").items():
        assert QColor(value).isValid(), name
        known = name in FOR_PANELS or name.rpartition("_")[0] in KINDS
        assert known or re.search(rf"\b{name}\b", used), f"{name} is used nowhere"


def test_a_wrong_token_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("QLabel { color: @nothing; }", load_tokens("light"))


def test_style_files_are_numbered_in_order() -> None:
    names = [path.name for path in theme_dir().glob("*.qss")]
    assert all(re.fullmatch(r"\d\d-[a-z_]+\.qss", name) for name in names)
    assert len({name[:2] for name in names}) == len(names)


# ------------------------------------------------------------ selectors


def _code() -> tuple[set[str], set[str], str]:
    """Class names, object names and the source of the desktop floor."""
    classes, names, source = set(), set(), ""
    for path in CODE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        source += text
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                classes.add(node.name)
        names |= set(re.findall(r'setObjectName\("([^"]+)"\)', text))
    return classes, names, source


def _selectors() -> list[str]:
    styles = re.sub(r"/\*.*?\*/", "", load_styles(), flags=re.S)
    return [part.strip() for group in re.findall(r"([^{}]+)\{", styles) for part in group.split(",")]


def test_every_selector_matches_something() -> None:
    classes, names, source = _code()
    for selector in _selectors():
        for name in re.findall(r"#(\w+)", selector):
            assert name in names, f"{selector}: no object is called {name}"
        bare = re.sub(r"\[[^\]]*\]|#\w+|::?[\w-]+", " ", selector)
        for name in re.findall(r"[A-Za-z]\w*", bare):
            assert name in classes | QT_PRIVATE or hasattr(QtWidgets, name), f"{selector}: no class {name}"
        for prop, value in re.findall(r"\[(\w+)~?=\"([^\"]*)\"\]", selector):
            assert re.search(rf'["(\s]{prop}["=]', source), f"{selector}: nobody sets {prop}"
            assert re.search(rf'["\s]{value}["\s]', source), f"{selector}: nobody says {value}"


def test_qt_takes_the_style_sheet(theme: Theme, qtbot: object) -> None:
    """A broken sheet is a Qt warning, and that fails a test."""
    for mode in MODES:
        theme.use(mode)
        label = QtWidgets.QLabel("x")
        label.ensurePolished()
        label.deleteLater()


# ------------------------------------------------------------ switching and fonts


def test_switching_repaints(app: QApplication, theme: Theme) -> None:
    told = []
    theme.changed.connect(lambda: told.append(theme.mode))
    assert app.palette().color(QPalette.ColorRole.Window) == QColor(load_tokens("light")["window"])
    theme.use("dark")
    assert app.palette().color(QPalette.ColorRole.Window) == QColor(load_tokens("dark")["window"])
    assert load_tokens("dark")["surface"] in app.styleSheet()
    theme.use("dark")
    assert told == ["dark"]
    with pytest.raises(ValueError):
        theme.use("pink")


def test_a_chinese_font_is_in_the_stack(app: QApplication) -> None:
    families = app.font().families()
    assert families
    assert families[-1] == fonts.chinese_family() != ""


NO_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{here}</dir><cachedir>{here}/cache</cachedir></fontconfig>"""


@pytest.mark.skipif(sys.platform != "linux", reason="fontconfig is how Linux finds fonts")
def test_a_system_without_chinese_gets_the_packaged_font(tmp_path: Path) -> None:
    (tmp_path / "fonts.conf").write_text(NO_FONTS.format(here=tmp_path))
    code = (
        "from PySide6.QtGui import QFont; from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from refund_desk.desktop.theme import theme; theme().apply(app)\n"
        "from refund_desk.desktop.fonts import strong\n"
        "print(app.font().families()[-1], app.font().variableAxisValue(QFont.Tag.fromString('wght')), strong().name)"
    )
    env = {**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True, timeout=60)
    assert run.stdout.strip() == "Noto Sans CJK SC 400.0 Bold"


def test_the_packaged_font_has_simplified_chinese(app: QApplication) -> None:
    families = fonts.load_packaged()
    assert any("SC" in family for family in families)
