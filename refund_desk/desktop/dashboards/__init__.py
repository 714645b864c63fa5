"""Dashboards: figures with charts and tables, the cases behind each, the process as a map, what was learnt."""

from refund_desk.desktop.dashboards.panel import DashboardsPanel

__all__ = ["DashboardsPanel"]
