"""Settings come from the environment, once, and are never half."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from refund_desk.domain.errors import Unavailable
from refund_desk.settings import Settings, platform


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing."""
    for name in ("HOME", "DATABASE_URL", "KEY_DIR", "TOKEN", "SERVER", "TRUSTED_KEY", "LANGUAGE", "CURRENCY"):
        monkeypatch.delenv(f"REFUND_DESK_{name}", raising=False)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def test_a_desk_and_its_demo_live_apart_and_the_key_beside_neither() -> None:
    settings = Settings()
    assert settings.data_dir != settings.demo_dir
    assert not settings.keys.is_relative_to(settings.data_dir)
    assert not settings.keys.is_relative_to(settings.demo_dir)
    assert settings.data_dir.is_absolute()


def test_one_variable_names_the_home_of_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REFUND_DESK_HOME", "here")
    assert Settings().data_dir == Settings().demo_dir == tmp_path / "here"
    assert Settings(home=tmp_path).data_dir == tmp_path


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFUND_DESK_HOME", "")
    monkeypatch.setenv("REFUND_DESK_CURRENCY", "")
    assert Settings().home is None
    assert Settings().currency == "CNY"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REFUND_DESK_LANGUAGE", "zh", "zh"),
        ("REFUND_DESK_LANGUAGE", "zh_CN", "zh"),
        ("REFUND_DESK_LANGUAGE", "fr", "en"),
        ("LC_ALL", "zh_CN.UTF-8", "zh"),
        ("LC_MESSAGES", "zh_TW.UTF-8", "zh"),
        ("LANG", "en_US.UTF-8", "en"),
        ("LANG", "C", "en"),
    ],
)
def test_people_are_spoken_to_in_their_language(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    assert Settings().words == words


def test_what_is_set_comes_before_what_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("REFUND_DESK_LANGUAGE", "en")
    assert Settings().words == "en"


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().home = Path()  # type: ignore[misc]


def test_the_platform_a_window_is_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert platform() == ""
    monkeypatch.setenv("DISPLAY", ":0")
    assert platform() == "xcb"
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert platform() == "wayland"
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen:size=1280x800;xcb")
    assert platform() == "offscreen"


def test_a_user_without_a_home_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise RuntimeError("could not determine home directory")

    monkeypatch.setattr(Path, "home", none)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unavailable, match=r"home\.unknown"):
        _ = Settings().data_dir
    assert Settings(home=Path("/desk")).data_dir == Path("/desk")
