"""Work of people: what they can do and when, whom they may not serve, and how cases were handed out and moved.

`working`, `absence`, `interest` and `delegation` are what the desk was told; `handout` counts, a row a person and
day; `case_move` is one move of one or many cases, `case_moved` each of them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from refund_desk.store.tables.base import Instant, Json, Key, metadata

working = Table(
    "working",
    metadata,
    Column("person_id", Key, ForeignKey("person.id"), primary_key=True),
    Column("skills", Json, nullable=False),  # reasons and kinds of request; none: all
    Column("languages", Json, nullable=False),  # none: all
    Column("calendar", Text),  # its shifts; null: that of the process
    Column("away", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Key, ForeignKey("person.id")),
)

absence = Table(
    "absence",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("set_by", Key, ForeignKey("person.id")),
    Column("set_at", Instant, nullable=False),
    Column("ended_at", Instant),  # called off, or back earlier
    Column("ended_by", Key, ForeignKey("person.id")),
    Index("ix_absence_until", "until_at"),
)

interest = Table(
    "interest",
    metadata,
    Column("id", Key, primary_key=True),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False),
    Column("relation", Text, nullable=False),  # own, known
    Column("customer_id", Key, ForeignKey("customer.id")),
    Column("other_id", Key, ForeignKey("person.id")),
    Column("set_by", Key, ForeignKey("person.id")),
    Column("set_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Key, ForeignKey("person.id")),
    Index("ix_interest_person", "person_id"),
)

delegation = Table(
    "delegation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("from_id", Key, ForeignKey("person.id"), nullable=False),
    Column("to_id", Key, ForeignKey("person.id"), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("set_by", Key, ForeignKey("person.id")),
    Column("set_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Key, ForeignKey("person.id")),
    Index("ix_delegation_to", "to_id", "until_at"),
)

handout = Table(
    "handout",
    metadata,
    Column("person_id", Key, ForeignKey("person.id"), primary_key=True),
    Column("day", Text, primary_key=True),  # of UTC
    Column("given", Integer, nullable=False),  # by take-next
    Column("picked", Integer, nullable=False),  # by hand
    Column("declined", Integer, nullable=False),  # put back without a decision
    Column("given_s", BigInteger, nullable=False),  # expected work
    Column("picked_s", BigInteger, nullable=False),
)

case_move = Table(
    "case_move",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False),
    Column("undo_until", Instant, nullable=False),
    Column("undone_at", Instant),
    Index("ix_case_move_person", "person_id", "id"),
)

case_moved = Table(
    "case_moved",
    metadata,
    Column("move_id", Key, ForeignKey("case_move.id"), primary_key=True),
    Column("case_id", Key, ForeignKey("refund_case.id"), primary_key=True),
    Column("from_id", Key, ForeignKey("person.id")),
    Column("to_id", Key, ForeignKey("person.id")),
    Column("event_id", BigInteger, nullable=False),  # the case_event of the move
    Column("lease_until", Instant),  # before it
    Column("taken_at", Instant),
)
