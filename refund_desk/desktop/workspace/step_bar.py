"""The bar of whoever does not decide: what was proposed or is to be done, the fields of a step, and its button."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from refund_desk.client.api import DeskClient
from refund_desk.client.plaintext import plain
from refund_desk.desktop.drafts import DraftKeeper, Drafts
from refund_desk.desktop.operations import Operations, new_key
from refund_desk.desktop.widgets import Banner, KeyButton, PlainLabel, flow_widget
from refund_desk.desktop.words import formats, tr, word_error
from refund_desk.desktop.workspace import show
from refund_desk.desktop.workspace.columns import Columns
from refund_desk.desktop.workspace.decision_form import Field
from refund_desk.desktop.workspace.edit import LineBox
from refund_desk.desktop.workspace.steps import (
    STEPS,
    Step,
    StepField,
    minor_of,
    open_consultations,
    open_intents,
    steps_for,
)
from refund_desk.desktop.workspace.summary import Summary
from refund_desk.domain.errors import DeskError, Stale
from refund_desk.domain.words import Role
from refund_desk.wire.cases import CaseView
from refund_desk.wire.decisions import ConsultationView

_ORDER = (
    "intent",
    "consultation",
    "answer",
    "result",
    "said",
    "words",
    "tracking",
    "carrier",
    "reference",
    "amount",
    "reason",
    "comment",
    "note",
)


_CHOSEN = ("intent", "consultation")
"""Fields that are there only where there is more than one to choose from."""


class StepBar(QWidget):
    """`done` with the Outcome. `stale` when the case must be fetched again before the step is sent once more."""

    done = Signal(object)
    stale = Signal()

    def __init__(
        self, client: DeskClient, operations: Operations, drafts: Drafts | None, roles: frozenset[Role]
    ) -> None:
        super().__init__()
        self.setObjectName("decisionBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._client, self._operations, self._drafts = client, operations, drafts
        self._view: CaseView | None = None
        self._roles = roles
        self._keeper: DraftKeeper | None = None
        self.current: Step | None = None
        self._key = new_key()
        self._filling = False
        self.summary = Summary()
        self.notice = Banner("warn")
        self.notice.hide()
        self.primary = KeyButton("", "Ctrl+Return", "primary")
        self.primary.clicked.connect(self.submit)
        self.buttons = {step.activity: self._button(step) for step in STEPS}
        named = {field.name: field for step in STEPS for field in step.fields}
        self._names = {name: named[name] for name in sorted(named, key=_ORDER.index)}
        self.controls: dict[str, QComboBox | LineBox] = {name: _control(field) for name, field in self._names.items()}
        self.fields = {name: Field(control, f"ui.case.step.{name}") for name, control in self.controls.items()}
        self._build()

    # ------------------------------------------------------------ the case

    def show_case(self, view: CaseView) -> None:
        """Another case opens its first step and its draft; the same one again keeps what is typed."""
        other = self._view is None or self._view.ref != view.ref
        if other:
            self._leave()
        self._view = view
        self.summary.show_case(view)
        steps = steps_for(view)
        gone = self.current is not None and self.current not in steps
        for step in STEPS:
            self.buttons[step.activity].setVisible(step in steps and step is not self.current)
        if other or gone:
            self._say("", "")
            self.choose(next((step for step in steps if step.first), None))
        else:
            self._fill_choices()
            self._word_title()
        if other:
            self._restore(steps)

    def choose(self, step: Step | None) -> None:
        """Open the fields of a step."""
        if step is not self.current:
            self._key = new_key()
        self.current = step
        named = {field.name: field for field in step.fields} if step else {}
        self._fill_choices()
        for name, field in self.fields.items():
            several = name not in _CHOSEN or self._count(self._names[name]) > 1
            field.setVisible(name in named and several)
            field.say("")
        self.primary.setVisible(step is not None)
        self._title.setVisible(step is not None)
        if step is not None:
            self.primary.set_words(f"activity.{step.activity}")
            self._word_title()
            self.primary.setProperty("look", "danger" if step.look == "danger" else "primary")
            self.primary.style().polish(self.primary)
        for other in STEPS:  # what is open needs no second button
            button = self.buttons[other.activity]
            button.setVisible(other is not step and self._view is not None and other in steps_for(self._view))

    def _word_title(self) -> None:
        if self.current is not None:
            self._title.setText(tr(f"activity.{self.current.activity}"))

    def start(self, activity: str) -> None:
        """A step by its key: those without fields are done, others open."""
        step = next((one for one in STEPS if one.activity == activity), None)
        if step is None or self._view is None or step not in steps_for(self._view):
            return
        self.choose(step)
        if not step.fields:
            self.submit()
            return
        for field in step.fields:
            if field.required and not self.fields[field.name].isHidden():
                self.controls[field.name].setFocus(Qt.FocusReason.ShortcutFocusReason)
                return

    def digit(self, digit: int) -> None:
        """Choose in the list of the open step, for instance the result of an inspection."""
        step = self.current
        named = next((f for f in step.fields if f.kind == "choice"), None) if step else None
        control = self.controls[named.name] if named else None
        if isinstance(control, QComboBox) and 1 <= digit < control.count():
            control.setCurrentIndex(digit)

    # ------------------------------------------------------------ sending

    def submit(self) -> None:
        view, step = self._view, self.current
        if view is None or step is None or not self.primary.isEnabled() or not self._fine(view, step):
            return
        values, ref = self.values(), view.ref
        self.primary.setEnabled(False)
        self._operations.write(
            self,
            lambda key: self._sent(step, view, values, key),
            lambda outcome: self._went(ref, outcome),
            lambda error: self._failed(ref, error),
            key=self._key,
        )

    def values(self) -> dict[str, str]:
        """What stands in the fields of the open step."""
        out: dict[str, str] = {}
        for field in self.current.fields if self.current else ():
            control = self.controls[field.name]
            text = str(control.currentData() or "") if isinstance(control, QComboBox) else control.text()
            out[field.name] = text.strip()
        return out

    def _sent(self, step: Step, view: CaseView, values: dict[str, str], key: str) -> Awaitable[Any]:
        return step.call(self._client, view, values, key)

    def _fine(self, view: CaseView, step: Step) -> bool:
        """Say at its field what is missing or can't be read."""
        values, fine = self.values(), True
        for field in step.fields:
            problem = ""
            if field.required and not values[field.name]:
                problem = tr("ui.case.step.needed")
            elif field.kind == "money":
                problem = self._money_problem(view, values)
            self.fields[field.name].say(problem)
            if problem and fine:
                self.controls[field.name].setFocus(Qt.FocusReason.OtherFocusReason)
            fine = fine and not problem
        return fine

    @staticmethod
    def _money_problem(view: CaseView, values: dict[str, str]) -> str:
        """An amount that isn't the intent's is refused by the service too; here it is said before it is sent."""
        intents = open_intents(view)
        chosen = [intent for intent in intents if intent.id == values.get("intent")] or intents
        try:
            minor = minor_of(values["amount"], chosen[0])
        except DeskError as error:
            return word_error(error)
        return "" if minor == chosen[0].amount.minor else tr("ui.case.step.amount_differs", amount=chosen[0].amount)

    def _went(self, ref: str, outcome: object) -> None:
        self.primary.setEnabled(True)
        if self._view is not None and self._view.ref == ref:
            if self._keeper is not None:
                self._keeper.drop()
            self._clear()
            self._key = new_key()
        self.done.emit(outcome)

    def _failed(self, ref: str, error: DeskError) -> None:
        self.primary.setEnabled(True)
        if self._view is None or self._view.ref != ref:
            self._operations.failed.emit(error)
            return
        text = word_error(error)
        if error.params.get("could") and not error.code.startswith("process."):
            text += " " + tr("ui.case.could", roles=error.params["could"])
        self._say("warn" if isinstance(error, Stale) else "danger", text)
        if isinstance(error, Stale):
            self.stale.emit()

    def _say(self, kind: str, text: str) -> None:
        self.notice.setVisible(bool(text))
        if text:
            self.notice.set_kind(kind)
            self.notice.set_text(text)

    # ------------------------------------------------------------ drafts

    def gather(self) -> dict[str, Any]:
        return {"step": self.current.activity if self.current else "", "values": self.values(), "key": self._key}

    def _restore(self, steps: list[Step]) -> None:
        if self._drafts is None or self._view is None:
            return
        name = f"step/{self._view.ref}"
        draft = self._drafts.load(name)
        step = next((one for one in steps if draft and one.activity == draft.get("step")), None)
        if draft is not None and step is not None:
            self.choose(step)
            self._key = draft.get("key") or self._key
            for field, text in dict(draft.get("values") or {}).items():
                self._put(field, str(text))
        self._keeper = DraftKeeper(self._drafts, name, self.gather, self)

    def _leave(self) -> None:
        if self._keeper is not None:
            self._keeper.flush()
            self._keeper.deleteLater()
            self._keeper = None
        self._clear()
        self.current = None

    def _clear(self) -> None:
        self._filling = True
        for control in self.controls.values():
            if isinstance(control, QComboBox):
                control.setCurrentIndex(0)
            else:
                control.clear()
        self._filling = False

    def _put(self, name: str, text: str) -> None:
        control = self.controls.get(name)
        if isinstance(control, QComboBox):
            control.setCurrentIndex(max(0, control.findData(text)))
        elif control is not None:
            control.setText(text)

    def _touched(self) -> None:
        if not self._filling and self._keeper is not None:
            self._keeper.touch()

    # ------------------------------------------------------------ inside

    def _fill_choices(self) -> None:
        """Lists keep what is chosen; their words may have changed."""
        self._filling = True
        asked = self._questions()
        answer = self.controls["answer"]
        if isinstance(answer, LineBox):
            answer.setPlaceholderText(plain(asked[0].question, lines=False) if asked else "")
        for name, control in self.controls.items():
            if isinstance(control, QComboBox):
                chosen = control.currentData()
                control.clear()
                for text, value in self._choices(self._names[name]):
                    control.addItem(text, value)
                control.setCurrentIndex(max(0, control.findData(chosen)))
        self._filling = False

    def _count(self, field: StepField) -> int:
        return len(self._choices(field))

    def _questions(self) -> list[ConsultationView]:
        return open_consultations(self._view, self._roles) if self._view is not None else []

    def _choices(self, field: StepField) -> list[tuple[str, str]]:
        if field.kind == "intent":
            intents = self.current.intents(self._view) if self._view is not None and self.current is not None else []
            return [(show.joined(formats().money(i.amount), show.system(i.channel), i.id[:8]), i.id) for i in intents]
        if field.kind == "consultation":
            return [(one.question, str(one.id)) for one in self._questions()]
        first = [(tr("ui.case.step.choose"), "")]
        numbered = enumerate(field.choices, start=1)
        return first + [(f"{n}  {_word(field, value)}", value) for n, value in numbered]

    def _button(self, step: Step) -> KeyButton:
        button = KeyButton(f"activity.{step.activity}", step.keys, "danger" if step.look == "danger" else "plain")
        button.clicked.connect(lambda: self.start(step.activity))
        return button

    def _build(self) -> None:
        self._title = PlainLabel(look="small muted strong")
        box, flow = flow_widget(gap=8)
        for name, field in self.fields.items():
            flow.addWidget(field)
            field.hide()  # before the first case: else the bar is as high as all of them
            control = self.controls[name]
            if isinstance(control, QComboBox):
                control.activated.connect(lambda _at: self._touched())
            else:
                control.textEdited.connect(lambda _text: self._touched())
                control.left.connect(self.setFocus)
                control.returnPressed.connect(self.submit)
        columns = Columns(40, 30)
        left, middle, right = columns.left, columns.middle, columns.right
        left.addWidget(self.summary)
        left.addStretch()
        middle.addWidget(self._title)
        middle.addWidget(box)
        middle.addStretch()
        others, line = flow_widget(gap=6)
        for button in self.buttons.values():
            line.addWidget(button)
        right.addWidget(self.primary, 0, Qt.AlignmentFlag.AlignRight)
        right.addWidget(others)
        right.addStretch()
        others.setMinimumWidth(230)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 9, 16, 9)
        outer.setSpacing(7)
        outer.addWidget(self.notice)
        outer.addWidget(columns)


def _word(field: StepField, value: str) -> str:
    """A choice in words."""
    return tr(f"ui.case.merchant.{value}") if field.name == "said" else tr(f"ui.case.inspection.{value}")


def _control(field: StepField) -> QComboBox | LineBox:
    if field.kind in ("choice", *_CHOSEN):
        combo = QComboBox()
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return combo
    line = LineBox()
    line.setMinimumWidth({"text": 260, "money": 110}.get(field.kind, 170))
    return line
