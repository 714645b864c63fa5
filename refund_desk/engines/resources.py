"""The files that travel with the desk: inside the wheel at refund_desk/resources, or beside the package."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import refund_desk
from refund_desk.domain.errors import Invalid


@cache
def root() -> Path:
    """The directory of all resources. Raises FileNotFoundError where the installation is broken."""
    package = Path(refund_desk.__file__).parent
    for place in (package / "resources", package.parent / "resources"):
        if (place / "process").is_dir():
            return place
    raise FileNotFoundError(f"no resources beside {package}")


def path(name: str) -> Path:
    """A resource by its name below `resources`, as in "process/standard.yaml". Names that climb out are refused."""
    found = (root() / name).resolve()
    if not found.is_relative_to(root().resolve()):
        raise ValueError(f"{name} is no resource")
    return found


def read_text(name: str) -> str:
    """Text of a resource. Raises FileNotFoundError."""
    return path(name).read_text(encoding="utf-8")


def read_yaml(name: str) -> Any:
    """A YAML resource as plain values. Raises Invalid `file.not_yaml`."""
    return parse_yaml(read_text(name), name)


def parse_yaml(text: str, name: str) -> Any:
    """YAML text as plain values; `name` is for the error. A key that stands twice is an error, not a loss."""
    try:
        return yaml.load(text, Loader=_Strict)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise Invalid("file.not_yaml", file=name, line=line) from error


_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one reads five times as fast, where it was built


class _Strict(_Safe):  # type: ignore[misc]
    """Safe, and refuses a mapping that names a key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return dict(super().construct_mapping(node, deep))
