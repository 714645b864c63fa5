"""Examples of figures for the published description of the API."""

from __future__ import annotations

from typing import Any

_RATE = {
    "name": "approval_rate",
    "unit": "share",
    "formula": "gave / (gave + declined), of decided",
    "source": "proposal",
    "now": 0.875,
    "before": None,
}

FIGURES: dict[str, Any] = {
    "MonthOrder": [{"month": "2026-10", "format": "pdf", "language": "zh"}],
    "MonthReport": [
        {
            "month": "2026-10",
            "before": "2026-09",
            "figures": [_RATE],
            "groups": {"reason": {"damaged": 20}},
            "merchants": [],
        }
    ],
    "FigureBoard": [
        {
            "first": "2026-10-01",
            "last": "2026-10-31",
            "before_first": "2026-09-01",
            "before_last": "2026-09-30",
            "today": "2026-11-20",
            "zone": "Asia/Shanghai",
            "by": "reason",
            "of": None,
            "waiting": 0,
            "figures": [_RATE],
            "step": "day",
            "line": [{"first": "2026-10-01", "values": {"opened": 12, "approval_rate": 0.9}}],
            "members": [{"member": "damaged", "name": None, "values": {"opened": 340, "missed": 0.02}}],
        }
    ],
    "ProcessMap": [
        {
            "version": "standard@1+0f1e2d3c4b5a",
            "first": "2026-11-20",
            "last": "2026-11-20",
            "places": [
                {
                    "stage": "inspection",
                    "label": {"zh": "验货", "en": "Inspection"},
                    "owner": "warehouse",
                    "limit_s": 172_800,
                    "side": False,
                    "waits_for": None,
                    "inputs": [{"zh": "收货登记", "en": "goods received"}],
                    "outputs": [{"zh": "验货结果", "en": "inspection result"}],
                    "seats": [],
                    "open": 40,
                    "over": 3,
                    "since": "2026-11-17T08:00:00+00:00",
                    "entered": 12,
                    "left": 15,
                    "stay_s": 61_200.0,
                    "bottleneck": True,
                }
            ],
            "ways": [{"source": "return", "target": "inspection", "went": 12}],
        }
    ],
    "ProcessTry": [{"content": {"process": {"name": "standard", "version": "2"}}, "after": 0}],
    "ProcessPreview": [
        {
            "version": "standard@2+0f1e2d3c4b5a",
            "path": False,
            "touched": [{"ref": "RC-26-004182", "stage": "approval", "clocks": [], "approver": ["lead", "supervisor"]}],
            "looked_at": 100,
            "next": 4_182,
        }
    ],
    "FigureCases": [
        {
            "cases": [
                {
                    "ref": "RC-26-004182",
                    "reason": "damaged",
                    "stage": "closed",
                    "day": "2026-10-31",
                    "adds": {"missed": 1, "clocks": 3},
                }
            ],
            "next": None,
        }
    ],
}
