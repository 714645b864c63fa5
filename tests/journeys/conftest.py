"""Journeys go through the command line, or through the whole window."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Commands on a home of their own."""
    return Shell(tmp_path)
