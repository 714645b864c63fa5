"""Everybody's first screen: what waits for me."""

from refund_desk.desktop.forme.panel import ForMePanel

__all__ = ["ForMePanel"]
