"""What the wheel holds, what the lock names, and that the floors of the house are where they should be."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _in_wheel() -> set[str]:
    builder = WheelBuilder(str(ROOT))
    files = {file.distribution_path for file in builder.recurse_included_files()}
    return files | {
        file.distribution_path
        for file in builder.recurse_forced_files(builder.config.get_force_include())  # resources and migrations
    }


def test_the_wheel_carries_the_package_its_resources_and_its_migrations() -> None:
    there = _in_wheel()
    for folder, inside in (("refund_desk", ""), ("resources", "refund_desk/"), ("migrations", "refund_desk/")):
        files = [path for path in ROOT.joinpath(folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        wanted = {inside + path.relative_to(ROOT).as_posix() for path in files}
        assert wanted
        assert wanted - there == set()
    assert "refund_desk/py.typed" in there


def test_the_wheel_carries_nothing_else() -> None:
    assert {path.partition("/")[0] for path in _in_wheel()} == {"refund_desk"}
    assert [path for path in _in_wheel() if path.endswith((".pyc", ".db", ".key"))] == []


def test_the_lock_has_a_hash_for_everything_and_no_host() -> None:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    names = [line for line in lines if re.match(r"[a-z0-9]", line)]
    assert len(names) > 40
    strange = [
        line
        for line in lines
        if not re.fullmatch(r"[A-Za-z0-9._\[\]-]+==[^\s\\]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line)
    ]
    assert strange == []


def test_the_lock_has_every_requirement_of_the_project() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = {_plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    project = PROJECT["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["desktop"],
        *PROJECT["dependency-groups"]["dev"],
    ]
    assert {_plain(re.split(r"[\[<>=~! ;]", line)[0]) for line in wanted} - locked == set()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_rules_stand_on_the_standard_library_alone() -> None:
    """import-linter can only forbid packages it is told of; this finds those of tomorrow."""
    outside = {
        f"{path.name}: {name}"
        for path in (ROOT / "refund_desk" / "domain").glob("*.py")
        for name in _imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("refund_desk.domain")
    }
    assert outside == set()


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_every_panel_is_in_the_contract_that_keeps_panels_apart() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (apart,) = [one["modules"] for one in contracts if one["name"].startswith("panels")]
    folders = {path.parent.name for path in (ROOT / "refund_desk" / "desktop").glob("*/__init__.py")} - {"widgets"}
    assert {f"refund_desk.desktop.{name}" for name in folders} == set(apart)


def test_help_waits_for_nothing_heavy() -> None:
    import subprocess

    asked = "import sys; from refund_desk.commands import app; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"fastapi", "sqlalchemy", "pydantic", "httpx", "alembic", "PySide6", "rich", "refund_desk.wiring"}
    assert heavy.intersection(modules) == set()
