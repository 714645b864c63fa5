"""The command line for tests: a home of its own, no terminal, no display."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from refund_desk.commands.app import app

PASSWORD = "correct horse"


class Shell:
    """Runs commands on a home of its own, without a display and without a terminal."""

    def __init__(self, folder: Path) -> None:
        self.home, self.keys = folder / "home", folder / "keys"
        self.env: dict[str, str | None] = {
            "REFUND_DESK_HOME": str(self.home),
            "REFUND_DESK_KEY_DIR": str(self.keys),
            "REFUND_DESK_LANGUAGE": "en",
            "REFUND_DESK_TOKEN": None,
            "REFUND_DESK_SERVER": None,
            "REFUND_DESK_DATABASE_URL": None,
        }

    def __call__(self, *words: str, code: int = 0, typed: str | None = None) -> Result:
        result = CliRunner().invoke(app, [*words], env=self.env, input=typed)
        assert result.exit_code == code, (result.output, result.exception)
        assert "\x1b" not in result.output
        return result

    def json(self, *words: str, code: int = 0, typed: str | None = None) -> Any:
        return json.loads(self(*words, "--json", code=code, typed=typed).stdout)

    def add(self, login: str, *roles: str) -> None:
        """An account that can sign in at once."""
        more = [part for role in roles for part in ("--role", role)]
        self("user", "add", login, "--name", login.title(), *more, "--password-stdin", typed=PASSWORD + "\n")

    def as_(self, login: str, *words: str, code: int = 0) -> Result:
        return self(*words, "--as", login, code=code, typed=PASSWORD + "\n")
