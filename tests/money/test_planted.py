"""Each planted bug turns the histories red: what the checker says about a sound program means something."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.money.planted import BUGS, Bug, hunt, plant

MOST = 400
"""Histories until a bug must have been found; most are within the first ten."""

LONG = pytest.mark.skipif(not os.environ.get("REFUND_DESK_MONEY"), reason="planted bugs: make test-planted hunts them")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_it_fits_the_program(bug: Bug, tmp_path: Path) -> None:
    plant(bug, tmp_path)


@LONG
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_it_turns_red(bug: Bug, tmp_path: Path) -> None:
    run = hunt(plant(bug, tmp_path), bug, MOST)
    assert run.returncode == 1, f"not found in {MOST} histories\n{run.stdout}{run.stderr}"
    assert any(f": {cry}: " in run.stdout for cry in bug.cries), run.stdout + run.stderr
