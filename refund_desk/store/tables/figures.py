"""Prepared sums of the figures: what each case adds on each day, and the sums by dimension, member and day.

Written by the worker alone, from the other tables, and made anew from them at any time. Days are proleptic
ordinals of the shop's days. Nothing personal: a region is a country.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from refund_desk.domain.figure_parts import PARTS
from refund_desk.domain.figures import Dimension
from refund_desk.store.tables.base import Json, Key, metadata

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
