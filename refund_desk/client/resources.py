"""Where the files that ship with the desk are: inside the wheel, or beside the package in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import refund_desk


@cache
def resource_dir() -> Path:
    """The directory that holds themes, translations, process, policies. FileNotFoundError where there is none."""
    package = Path(refund_desk.__file__).parent
    for place in (package / "resources", package.parent / "resources"):
        if (place / "translations").is_dir():
            return place
    raise FileNotFoundError(f"no resources beside {package}")
