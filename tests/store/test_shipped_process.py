"""A case outlives the program it began with: every process that a program brought stays on record."""

from __future__ import annotations

from pathlib import Path

import pytest

from refund_desk import wiring
from refund_desk.domain.errors import NotFound
from refund_desk.engines import process_book
from refund_desk.engines.versions import SHIPPED
from refund_desk.settings import Settings


def test_the_shipped_process_is_kept_once_and_is_in_force(tmp_path: Path) -> None:
    for _ in range(2):
        house = wiring.embedded(tmp_path / "home", Settings(key_dir=tmp_path / "keys"), wiring.Parts(worker=False))
        with house.read() as work:
            kept = [row["version"] for row in work.people.versions(SHIPPED)]
            current = house.desk.process.current(work).version
        house.close()
    assert kept == [current] == [process_book.standard().version]


def test_a_process_of_an_earlier_program_is_found_and_not_in_force(tmp_path: Path) -> None:
    settings = Settings(key_dir=tmp_path / "keys")
    house = wiring.embedded(tmp_path / "home", settings, wiring.Parts(worker=False))
    content = process_book.standard_content()
    earlier = {**content, "process": {**content["process"], "version": "0"}}
    version = process_book.read(earlier).version
    with house.write() as work:
        at = house.desk.clock()
        work.people.add_version(kind=SHIPPED, version=version, content=earlier, effective_at=at, change_id=None)
    house.close()
    house = wiring.embedded(tmp_path / "home", settings, wiring.Parts(worker=False))
    with house.read() as work:
        assert house.desk.process.version(work, version).version == version
        assert house.desk.process.current(work).version == process_book.standard().version
        with pytest.raises(NotFound):
            house.desk.process.version(work, "standard/none")
    house.close()
