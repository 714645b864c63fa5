"""The widgets that panels are made of."""

from refund_desk.desktop.icons import IconLabel
from refund_desk.desktop.widgets.badges import PILL_HEIGHT, Chip, Pill, count_pill, draw_pill, pill_width
from refund_desk.desktop.widgets.busy import BusyBar
from refund_desk.desktop.widgets.buttons import IconButton, KeyButton, KeyCap, key_text
from refund_desk.desktop.widgets.card import Card, clear
from refund_desk.desktop.widgets.fields import FieldGrid, FieldRow, FieldValue
from refund_desk.desktop.widgets.flow import FlowLayout, flow_widget
from refund_desk.desktop.widgets.notices import Banner, EmptyState, UndoBar
from refund_desk.desktop.widgets.pictures import Avatar, Thumbnail
from refund_desk.desktop.widgets.steps import StepItem, StepsBar
from refund_desk.desktop.widgets.text import (
    RIGHT,
    ElidedLabel,
    MoneyLabel,
    PlainLabel,
    restyle,
    set_tip,
    tabular,
    tip,
    words_label,
)

__all__ = [
    "PILL_HEIGHT",
    "RIGHT",
    "Avatar",
    "Banner",
    "BusyBar",
    "Card",
    "Chip",
    "ElidedLabel",
    "EmptyState",
    "FieldGrid",
    "FieldRow",
    "FieldValue",
    "FlowLayout",
    "IconButton",
    "IconLabel",
    "KeyButton",
    "KeyCap",
    "MoneyLabel",
    "Pill",
    "PlainLabel",
    "StepItem",
    "StepsBar",
    "Thumbnail",
    "UndoBar",
    "clear",
    "count_pill",
    "draw_pill",
    "flow_widget",
    "key_text",
    "pill_width",
    "restyle",
    "set_tip",
    "tabular",
    "tip",
    "words_label",
]
