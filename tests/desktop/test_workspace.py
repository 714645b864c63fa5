"""The case workspace driven by keyboard on invented cases: what it shows, what it sends, what it keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QWidget
from pytestqt.qtbot import QtBot

from refund_desk.client.words import load_catalogue
from refund_desk.desktop.drafts import Drafts
from refund_desk.desktop.operations import Operations
from refund_desk.desktop.theme import Theme
from refund_desk.desktop.widgets import ElidedLabel
from refund_desk.desktop.words import DeskWords
from refund_desk.desktop.workspace.compare import Compare
from refund_desk.desktop.workspace.decision_bar import READ_FIRST_S
from refund_desk.desktop.workspace.popup import AskText, Choice
from refund_desk.domain.errors import Invalid, Refused, Stale
from refund_desk.domain.reconciliation import BreakKind
from refund_desk.domain.words import Aspect, Decision, Role
from refund_desk.wire.base import Amount
from refund_desk.wire.cases import CaseBreak, CaseView
from refund_desk.wire.commands import ProposalBody
from tests.desktop.workspace_rig import Rig, rig
from tests.fakes import workspace_samples as samples

pytestmark = pytest.mark.usefixtures("theme", "words")


def key(rig: Rig, code: Qt.Key, mods: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key as the window gets it."""
    QTest.keyClick(QApplication.focusWidget() or rig.window, code, mods)


def proposed(rig: Rig) -> list[tuple[ProposalBody, str | None]]:
    return [(body, used) for name, _, body, used in rig.client.sent if name == "propose"]


def popup(kind: type[QWidget]) -> QWidget:
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
    assert found, f"no {kind.__name__} is open"
    return found[-1]


def asking() -> AskText:
    found = popup(AskText)
    assert isinstance(found, AskText)
    return found


def closed(kind: type[QWidget]) -> bool:
    return not any(isinstance(w, kind) and w.isVisible() for w in QApplication.topLevelWidgets())


# ---------------------------------------------------------------- deciding


def test_a_recommendation_is_accepted_and_sent_in_four_keys(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        decided: list[str] = []
        desk.workspace.decided.connect(lambda ref, _outcome: decided.append(ref))
        key(desk, Qt.Key.Key_A)
        key(desk, Qt.Key.Key_2)
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(decided))
        (body, used), *rest = proposed(desk)
        assert not rest
        assert (body.decision, body.reason, body.amount_minor) == (Decision.PARTIAL, "reduced_value", 99900)
        assert body.rests_on[Aspect.FACTS] == 5
        assert used
        assert desk.workspace.undo_bar.waiting()


