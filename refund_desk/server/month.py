"""The figures of a month as a paper, worded, beside those of the month before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from refund_desk.domain import papers as b
from refund_desk.domain.figures import FIGURES, GROUPS, MonthFigures, Unit, Value
from refund_desk.service.ports.exports import Catalogue
from refund_desk.service.ports.papers import Block, Paper, Section

NOTHING = "–"
VOCABULARY = {"reason": "reason", "channel": "channel", "decision": "decision"}


def written(value: Value, unit: Unit, words: Catalogue) -> str:
    """A figure as the language writes it, with its unit."""
    if value is None:
        return NOTHING
    if isinstance(value, Mapping):
        return words.formats.join([words.formats.money({"minor": value[c], "currency": c}) for c in sorted(value)])
    if unit is Unit.SHARE:
        return words.formats.percent(float(value), 1)
    return words.formats.duration(float(value)) if unit is Unit.SECONDS else words.formats.number(int(value))


def change(now: Value, before: Value, unit: Unit, words: Catalogue) -> str:
    """Against the month before: of shares in points, of all else in percent; nothing where one is missing."""
    if not isinstance(now, int | float) or not isinstance(before, int | float):
        return ""
    if unit is Unit.SHARE:
        return words.tr("report.points", n=f"{(now - before) * 100:+.1f}".replace("-", "−"))
    if not before:
        return ""
    step = (now - before) / before
    return ("+" if step > 0 else "") + words.formats.percent(step, 1)


def member_of(group: str, name: str, words: Catalogue) -> str:
    return words.member(VOCABULARY[group], name) if name else words.tr("report.none")


def month_paper(now: MonthFigures, before: MonthFigures, by: str, at: datetime, words: Catalogue) -> Paper:
    """Figures with their definitions, charts with their numbers, merchants."""
    made = words.formats.full(at)
    sections = [
        Section(words.tr("report.section.figures"), _figures(now, before, words)),
        *(Section(words.tr(f"report.section.by_{g}"), [_chart(now, g, words)]) for g in GROUPS if now.groups.get(g)),
    ]
    if now.merchants:
        sections.append(Section(words.tr("report.section.merchants"), [_merchants(now, words)]))
    sections.append(Section(words.tr("report.section.definitions"), _definitions(words)))
    return Paper(
        title=words.tr("report.month.title", month=now.month),
        subtitle=words.tr("report.made", at=made, by=words.plain(by)),
        mark=now.month,
        footer=words.tr("report.footer", at=made),
        language=words.language,
        at=at,
        sections=sections,
        keywords=[now.month],
    )


def _figures(now: MonthFigures, before: MonthFigures, words: Catalogue) -> list[Block]:
    rows = [
        [
            words.tr(f"figure.{name}"),
            written(now.values.get(name), one.unit, words),
            written(before.values.get(name), one.unit, words),
            change(now.values.get(name), before.values.get(name), one.unit, words),
        ]
        for name, one in FIGURES.items()
    ]
    heads = [words.tr("report.field.figure"), now.month, before.month, words.tr("report.field.change")]
    return [b.table(heads, rows, right=[1, 2, 3], widths=[2, 1, 1, 1])]


def _chart(now: MonthFigures, group: str, words: Catalogue) -> Block:
    counts = now.groups[group]
    most, whole = max(counts.values()), sum(counts.values())
    return b.bars(
        [
            (
                member_of(group, name, words),
                count / most,
                f"{words.formats.number(count)} · {words.formats.percent(count / whole, 1)}",
            )
            for name, count in counts.items()
        ]
    )


def _merchants(now: MonthFigures, words: Catalogue) -> Block:
    rows = [
        [
            words.plain(one.merchant),
            words.formats.number(one.cases),
            words.formats.number(one.asked),
            words.formats.percent(one.in_time / one.asked, 1) if one.asked else NOTHING,
            words.formats.number(one.decided),
            words.formats.number(one.overturned),
        ]
        for one in now.merchants
    ]
    names = ("merchant", "cases", "asked_merchant", "in_time", "decided", "overturned")
    heads = [words.tr(f"report.field.{name}") for name in names]
    return b.table(heads, rows, right=[1, 2, 3, 4, 5], widths=[2, 0, 0, 0, 0, 0])


def _definitions(words: Catalogue) -> list[Block]:
    rows = [[words.tr(f"figure.{name}"), one.formula, one.source] for name, one in FIGURES.items()]
    heads = [words.tr(f"report.field.{name}") for name in ("figure", "formula", "source_table")]
    return [b.text(words.tr("report.period"), "muted"), b.table(heads, rows, widths=[2, 4, 0])]
