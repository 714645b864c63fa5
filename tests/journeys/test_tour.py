"""A demo desk is filled by its script, and the tour drives the real window over it, to the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

CASES, DECIDED = 40, 6
PICTURES = ("queue", "case", "evidence", "decision", "approval", "audit")

FILL_AND_TOUR = f"""
import sys
from pathlib import Path
from refund_desk.commands.demo_fill import fill
from refund_desk.commands.demo_tour import take_tour
from refund_desk.settings import Settings
home, keys, out = (Path(one) for one in sys.argv[1:])
settings = Settings(key_dir=keys)
filled = fill(home, settings, count={CASES})
print("refused:", *filled.refused, sep="\\n", file=sys.stderr)
sys.exit(take_tour(home, settings, out, decide={DECIDED}))
"""


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A tour taken in a process of its own, as `refund-desk demo --tour` takes it."""
    folder = tmp_path_factory.mktemp("tour")
    out = folder / "out"
    places = [str(folder / "home"), str(folder / "keys"), str(out)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", FILL_AND_TOUR, *places],
        capture_output=True,
        text=True,
        timeout=400,
        env=environment,
        check=False,
    )
    return out, done


def test_it_goes_to_the_end(toured: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = toured
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads((out / "tour.json").read_text("utf-8"))
    assert told["decided"] == DECIDED
    assert told["most_keys"] <= 12
    assert told["audit_verified"] is True
    assert told["audit_entries"] > CASES


def test_every_picture_is_there_and_shows_something(toured: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = toured
    assert done.returncode == 0, done.stderr[-3000:]
    for language in ("zh", "en"):
        for name in PICTURES:
            light, dark = out / language / f"{name}.png", out / language / f"{name}-dark.png"
            for path in (light, dark):
                with Image.open(path) as picture:
                    assert picture.size == (1440, 900)
                    colours = picture.convert("RGB").getcolors(1_000_000)
                assert colours is not None
                assert len(colours) > 200, path
            assert light.read_bytes() != dark.read_bytes()
    assert (out / "zh" / "queue.png").read_bytes() != (out / "en" / "queue.png").read_bytes()


def test_no_word_is_missing(toured: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = toured
    assert "no words for" not in done.stderr
