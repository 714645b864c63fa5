"""Each write's answer carries the latest signed checkpoint, and the log that is shown later continues it."""

from __future__ import annotations

from refund_desk.domain.checkpoints import Checkpoint, read_checkpoint
from refund_desk.domain.merkle import verify_consistency
from refund_desk.engines import signing
from refund_desk.wire import commands as c
from tests.fakes.desk_api import DeskApi


def read(desk: DeskApi, header: str) -> Checkpoint:
    """The checkpoint in a header; its signature must be the desk's."""
    note = bytes.fromhex(header).decode()
    signing.verify_note(note, desk.house.key.vkey)
    return read_checkpoint(note)


def test_every_write_carries_one_that_verifies(desk_api: DeskApi) -> None:
    ref = desk_api.ref(1)
    note = {"kind": "note", "text": "one"}
    writes = [
        ("POST", f"/cases/{ref}/take", None),
        ("POST", f"/cases/{ref}/messages", note),
        ("POST", f"/cases/{ref}/looks", {"evidence": [], "seen_event": 1}),
        ("PUT", "/views", {"name": "mine", "filters": {}}),
        ("POST", "/session", {"login": "nobody", "password": "x"}),
        ("DELETE", "/session", None),
    ]
    for method, path, body in writes:
        answer = desk_api.call(method, path, body, by="reviewer")
        header = answer.headers.get("desk-checkpoint")
        assert (header is not None) is answer.is_success, path
        if header is not None:
            assert read(desk_api, header).size > 0
    assert "desk-checkpoint" not in desk_api.call("GET", "/me", by="supervisor").headers


def test_the_log_continues_what_was_handed_out(desk_api: DeskApi) -> None:
    note = c.MessageBody(kind="note", text="one")
    client = desk_api.client("supervisor")
    desk_api.ask("supervisor", lambda desk: desk.message(desk_api.ref(1), note))
    assert client.checkpoint is not None
    old = read(desk_api, client.checkpoint)
    for number in range(5):
        desk_api.ask("supervisor", lambda desk, n=number: desk.message(desk_api.ref(1 + n), note))  # type: ignore[misc]
        desk_api.clock.forward(seconds=2)
        desk_api.house.integrate()
    desk_api.ask("supervisor", lambda desk: desk.message(desk_api.ref(1), note))
    new = read(desk_api, client.checkpoint)
    assert new.size > old.size
    path = f"/audit/consistency?old={old.size}&new={new.size}"
    proof = [bytes.fromhex(node) for node in desk_api.call("GET", path, by="supervisor").json()["proof"]]
    assert verify_consistency(old.size, new.size, old.root, new.root, proof)
    assert not verify_consistency(old.size, new.size, new.root, new.root, proof)
    too_far = desk_api.call("GET", f"/audit/consistency?old=1&new={new.size + 1000}", by="supervisor")
    assert (too_far.status_code, too_far.json()["code"]) == (409, "audit.size_unknown")


def test_the_feed_and_the_log_carry_it_too(desk_api: DeskApi) -> None:
    feed = desk_api.ask("reviewer", lambda desk: desk.changes(-1))
    assert feed.checkpoint is not None
    assert read(desk_api, feed.checkpoint).origin == desk_api.house.key.name
    page = desk_api.ask("auditor", lambda desk: desk.audit_page())
    assert page.checkpoint is not None
    assert read(desk_api, page.checkpoint.encode().hex()).size <= page.size


def finished(desk: DeskApi, job: c.Job) -> c.Job:
    while job.status == "running":
        number = job.id
        job = desk.ask("auditor", lambda one: one.job(number))  # noqa: B023
    return job


def test_verify_and_export_are_jobs(desk_api: DeskApi) -> None:
    job = finished(desk_api, desk_api.ask("auditor", lambda desk: desk.start_verify()))
    assert (job.status, job.result["ok"], job.result["origin_proven"]) == ("done", True, True)
    made = finished(desk_api, desk_api.ask("auditor", lambda desk: desk.start_export()))
    assert made.status == "done", made.problem
    exported = desk_api.ask("auditor", lambda desk: desk.job_file(made.id))
    assert len(exported) == made.result["bytes"]
    assert exported.startswith(b"{")
    proof = desk_api.call("GET", f"/audit/proof/{desk_api.ref(1)}", by="auditor").json()
    assert proof["case"] == desk_api.ref(1)
