"""Help in the user's language. A text is a key of the catalogue, which is read only once somebody asks for help.

Commands are `help.<path>`, such as `help.user.add`; an option's key stands in the code, where its text would.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

WIDEST = 100
_KEY = re.compile(r"help\.[\w.-]+")
_PIECES = re.compile(r"[⺀-鿿＀-￯、-〿]|[^\s⺀-鿿＀-￯、-〿]+|\s+")
_NEVER_FIRST = "，。；：、）！？”"


def explain(command: Any, path: str) -> Any:
    """Give a command, and all below it, help in the user's language; the command itself."""
    command.get_help = partial(page, command, path)
    for name, below in getattr(command, "commands", {}).items():
        explain(below, f"{path}.{name}")
    return command


def page(command: Any, path: str, ctx: Any, below: Sequence[tuple[str, str]] | None = None) -> str:
    """All that `--help` says of a command. below: (name, key) of commands that are not loaded."""
    from refund_desk.commands.printing import words

    tr = words().tr
    if below is None:
        below = [(name, f"help.{path}.{name}") for name in getattr(command, "commands", {})]
    width = min(shutil.get_terminal_size().columns, WIDEST)
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    lines = [f"{tr('help.usage')} {usage}", "", *("  " + line for line in _wrapped(tr(f"help.{path}"), width - 2))]
    params = [(param, _record(param, ctx)) for param in command.get_params(ctx)]
    for heading, rows in (
        ("arguments", [row for param, row in params if row and param.param_type_name == "argument"]),
        ("options", [row for param, row in params if row and param.param_type_name != "argument"]),
        ("commands", below),
    ):
        if rows:
            told = [(name, _KEY.sub(lambda found: tr(found[0]), text)) for name, text in rows]
            lines += ["", f"{tr(f'help.heading.{heading}')}:", *_columns(told, width)]
    return "\n".join(lines)


def _record(param: Any, ctx: Any) -> tuple[str, str] | None:
    """Names and text of a parameter, in which keys still stand for words."""
    found = param.get_help_record(ctx)
    if found is None:
        return None
    name, text = found
    if "--help" in param.opts:
        return name, "help.option.help"
    head, gap, more = text.rpartition("[")
    more = more.replace("default:", "help.default").replace("required", "help.required")
    return name, f"{head}{gap}{more}" if gap and text.endswith("]") else text


def _columns(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    from refund_desk.commands.printing import width_of

    first = min(max(width_of(name) for name, _ in rows), 30)
    for name, text in rows:
        lines = _wrapped(text, max(width - first - 4, 20)) or [""]
        if width_of(name) > first:
            yield f"  {name}"
            name = ""
        for line in lines:
            yield f"  {name}{' ' * (first - width_of(name))}  {line}".rstrip()
            name = ""


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns: broken at spaces, and between Chinese characters."""
    from refund_desk.commands.printing import width_of

    lines = [""]
    for piece in _PIECES.findall(text):
        fits = width_of(lines[-1]) + width_of(piece) <= width or piece in _NEVER_FIRST
        if fits or not lines[-1]:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return [line.rstrip() for line in lines if line.strip()]
