"""A desk whose secrets others can read does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from refund_desk.domain.errors import Unavailable
from refund_desk.settings import Settings
from refund_desk.wiring import Parts, embedded


def test_secrets_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", key_dir=tmp_path / "keys")
    house = embedded(tmp_path / "home", settings, Parts(worker=False, synchronous="OFF"))
    assert house.desk.vault is not None
    house.desk.vault.put("shop/password", "pässword")
    house.close()
    (path,) = (tmp_path / "keys").glob("*.secrets/*")
    path.chmod(0o640)
    with pytest.raises(Unavailable, match=r"secret\.exposed"):
        embedded(tmp_path / "home", settings, Parts(worker=False, synchronous="OFF"))
    path.chmod(0o600)
    embedded(tmp_path / "home", settings, Parts(worker=False, synchronous="OFF")).close()