def test_undo_by_u_takes_the_proposal_back_and_opens_the_case(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        opened: list[str] = []
        desk.workspace.open_case.connect(opened.append)
        key(desk, Qt.Key.Key_A)
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(desk.workspace.undo_bar.waiting)
        key(desk, Qt.Key.Key_U)
        qtbot.waitUntil(lambda: bool(opened))
        assert [name for name, *_ in desk.client.sent] == ["propose", "undo"]
        assert not desk.workspace.undo_bar.waiting()


def test_declining_asks_for_its_reason_first(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        key(desk, Qt.Key.Key_R)
        choice = popup(Choice)
        assert not desk.page.decision.values().decision
        QTest.keyClick(choice, Qt.Key.Key_2)
        qtbot.waitUntil(lambda: closed(Choice))
        form = desk.page.decision.values()
        assert (form.decision, form.reason) == ("decline", "outside_window")
        assert not desk.client.sent


def test_letters_type_where_text_can_be_typed(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        key(desk, Qt.Key.Key_N)
        edit = desk.page.talk.composer.edit
        qtbot.waitUntil(edit.hasFocus)
        QTest.keyClicks(edit, "ar2")
        assert edit.toPlainText() == "ar2"
        assert not desk.page.decision.values().decision
        assert closed(Choice)
        QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        name, _, body, _ = desk.client.sent[0]
        assert (name, body.kind, body.text) == ("message", "note", "ar2")


def test_without_a_reason_the_key_asks_for_one(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.page.decision.take(Decision.FULL)
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(popup(Choice), Qt.Key.Key_1)
        assert desk.page.decision.values().reason == "damage_verified"
        assert not proposed(desk)
        qtbot.waitUntil(lambda: closed(Choice))


def test_a_stale_proposal_shows_what_changed_and_goes_with_the_same_key(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        event = {"type": "message.came", "aspect": "thread", "at": samples.NOW.isoformat(), "data": {}}
        desk.client.fails["propose"] = Stale(
            "case.stale", ref="RC-26-004182", changed=[event], versions={"thread": 7, "facts": 5}
        )
        desk.page.decision.accept()
        desk.page.decision.submit()
        bar = desk.page.decision
        qtbot.waitUntil(bar.notice.isVisible)
        assert any("收到新的沟通记录" in text for text in desk.texts(bar.notice))
        bar.submit()  # too early: nobody can have read it
        assert len(proposed(desk)) == 1
        desk.client.fails.clear()
        qtbot.waitUntil(bar.may_confirm, timeout=int(READ_FIRST_S * 3000))
        decided: list[str] = []
        desk.workspace.decided.connect(lambda ref, _outcome: decided.append(ref))
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(decided))
        first, second = proposed(desk)
        assert first[1] == second[1]
        assert second[0].rests_on[Aspect.THREAD] == 7
        assert first[0].rests_on[Aspect.THREAD] == 6


def test_problems_stand_at_their_fields(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        problem = {
            "path": "amount_minor",
            "code": "proposal.amount_not_positive",
            "params": {},
        }
        desk.client.fails["propose"] = Invalid("proposal.invalid", problems=[problem])
        desk.page.decision.accept()
        desk.page.decision.submit()
        field = desk.page.decision.form.fields["amount_minor"]
        qtbot.waitUntil(field.problem.isVisible)
        assert field.control.property("wrong") == "true"
        desk.client.fails.clear()
        field.control.setFocus()
        desk.page.decision.form.amount.selectAll()
        QTest.keyClicks(field.control, "1")
        assert not field.problem.isVisible()


def test_a_refusal_names_the_rule_and_who_could(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.client.fails["propose"] = Refused(
            "process.not_responsible", rule="R", decision="partial", could=["supervisor"]
        )
        desk.page.decision.accept()
        desk.page.decision.submit()
        qtbot.waitUntil(desk.page.decision.notice.isVisible)
        assert any("主管" in text for text in desk.texts(desk.page.decision.notice))


def test_what_was_refused_is_reworded_by_a_switch(qtbot: QtBot, operations: Operations, words: DeskWords) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        problems = [
            {"path": "amount_minor", "code": "proposal.amount_needed", "params": {}},
            {"path": "nowhere", "code": "proposal.reason_needed", "params": {}},
        ]
        desk.client.fails["propose"] = Invalid("proposal.invalid", problems=problems)
        bar = desk.page.decision
        bar.accept()
        bar.submit()
        qtbot.waitUntil(bar.notice.isVisible)
        words.use("en")
        said = [*desk.texts(bar.notice), bar.form.fields["amount_minor"].problem.text()]
        assert len(said) == 2
        assert not [text for text in said if any("\u4e00" <= letter <= "\u9fff" for letter in text)]


def test_what_is_new_stays_marked_until_the_case_is_left(qtbot: QtBot, operations: Operations) -> None:
    fresh = samples.chinese()
    seen = fresh.model_copy(
        update={
            "changes": [],
            "messages": [message.model_copy(update={"unseen": False}) for message in fresh.messages],
            "evidence": [item.model_copy(update={"unseen": False}) for item in fresh.evidence],
            "timeline": [entry.model_copy(update={"unseen": False}) for entry in fresh.timeline],
        }
    )
    new = [message.id for message in fresh.messages if message.unseen]
    assert new
    assert fresh.changes
    with rig(qtbot, operations, fresh, samples.english()) as desk:
        desk.client.held[fresh.ref] = seen
        shown: list[CaseView] = []
        desk.workspace._cases.fetch(fresh.ref, lambda view, _at: shown.append(view))
        desk.workspace.refresh()
        qtbot.waitUntil(lambda: bool(shown))
        assert shown[0].changes == []
        view = desk.workspace.view
        assert view is not None
        assert view.changes == fresh.changes
        assert [message.id for message in view.messages if message.unseen] == new
        desk.workspace.open(samples.english().ref)
        qtbot.waitUntil(lambda: desk.workspace.view is not None)
        desk.workspace.open(fresh.ref)
        qtbot.waitUntil(lambda: desk.workspace.view is not None and not desk.workspace.view.changes)


def test_a_bar_that_never_showed_a_case_is_low(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.for_approval(), roles=(Role.SUPERVISOR,)) as desk:
        bar = desk.page.decision
        shown = [name for name, field in bar.form.fields.items() if not field.isHidden()]
        assert shown == ["decision"]


def test_a_bar_that_has_little_room_gives_it_to_the_form(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        bar = desk.page.decision
        first, *_, last = [button for button in bar.quick.values() if button.isVisible()]
        for width, stacked in ((1600, False), (900, True)):
            desk.window.resize(width, 820)
            qtbot.waitUntil(lambda: (last.y() > first.y()) is stacked)  # noqa: B023 - done before the next turn
            assert (last.x() == first.x()) is stacked


def test_the_open_step_has_one_button_however_often_its_case_is_fetched(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.for_warehouse(), roles=(Role.WAREHOUSE,)) as desk:
        bar = desk.page.steps
        assert bar.current is not None
        for _ in range(2):
            assert bar.primary.isVisible()
            assert bar.buttons[bar.current.activity].isHidden()
            desk.page.show_case(samples.for_warehouse(), 0.0)


def test_a_pane_keeps_its_name_and_its_rows_their_height(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        pane = desk.page.payment
        title = pane.head.title
        assert isinstance(title, ElidedLabel)
        pane.source.set_text("a system with a very long name · 12:40")
        for width in (1180, 1800):
            desk.window.resize(width, 820)
            qtbot.waitUntil(lambda: title.shown() == title.text() and title.x() == 12)
            for row in pane.movements.shown:
                assert row.meta.height() >= row.meta.heightForWidth(row.meta.width())


def test_what_reconciliation_knows_to_differ_is_marked_where_it_stands(qtbot: QtBot, operations: Operations) -> None:
    found = CaseBreak(
        id=12,
        kind=BreakKind.OVER,
        amount=Amount(minor=500, currency="CNY"),
        since=samples.ago(days=2),
        systems=["desk:stripe", "stripe"],
        lines=["re_3Q9mBa2eZvKYlo2C", "ch_3Q8kd02eZvKYlo2C"],
    )
    with rig(qtbot, operations, samples.chinese().model_copy(update={"breaks": [found]})) as desk:
        pane = desk.page.payment
        (row,) = pane.breaks.shown
        assert (row.title.text(), row.amount.text()) == ("≠ 多付", "¥5.00")
        assert [one.pill.text() for one in pane.movements.shown if one.pill.isVisible()] == ["≠ 多付"]
        charge = pane.fields.value("ch_3Q8kd02eZvKYlo2C/id")
        assert charge is not None
        assert charge.property("conflict") == "true"
        desk.page.show_case(samples.chinese(), 0.0)
        assert (pane.breaks_title.isHidden(), charge.property("conflict")) == (True, "false")


def test_an_answer_half_typed_comes_back(qtbot: QtBot, operations: Operations, tmp_path: Path) -> None:
    view = samples.chinese().model_copy(update={"actions": ["consult.answer"]})
    with rig(qtbot, operations, view, drafts=tmp_path, roles=(Role.WAREHOUSE,)) as desk:
        desk.workspace.acts.answer()
        QTest.keyClicks(asking().edit, "twelve in stock")
        asking().close()
        qtbot.waitUntil(lambda: closed(AskText))
        desk.workspace.acts.answer()
        again = asking()
        assert again.edit.toPlainText() == "twelve in stock"
        QTest.keyClick(again.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: [name for name, *_ in desk.client.sent] == ["answer"])
        qtbot.waitUntil(lambda: not [form for form in Drafts(tmp_path).forms() if form.startswith("answer/")])


def test_an_amount_nobody_can_read_is_not_sent_as_none(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.page.decision.accept()
        edit = desk.page.decision.form.amount
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, "1o0")
        desk.page.decision.submit()
        assert desk.page.decision.form.fields["amount_minor"].problem.isVisible()
        assert not proposed(desk)


def test_the_draft_comes_back_with_its_key(qtbot: QtBot, operations: Operations, tmp_path: Path) -> None:
    with rig(qtbot, operations, samples.chinese(), drafts=tmp_path) as desk:
        desk.page.decision.accept()
        desk.page.talk.composer.open_as("note", "问财务")
        used = desk.page.decision.values().key
    assert Drafts(tmp_path).load("decide/RC-26-004182") is not None
    with rig(qtbot, operations, samples.chinese(), drafts=tmp_path) as desk:
        form = desk.page.decision.values()
        assert (form.decision, form.amount_minor, form.key) == ("partial", 99900, used)
        assert desk.page.decision.form.amount.text() == "999.00"
        assert desk.page.talk.composer.edit.toPlainText() == "问财务"


def test_a_case_that_moves_on_while_the_form_is_filled_says_so(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.page.decision.accept()
        newer = samples.chinese()
        newer.versions[Aspect.MONEY] = 3
        desk.client.held[newer.ref] = newer
        desk.workspace.refresh_if([newer.ref])
        qtbot.waitUntil(desk.page.decision.notice.isVisible)
        assert desk.page.decision.values().decision == "partial"


# ---------------------------------------------------------------- the others


def test_finance_confirms_only_the_amount_of_the_intent(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.for_finance(), roles=(Role.FINANCE,)) as desk:
        bar = desk.page.steps
        assert not desk.page.decision.isVisible()
        bar._put("reference", "BANK-1")
        bar._put("amount", "998.00")
        bar.submit()
        assert bar.fields["amount"].problem.isVisible()
        bar._put("amount", "999.00")
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        name, intent, body, used = desk.client.sent[0]
        assert name == "confirm_payout"
        assert intent == samples.intent().id
        assert (body.reference, body.minor, body.currency) == ("BANK-1", 99900, "CNY")
        assert used


def test_an_approval_binds_to_the_digest_that_is_shown(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.for_approval(), roles=(Role.SUPERVISOR,)) as desk:
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        name, _, body, _ = desk.client.sent[0]
        assert (name, body.digest) == ("approve", "sha256:aa")
        assert Aspect.MONEY in body.rests_on


def test_returning_a_proposal_needs_a_reason(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.for_approval(), roles=(Role.SUPERVISOR,)) as desk:
        key(desk, Qt.Key.Key_B)
        bar = desk.page.steps
        bar.submit()
        assert bar.fields["reason"].problem.isVisible()
        assert not desk.client.sent
        bar._put("reason", "扣除 300")
        bar.submit()
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        assert desk.client.sent[0][0] == "return"


def test_the_warehouse_answers_by_digit(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.for_warehouse(), roles=(Role.WAREHOUSE,)) as desk:
        key(desk, Qt.Key.Key_3)
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        name, _, body, _ = desk.client.sent[0]
        assert (name, body.result) == ("inspection", "damaged")


def test_every_step_of_the_process_that_a_bar_offers_has_a_call(qtbot: QtBot, operations: Operations) -> None:
    """Steps with a reason go to the route of their own name; what nobody may do isn't offered."""
    view = samples.for_finance().model_copy(update={"actions": ["case.reopen", "case.close"], "intents": []})
    with rig(qtbot, operations, view, roles=(Role.FINANCE,)) as desk:
        bar = desk.page.steps
        assert not bar.primary.isVisible()
        for activity, route in (("case.close", "close"), ("case.reopen", "reopen")):
            bar.start(activity)
            bar._put("reason", "because")
            bar.submit()
            qtbot.waitUntil(bar.primary.isEnabled)
            assert desk.client.sent[-1][0] == route
        assert not bar.buttons["payout.confirm"].isVisible()


def test_a_consulted_role_answers_in_the_bar(qtbot: QtBot, operations: Operations) -> None:
    view = samples.chinese().model_copy(update={"actions": ["consult.answer", "note.add"]})
    with rig(qtbot, operations, view, roles=(Role.WAREHOUSE,)) as desk:
        bar = desk.page.steps
        assert bar.current is not None
        assert bar.current.activity == "consult.answer"
        bar._put("answer", "没有同批破损")
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        assert desk.client.sent[0][:3] == ("answer", "32", "没有同批破损")


def test_unmasking_asks_why(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        assert "张**" in desk.page.header.customer.text()
        key(desk, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
        ask = popup(AskText)
        assert isinstance(ask, AskText)
        QTest.keyClicks(ask.edit, "call back")
        QTest.keyClick(ask.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: "张思远" in desk.page.header.customer.text())
        desk.page.show_case(samples.chinese(), 0.0)
        assert "张思远" in desk.page.header.customer.text(), "the case was fetched again"
        desk.page.show_case(samples.english(), 0.0)
        assert "张思远" not in desk.page.header.customer.text()
        assert desk.client.sent[0][:3] == ("customer", "RC-26-004182", "call back")
        qtbot.waitUntil(lambda: closed(AskText))


# ---------------------------------------------------------------- what stands on the screen


def _shown(qtbot: QtBot, operations: Operations, view: CaseView) -> set[str]:
    with rig(qtbot, operations, view) as desk:
        qtbot.waitUntil(lambda: desk.page.evidence.canvas.image() is not None or not view.evidence)
        if view.promise is None:
            assert not desk.page.header.promise.isVisible()
        return set(desk.texts())


def test_every_value_on_the_screen_comes_from_the_wire(qtbot: QtBot, operations: Operations) -> None:
    """Texts that two different cases share are words of the catalogue, never a value."""
    both = _shown(qtbot, operations, samples.chinese()) & _shown(qtbot, operations, samples.english())
    catalogue = load_catalogue("zh")
    words = set(catalogue.values())
    patterns = [re.compile(re.sub(r"\\\{.*?\\\}", ".*", re.escape(text)) + r"\Z") for text in words if "{" in text]
    shared = {"·", "RC-26-004182"[:0]}
    for text in both - shared:
        known = text in words or any(p.match(text) for p in patterns)
        assert known, f"{text!r} is on both screens and in no catalogue"
        assert not re.search(r"\d{3,}|¥", text), f"{text!r} holds a figure"


def test_names_from_outside_are_plain_text(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.english()) as desk:
        name = desk.page.header.customer
        assert "<img src=x>" in name.text()
        assert name.textFormat() is Qt.TextFormat.PlainText
        for label in desk.window.findChildren(type(desk.page.header.reason)):
            assert label.textFormat() is Qt.TextFormat.PlainText


def test_a_language_switch_rewords_everything_shown(qtbot: QtBot, operations: Operations, words: DeskWords) -> None:
    with rig(qtbot, operations, samples.for_approval(), roles=(Role.SUPERVISOR,)) as desk:
        words.use("en")
        texts = " ".join(desk.texts())
        for chinese in ("订单号", "可退上限", "待批准", "看过凭证", "批注", "沟通"):
            assert chinese not in texts, chinese
        assert "Most to refund" in texts
        assert not [text for text in desk.texts() if "⟦" in text]


def test_conflicts_say_who_says_what(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        value = desk.page.order.fields.value("SO-8841207/order.refunded")
        assert value is not None
        assert value.text().startswith("≠")
        assert "Stripe: ¥300.00" in value.toolTip()
        key(desk, Qt.Key.Key_D)
        dialog = desk.workspace.findChild(Compare)
        assert isinstance(dialog, Compare)
        assert "¥300.00" in dialog.as_text()
        dialog.copy()
        assert QApplication.clipboard().text() == dialog.as_text()
        dialog.close()


def test_asking_finance_carries_the_conflict(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        key(desk, Qt.Key.Key_F)
        composer = desk.page.talk.composer
        assert "¥300.00" in composer.edit.toPlainText()
        composer.send()
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        name, _, body, _ = desk.client.sent[0]
        assert (name, body.roles, body.required) == ("ask", [Role.FINANCE], True)


def test_the_prefetched_case_opens_without_waiting_and_makes_no_new_widgets(
    qtbot: QtBot, operations: Operations
) -> None:
    first, second = samples.long_case(), samples.long_case().model_copy(update={"ref": "RC-26-000002"})
    with rig(qtbot, operations, first, second) as desk:
        desk.workspace.prefetch(second.ref)
        qtbot.waitUntil(lambda: desk.workspace._cases.have(second.ref) is not None)
        before = len(desk.page.findChildren(QWidget))
        desk.workspace.open(second.ref)
        assert desk.page.header.ref.text() == second.ref
        desk.window.grab()
        assert len(desk.page.findChildren(QWidget)) == before


def test_looks_are_told(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        qtbot.waitUntil(lambda: bool(desk.client.looked), timeout=4000)
        looks = desk.client.looked[0]
        assert looks.seen_event == 102
        assert 1 in looks.evidence


def test_amounts_and_codes_of_a_condition_are_words(qtbot: QtBot, operations: Operations) -> None:
    from refund_desk.desktop.workspace.advice import saw, telling, wanted
    from refund_desk.wire.decisions import PolicyTrace

    money = PolicyTrace(field="lines_refundable", saw=99900, wanted="> 50000", held=True)
    codes = PolicyTrace(field="reason", saw="damaged", wanted="'damaged','defective'", held=True)
    assert (saw(money, "CNY"), wanted(money, "CNY")) == ("¥999.00", "> ¥500.00")
    assert (saw(codes, "CNY"), wanted(codes, "CNY")) == ("商品破损", "商品破损、质量故障")
    days = [PolicyTrace(field=f"f{n}", saw=n, wanted=str(n), held=True) for n in range(9)]
    assert [t.field for t in telling([*days, days[2]])] == ["f5", "f6", "f7", "f8"]


def test_a_case_nobody_has_says_so(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.workspace.open("RC-00-000000")
        qtbot.waitUntil(desk.workspace.error.isVisible)
        assert desk.workspace.view is None


def test_controls_have_names(qtbot: QtBot, operations: Operations, theme: Theme) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit

    with rig(qtbot, operations, samples.chinese()) as desk:
        desk.page.decision.take(Decision.RETURN_FIRST)
        kinds = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit)
        for kind in kinds:
            for control in desk.page.findChildren(kind):
                if control.isVisible() and not control.objectName().startswith("qt_"):
                    named = control.accessibleName() or getattr(control, "text", lambda: "")()
                    assert named, f"{type(control).__name__} has no name"


# ---------------------------------------------------------------- ids open in their own systems


def test_o_opens_what_has_the_focus_in_its_own_system(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        key(desk, Qt.Key.Key_O)
        assert desk.opened == ["https://shop.example/orders/SO-8841207"], "nothing has the focus: the order"
        charge = desk.page.payment.fields.value("ch_3Q8kd02eZvKYlo2C/id")
        parcel = desk.page.order.parcels.value("SF1409226637281/shipment.tracking")
        assert charge is not None
        assert parcel is not None
        for value in (charge, parcel):
            value.setFocus()
            key(desk, Qt.Key.Key_O)
        assert desk.opened[1:] == ["https://pay.example/ch_3Q8kd02eZvKYlo2C", "https://sf.example/SF1409226637281"]
        fee = desk.page.payment.fields.value("ch_3Q8kd02eZvKYlo2C/payment.fee")
        assert fee is not None
        fee.setFocus()
        key(desk, Qt.Key.Key_O)
        assert len(desk.opened) == 3, "a fee is no record"


def test_without_an_address_there_is_no_action(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.english()) as desk:
        key(desk, Qt.Key.Key_O)
        assert not desk.opened
        assert "case.follow" not in [binding.id for binding in desk.workspace.desk.keys.active()]


def test_the_context_menu_names_the_system(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.chinese()) as desk:
        number = desk.page.order.fields.value("order.number")
        assert number is not None
        QApplication.sendEvent(
            number, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(2, 2), number.mapToGlobal(QPoint(2, 2)))
        )
        menu = popup(QMenu)
        assert isinstance(menu, QMenu)
        assert [action.text() for action in menu.actions()] == ["复制", "在Vendure中打开"]
        menu.actions()[1].trigger()
        menu.close()
        assert desk.opened == ["https://shop.example/orders/SO-8841207"]


# ---------------------------------------------------------------- money that comes back


def test_finance_records_money_that_came_back_with_its_reason(qtbot: QtBot, operations: Operations) -> None:
    with rig(qtbot, operations, samples.settled(), roles=(Role.FINANCE,)) as desk:
        bar = desk.page.steps
        assert bar.buttons["payout.returned"].isVisible()
        assert bar.buttons["payout.fail"].isHidden(), "nothing is on its way any more"
        key(desk, Qt.Key.Key_X, Qt.KeyboardModifier.ShiftModifier)
        assert bar.fields["intent"].isVisible()
        chosen = bar.controls["intent"]
        assert isinstance(chosen, QComboBox)
        assert [chosen.itemData(at) for at in range(chosen.count())] == [
            "0197a1c2-77aa-7c11-9c54-0a1b2c3d4e5f",
            "0197a1c2-99bb",
        ]
        bar.submit()
        assert not desk.client.sent, "the reason comes first"
        assert bar.fields["reason"].problem.isVisible()
        chosen.setCurrentIndex(1)
        QTest.keyClicks(bar.controls["reason"], "account closed")
        key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: bool(desk.client.sent))
        name, number, body, _ = desk.client.sent[0]
        assert (name, number, body.reason) == ("payout_returned", "0197a1c2-99bb", "account closed")


def test_nothing_went_out_nothing_comes_back(qtbot: QtBot, operations: Operations) -> None:
    view = samples.settled().model_copy(update={"intents": [samples.intent(state="failed")]})
    with rig(qtbot, operations, view, roles=(Role.FINANCE,)) as desk:
        assert desk.page.steps.buttons["payout.returned"].isHidden()


def test_a_first_look_is_told_too(qtbot: QtBot, operations: Operations) -> None:
    """Where nothing is marked yet: else nothing ever would be."""
    with rig(qtbot, operations, samples.english().model_copy(update={"newest": 7})) as desk:
        qtbot.waitUntil(lambda: bool(desk.client.looked), timeout=4000)
        assert desk.client.looked[0].seen_event == 7
