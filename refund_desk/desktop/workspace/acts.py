"""What is done on a case beside deciding it: unmask, take, put back, answer, override, mark a promise, ask finance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtWidgets import QApplication, QFileDialog

from refund_desk.client.plaintext import plain
from refund_desk.desktop.exporting import UNMASK, CaseDialog
from refund_desk.desktop.operations import new_key
from refund_desk.desktop.widgets import FieldValue
from refund_desk.desktop.words import member, tr
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.popup import AskText, Choice
from refund_desk.desktop.workspace.promise import MarkPromise
from refund_desk.desktop.workspace.steps import open_consultations
from refund_desk.desktop.workspace.upload import Source, sources_in
from refund_desk.domain.errors import DeskError
from refund_desk.domain.words import Role, WaitFor
from refund_desk.wire.cases import CaseView, CustomerView, EvidenceView, MessageView
from refund_desk.wire.clocks import GoOn, MerchantAsk, MerchantLink, WaitBody
from refund_desk.wire.commands import Outcome, PromiseBody, Taken
from refund_desk.wire.exports import CaseOrder

if TYPE_CHECKING:
    from refund_desk.desktop.workspace.workspace import CaseWorkspace


ORIGINAL_S = 120.0
EXPORTS = (Role.SUPERVISOR, Role.LEAD, Role.FINANCE, Role.RISK, Role.COMPLIANCE, Role.AUDITOR)
"""Who may take a case out of the desk; the service checks it."""


class Acts(QObject):
    """Each asks for what it needs, sends it with a key of its own, and has the case shown again."""

    def __init__(self, workspace: CaseWorkspace) -> None:
        super().__init__(workspace)
        self._over = workspace
        page = workspace.page
        page.header.unmask.connect(self.unmask)
        page.header.hold_wanted.connect(self.hold)
        page.conflicts.ask_finance.clicked.connect(self.ask_finance)
        page.evidence.original_wanted.connect(self.save_original)
        page.evidence.add_wanted.connect(self.choose_files)
        page.evidence.given.connect(self.add_given)
        page.talk.answer_wanted.connect(self.answer)
        page.talk.override_wanted.connect(self.override)
        page.talk.promise_wanted.connect(self.mark_promise)

    def unmask(self) -> None:
        """Show who the customer is. A look, with its reason in the audit log."""
        view = self._over.view
        if view is None or "customer.unmask" not in view.actions or view.customer.unmasked:
            return
        ref = view.ref
        ask = AskText(self._over.page.header.eye, "ui.case.unmask.why", lambda reason: self._unmask(ref, reason))
        self._over.desk.keep_text(f"unmask/{ref}", ask.edit)
        ask.open()

    def _unmask(self, ref: str, reason: str) -> None:
        desk = self._over.desk
        desk.operations.read(
            self._over, lambda: desk.client.customer(ref, reason), lambda customer: self._unmasked(ref, customer)
        )

    def _unmasked(self, ref: str, customer: CustomerView) -> None:
        self._over.desk.drop_text(f"unmask/{ref}")
        if self._over.ref == ref:
            self._over.page.header.show_customer(customer)
            self._over.page.header.customer.setFocus()

    def export(self) -> None:
        """Ask how, then write the case into a file."""
        view, desk = self._over.view, self._over.desk
        if view is None or not desk.has(*EXPORTS):
            return
        dialog = CaseDialog(self._over, view.ref, may_unmask=desk.has(*UNMASK))
        dialog.chosen.connect(partial(self.export_to, view.ref))
        dialog.open()

    def export_to(self, ref: str, path: Path, form: str, language: str, purpose: str) -> None:
        said = {"format": form, "language": language, "purpose": purpose or None}
        order = CaseOrder.model_validate(said)
        self._over.export.save(lambda: self._over.desk.client.start_export_case(ref, order), path)

    def hold(self) -> None:
        """Take the case, or put it back."""
        view = self._over.view
        if view is None:
            return
        ref, client = view.ref, self._over.desk.client
        if view.assignment is not None and view.assignment.yours:
            if "case.release" in view.actions:
                self._write(lambda key: client.release(ref, None, key))
        elif "case.take" in view.actions:
            self._over.desk.operations.write(
                self._over, lambda key: client.take(ref, key), lambda taken: self._taken(ref, taken), key=new_key()
            )

    def _taken(self, ref: str, _taken: Taken) -> None:
        self._over.said.emit(tr("ui.case.taken", ref=ref))
        self._over.refresh_if(ref)

    def ask_finance(self) -> None:
        """A question to finance that carries the conflict as its context."""
        view = self._over.view
        if view is None:
            return
        lines = [" ".join(text for text, _ in show.conflict_parts(conflict)) for conflict in view.conflicts]
        text = "\n".join([tr("ui.case.ask_finance.text"), *lines]) if lines else ""
        self._over.page.talk.composer.open_as("ask", text, (Role.FINANCE,))

    def answer(self, consultation: int = 0) -> None:
        """Answer a question to one's role; without an id the first that waits."""
        view = self._over.view
        if view is None or "consult.answer" not in view.actions:
            return
        waiting = open_consultations(view, frozenset(self._over.desk.me.roles))
        item = next((one for one in waiting if one.id == consultation or not consultation), None)
        if item is None:
            return
        client = self._over.desk.client
        draft = f"answer/{item.id}"
        ask = AskText(
            self._over.page.talk,
            "ui.case.consult.answer.title",
            lambda text: self._write(lambda key: client.answer(item.id, text, key), draft),
            question=item.question,
        )
        self._over.desk.keep_text(draft, ask.edit)
        ask.open()

    def override(self, consultation: int) -> None:
        """Go on without a required answer, with a reason."""
        client = self._over.desk.client
        draft = f"override/{consultation}"
        ask = AskText(
            self._over.page.talk,
            "ui.case.consult.override.title",
            lambda reason: self._write(lambda key: client.override(consultation, reason, key), draft),
        )
        self._over.desk.keep_text(draft, ask.edit)
        ask.open()

    def mark_promise(self, message: int = 0) -> None:
        """Mark a promise in a message; without an id in the last one we sent."""
        view = self._over.view
        found = _ours(view, message) if view is not None else None
        if view is None or found is None or "message.reply" not in view.actions:
            return
        ref, client = view.ref, self._over.desk.client

        def send(body: PromiseBody) -> None:
            self._write(lambda key: client.promise(ref, body, key))

        MarkPromise(self._over.page.talk, found, currency_of(view), send).open()

    def ask_merchant(self) -> None:
        """Put the case to its merchant: their clock runs, the decision waits."""
        view = self._over.view
        if view is None or "merchant.ask" not in view.actions:
            return
        ref, client = view.ref, self._over.desk.client

        def send(text: str) -> None:
            body = MerchantAsk(question=text)
            self._write(lambda key: client.step(ref, "merchant-ask", body, key))

        AskText(self._over.page.talk, "ui.case.merchant.ask", send).open()

    def merchant_link(self) -> None:
        """Copy an address at which the merchant answers by themselves."""
        view = self._over.view
        if view is None or "merchant.answer" not in view.actions:
            return
        ref, client = view.ref, self._over.desk.client
        self._over.desk.operations.write(
            self._over, lambda _: client.merchant_link(ref), self._link_given, key=new_key()
        )

    def _link_given(self, link: MerchantLink) -> None:
        QApplication.clipboard().setText(link.url)
        self._over.said.emit(tr("ui.case.merchant.link_copied", until=link.until))

    def wait(self) -> None:
        """Let clocks wait: for whom, then why."""
        view = self._over.view
        if view is None or "wait.begin" not in view.actions:
            return
        items = [(party.value, member("wait_for", party)) for party in WaitFor if party not in by_hand(view)]
        Choice(self._over.page.header, tr("ui.case.wait.for"), items, lambda party: self._wait(view.ref, party)).open()

    def _wait(self, ref: str, party: str) -> None:
        client, who = self._over.desk.client, WaitFor(party)

        def send(reason: str) -> None:
            body = WaitBody(party=who, reason=reason)
            self._write(lambda key: client.step(ref, "wait", body, key))

        AskText(self._over.page.header, "ui.case.wait.why", send, party=member("wait_for", who)).open()

    def go_on(self) -> None:
        """What clocks wait for came; of several one is chosen."""
        view = self._over.view
        waiting = by_hand(view) if view is not None and "wait.end" in view.actions else []
        if view is None or not waiting:
            return
        ref = view.ref
        if len(waiting) == 1:
            self._go_on(ref, waiting[0].value)
            return
        items = [(party.value, member("wait_for", party)) for party in waiting]
        Choice(self._over.page.header, tr("ui.case.wait.over"), items, lambda party: self._go_on(ref, party)).open()

    def _go_on(self, ref: str, party: str) -> None:
        client, body = self._over.desk.client, GoOn(party=WaitFor(party))
        self._write(lambda key: client.step(ref, "go-on", body, key))

    def save_original(self, item: EvidenceView) -> None:
        """The bytes as they were sent, to a file of one's choice; the window never opens them itself."""
        desk = self._over.desk
        desk.operations.read(
            self._over,
            lambda: desk.client.original(item.id),
            lambda data: self._save(plain(Path(item.name).name, lines=False), data),
            deadline=ORIGINAL_S,
        )

    def _save(self, name: str, data: bytes) -> None:
        path, _ = QFileDialog.getSaveFileName(self._over, tr("ui.case.evidence.original"), name)
        if not path:
            return
        self._over.desk.operations.long(
            self._over, lambda _report: Path(path).write_bytes(data), lambda _count: self._saved(path), self._not_saved
        )

    def _saved(self, path: str) -> None:
        self._over.said.emit(tr("ui.case.evidence.saved", path=path))

    def _not_saved(self, _error: DeskError) -> None:
        self._over.said.emit(tr("ui.case.evidence.not_saved"))

    def choose_files(self) -> None:
        """Add evidence: files of one's choice."""
        if self._may_add():
            paths, _ = QFileDialog.getOpenFileNames(self._over, tr("ui.case.evidence.add"))
            self._add([Source(Path(path).name, Path(path)) for path in paths])

    def paste(self) -> None:
        """Add what lies on the clipboard: files, or a picture."""
        self.add_given(QApplication.clipboard().mimeData())

    def add_given(self, mime: QMimeData) -> None:
        """Add what was dropped or pasted."""
        if self._may_add():
            found = sources_in(mime, self._over.desk.clock.now())
            self._add(found)
            if not found:
                self._over.said.emit(tr("ui.case.upload.nothing"))

    def _may_add(self) -> bool:
        view = self._over.view
        return view is not None and "evidence.add" in view.actions

    def _add(self, sources: list[Source]) -> None:
        if sources:
            self._over.page.evidence.tell(None)
            self._over.upload.add(self._over.ref, sources)

    def copy(self) -> None:
        """The value that has the focus, else the number of the case."""
        focused = QApplication.focusWidget()
        value = focused if isinstance(focused, FieldValue) else self._over.page.header.ref
        value.copy_value()
        self._over.said.emit(tr("ui.case.copied", what=QApplication.clipboard().text()))

    def linked(self) -> FieldValue | None:
        """What the key would show in its own system: the value that has the focus, else the order; None: nothing."""
        focused = QApplication.focusWidget()
        value = focused if isinstance(focused, FieldValue) else self._over.page.header.order
        return value if value.links and self._over.view is not None else None

    def follow_focused(self) -> None:
        """Show it there."""
        if (value := self.linked()) is not None:
            value.follow()

    def follow(self, address: str) -> None:
        """Open an address of the service, outside the window."""
        opened = self._over.desk.open_address(address)
        self._over.said.emit(tr("ui.case.opened" if opened else "ui.case.not_opened", address=address))

    def _write(self, call: Callable[[str], Awaitable[Any]], draft: str = "") -> None:
        """`draft`: the form whose text this sends; kept until it has arrived."""
        self._over.desk.operations.write(self._over, call, lambda done: self._went(done, draft), key=new_key())

    def _went(self, outcome: Outcome, draft: str) -> None:
        if draft:
            self._over.desk.drop_text(draft)
        self._over.was_written(outcome)


def by_hand(view: CaseView) -> list[WaitFor]:
    """For whom clocks of the case wait because somebody let them."""
    lasting = [p for clock in view.clocks for p in clock.pauses if p.until_at is None and p.message is not None]
    return [party for party in WaitFor if any(pause.waits_for is party for pause in lasting)]


def _ours(view: CaseView, message: int) -> MessageView | None:
    """A message of ours without a promise: the one with this id, else the newest."""
    ours = [m for m in view.messages if m.direction == "out" and m.promise is None]
    named = [m for m in ours if m.id == message]
    return named[0] if named else ours[-1] if ours and not message else None


def currency_of(view: CaseView) -> str:
    """The currency that amounts on this case are in."""
    if view.money is not None:
        return view.money.currency
    asked = next((request.amount for request in view.requests if request.amount is not None), None)
    return asked.currency if asked is not None else "CNY"
