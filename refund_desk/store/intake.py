"""What was taken in before, and what could not be: the memory that makes a second import change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from refund_desk.domain.errors import NotFound
from refund_desk.service.ports.facts import Seen
from refund_desk.store.statements import insert_of
from refund_desk.store.tables.cases import finding, request
from refund_desk.store.tables.facts import intake_seen, quarantine

_SEEN = select(intake_seen.c.digest, intake_seen.c.case_id).where(
    intake_seen.c.system == bindparam("system"), intake_seen.c.external_id == bindparam("external_id")
)


class IntakeRepo:
    """Seen records and quarantine over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._insert = insert_of(connection.dialect.name)

    # ------------------------------------------------------------ what was taken in

    def seen(self, system: str, external_id: str) -> Seen | None:
        row = self._c.execute(_SEEN, {"system": system, "external_id": external_id}).one_or_none()
        return None if row is None else Seen(row.digest, row.case_id)

    def remember(self, system: str, external_id: str, digest: bytes, case_id: int, at: datetime) -> None:
        """This request came with this digest and belongs to that case."""
        put = self._insert(intake_seen).values(
            system=system, external_id=external_id, digest=digest, case_id=case_id, at=at
        )
        new = {"digest": digest, "case_id": case_id, "at": at}
        self._c.execute(put.on_conflict_do_update(index_elements=["system", "external_id"], set_=new))

    def change_request(self, system: str, external_id: str, **columns: Any) -> int:
        """What a request says now; returns its id."""
        where = (request.c.system == system, request.c.external_id == external_id)
        put = update(request).where(*where).values(**columns).returning(request.c.id)
        return int(self._c.execute(put).scalar_one())

    # ------------------------------------------------------------ quarantine

    def quarantine(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep records that can't be taken. The same bytes from the same source are one row, with today's reasons."""
        put = self._insert(quarantine)
        again = put.on_conflict_do_update(
            index_elements=["digest", "source"],
            set_={"reasons": put.excluded.reasons},  # the rules may have changed since
            where=quarantine.c.status == "open",
        )
        self._c.execute(again, [{**row, "status": "open"} for row in rows])

    def quarantine_id(self, digest: bytes, source: str) -> int:
        where = (quarantine.c.digest == digest, quarantine.c.source == source)
        return int(self._c.execute(select(quarantine.c.id).where(*where)).scalar_one())

    def quarantined(self, status: str | None, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """Rows newest first without their bytes, those with an id below `after` (0: from the newest)."""
        query = select(*(column for column in quarantine.c if column.name != "raw")).order_by(quarantine.c.id.desc())
        if status is not None:
            query = query.where(quarantine.c.status == status)
        if after:
            query = query.where(quarantine.c.id < after)
        return [dict(row._mapping) for row in self._c.execute(query.limit(limit))]

    def quarantine_counts(self) -> dict[str, int]:
        query = select(quarantine.c.status, func.count()).group_by(quarantine.c.status)
        return {row[0]: row[1] for row in self._c.execute(query)}

    def quarantined_one(self, quarantine_id: int) -> Mapping[str, Any]:
        row = self._c.execute(select(quarantine).where(quarantine.c.id == quarantine_id)).one_or_none()
        if row is None:
            raise NotFound("quarantine.not_found", id=quarantine_id)
        return dict(row._mapping)

    def settle_quarantine(self, quarantine_id: int, **columns: Any) -> None:
        self._c.execute(update(quarantine).where(quarantine.c.id == quarantine_id).values(**columns))

    def quarantined_of(self, source: str) -> int:
        where = (quarantine.c.source == source, quarantine.c.status == "open")
        return int(self._c.execute(select(func.count()).select_from(quarantine).where(*where)).scalar_one())

    def settle_of(self, source: str, request: str, status: str) -> int:
        """The bytes go with it; the key as well, so that the same bytes can be refused again."""
        where = (quarantine.c.source == source, quarantine.c.request == request, quarantine.c.status == "open")
        numbers = list(self._c.execute(select(quarantine.c.id).where(*where)).scalars())
        for number in numbers:
            self.settle_quarantine(number, status=status, raw=b"", digest=b"settled %d" % number)
        return len(numbers)

    # ------------------------------------------------------------ erasing

    def erase(self, case_ids: Sequence[int], external_id: str) -> list[str]:
        """Drop what is personal here: the words of requests, findings that name files, kept raw records.

        external_id: the customer's; every kept record that mentions it goes. Returns folders of evidence
        kept aside for them.
        """
        self._c.execute(
            update(request).where(request.c.case_id.in_(case_ids)).values(text=None, reason_text=None, want=None)
        )
        named = finding.c.code.like("evidence.%")
        self._c.execute(delete(finding).where(finding.c.case_id.in_(case_ids), named))
        folders = []
        wanted = external_id.encode()
        for row in self._c.execute(select(quarantine.c.id, quarantine.c.raw, quarantine.c.evidence_dir)).all():
            if wanted in row.raw:
                self._c.execute(delete(quarantine).where(quarantine.c.id == row.id))
                folders += [row.evidence_dir] if row.evidence_dir else []
        return folders
