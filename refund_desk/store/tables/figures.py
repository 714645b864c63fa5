"""Prepared sums of the figures: what each case adds on each day, and the sums by dimension, member and day; months that
were reported, and what was learnt from a figure.

Sums are written by the worker alone, from the other tables, and made anew from them at any time. Days are proleptic
ordinals of the shop's days. Nothing personal: a region is a country.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from refund_desk.domain.figure_parts import PARTS
from refund_desk.domain.figures import Dimension
from refund_desk.store.tables.base import Instant, Json, Key, metadata

figure_case = Table(
    "figure_case",
    metadata,
    Column("case_id", Key, ForeignKey("refund_case.id"), primary_key=True),
    Column("day", Integer, primary_key=True),
    *(Column(one.value, Text, nullable=False) for one in Dimension),
    Column("parts", Json, nullable=False),  # n by part
    Index("ix_figure_case_day", "day"),
)

figure_day = Table(
    "figure_day",
    metadata,
    Column("dimension", Text, primary_key=True),  # "": all cases, of the one member ""
    Column("member", Text, primary_key=True),
    Column("day", Integer, primary_key=True),
    *(Column(part, BigInteger, nullable=False) for part in PARTS),
    sqlite_with_rowid=False,  # a dimension's rows lie side by side
)

figure_open = Table(
    "figure_open",
    metadata,
    Column("dimension", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("part", Text, primary_key=True),  # paid_out:CNY
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Parts whose names aren't known beforehand: money by currency, decisions by kind."""

month_report = Table(
    "month_report",
    metadata,
    Column("id", Key, primary_key=True),
    Column("month", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the file, which lies with the originals
    Column("bytes", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("person_id", Key, ForeignKey("person.id")),  # null: made by itself
    Index("ix_month_report_month", "month"),
)

lesson = Table(
    "lesson",
    metadata,
    Column("id", Key, primary_key=True),
    Column("figure", Text, nullable=False),
    Column("dimension", Text, nullable=False),  # "": of all cases
    Column("member", Text, nullable=False),
    Column("first", Integer, nullable=False),  # the days on which it was seen
    Column("last", Integer, nullable=False),
    Column("sums", Json, nullable=False),  # of those days, as they were counted then
    Column("text", Text, nullable=False),
    Column("owner_id", Key, ForeignKey("person.id"), nullable=False),
    Column("due", Integer, nullable=False),
    Column("made_by", Key, ForeignKey("person.id"), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("status", Text, nullable=False),  # open, done, dropped
    Column("settled_by", Key, ForeignKey("person.id")),
    Column("settled_at", Instant),
    Column("result", Text),
    Index("ix_lesson_status", "status", "due"),
)
"""A finding of a retrospective: what a figure taught us, whose it is, until when."""
