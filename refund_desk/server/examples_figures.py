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

_PERSON = {"id": 7, "name": "Lin Xiao"}
_LESSON = {
    "id": 3,
    "figure": "missed",
    "unit": "share",
    "by": "reason",
    "of": "damaged",
    "name": None,
    "first": "2026-10-01",
    "last": "2026-10-31",
    "text": "Damaged parcels wait for the carrier without anybody asking it.",
    "owner": _PERSON,
    "due": "2026-11-30",
    "late": False,
    "made_by": _PERSON,
    "made_at": "2026-11-02T08:00:00+00:00",
    "status": "open",
    "settled_by": None,
    "settled_at": None,
    "result": None,
    "then": 0.12,
    "after": 0.08,
    "after_first": "2026-11-01",
    "after_last": "2026-11-20",
}
_REPORT = {
    "id": 5,
    "month": "2026-10",
    "format": "pdf",
    "language": "zh",
    "sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    "bytes": 88_121,
    "at": "2026-11-01T00:10:00+00:00",
    "by": None,
}

FIGURES: dict[str, Any] = {
    "NewLesson": [
        {
            "figure": "missed",
            "first": "2026-10-01",
            "last": "2026-10-31",
            "by": "reason",
            "of": "damaged",
            "text": "Damaged parcels wait for the carrier without anybody asking it.",
            "owner": 7,
            "due": "2026-11-30",
        }
    ],
    "SettleLesson": [{"done": True, "result": "The carrier is asked on the first day."}],
    "LessonView": [_LESSON],
    "Lessons": [{"lessons": [_LESSON], "people": [_PERSON]}],
    "KeptReportView": [_REPORT],
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
