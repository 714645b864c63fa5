"""Refund Desk: case management for the refunds that no rule could settle alone."""

__version__ = "0.1.0"
