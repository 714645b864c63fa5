"""Fonts: the system's own, with Simplified Chinese shapes behind it; a packaged font only where there is none."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

log = logging.getLogger(__name__)

# Best first. Without naming one, Han characters may come in Japanese shapes.
PREFERRED = (
    "PingFang SC",
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
)
# What fontconfig answers when no desktop environment has chosen a font.
_GENERIC = {"Sans Serif", "sans-serif", "Sans", "DejaVu Sans", ""}
BASE_PIXELS = 13
_packaged: list[str] = []


def chinese_family() -> str:
    """The family for Han characters; loads the packaged font if the system has none. "" if nothing has any."""
    families = QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese)
    if not families:
        families = load_packaged()
        _packaged.extend(families)
    for wanted in PREFERRED:
        if wanted in families:
            return wanted
    return families[0] if families else ""


def load_packaged() -> list[str]:
    """Families of the font carried by the package manimgx-fonts-cjk; [] where it isn't installed."""
    spec = find_spec("manimgx_fonts_cjk")
    if spec is None or spec.origin is None:
        log.warning("no Chinese font on this system and none packaged")
        return []
    families: list[str] = []
    for path in sorted(Path(spec.origin).parent.glob("*.[ot]t[fc]")):
        number = QFontDatabase.addApplicationFont(str(path))
        families += QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    return families


def strong() -> QFont.Weight:
    """The weight of what stands out. Below Bold the packaged font has no heavier face, and Qt draws none."""
    return QFont.Weight.Bold if _packaged else QFont.Weight.DemiBold


def ui_font(pixels: int = BASE_PIXELS) -> QFont:
    """The font of the whole desk."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    chinese = chinese_family()
    # One family for both scripts sits on one baseline; a font the user chose goes first.
    own = [] if system.family() in _GENERIC and chinese else [system.family()]
    font = QFont(system)
    font.setFamilies([*own, chinese] if chinese else own)
    font.setPixelSize(pixels)
    if _packaged:
        # Qt sees only the default instance of the variable font, which is Thin.
        font.setVariableAxis(QFont.Tag.fromString("wght"), QFont.Weight.Normal)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return font


def mono_family() -> str:
    """Fixed width, for ids, digests and key caps."""
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
