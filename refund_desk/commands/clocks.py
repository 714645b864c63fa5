"""`refund-desk clocks …`: what changed rules of clocks do to open cases, seen and then done."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from refund_desk.commands.calling import Call, desk_command
from refund_desk.commands.printing import as_json, say, table, words
from refund_desk.wire.clocks import ClockChange, ClockPage, ClockTerms

app = typer.Typer(no_args_is_help=True, add_completion=False)

MOST_SHOWN = 50
"""Lines of the table; the counts are of all, and `--json` has them all."""


@desk_command(app, "preview")
def preview(call: Call) -> None:
    """What the rules in force would change of open cases. Changes nothing."""
    _tell(call, list(_pages(call, apply=False)), "command.clocks.would")


@desk_command(app, "recompute")
def recompute(call: Call) -> None:
    """Bring open cases under the rules in force; what was is kept on each case and in the log."""
    _tell(call, list(_pages(call, apply=True)), "command.clocks.done")


def _pages(call: Call, *, apply: bool) -> Iterator[ClockPage]:
    after: int | None = 0
    while after is not None:
        page = call.ask(call.client.recompute_clocks(after) if apply else call.client.clock_changes(after))
        yield page
        after = page.next


def _tell(call: Call, pages: list[ClockPage], says: str) -> None:
    changes = [change for page in pages for change in page.changes]
    counts = {
        "version": pages[-1].version,
        "looked_at": sum(page.looked_at for page in pages),
        "cases": len({change.ref for change in changes}),
        "clocks": len(changes),
    }
    if call.json:
        as_json({**counts, "changes": [change.model_dump(mode="json") for change in changes]})
        return
    heads = [f"command.head.{head}" for head in ("case", "clock", "before", "after")]
    if changes:
        table(heads, [_row(change) for change in changes[:MOST_SHOWN]])
    say(says, **counts)


def _row(change: ClockChange) -> tuple[str, str, str, str]:
    return change.ref, words().tr(f"clock.{change.kind.value}"), _side(change.was), _side(change.now)


def _side(terms: ClockTerms) -> str:
    """When it is due, or what is left of one that pauses, and on which calendar."""
    formats = words().formats
    when = formats.moment(terms.due_at) if terms.due_at else formats.duration(terms.remaining_s or 0)
    return f"{when} ({terms.calendar})"
