"""Windows. The only floor with Qt."""

from refund_desk.desktop.interpreter import keep_singletons

keep_singletons()
