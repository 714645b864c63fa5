"""Examples of what crosses HTTP about the board of work, for the OpenAPI document. A test reads each with its shape."""

from __future__ import annotations

from typing import Any, Final

_LIN: Final[dict[str, Any]] = {"id": 1, "name": "林晓"}
_ANA: Final[dict[str, Any]] = {"id": 3, "name": "Ana Ruiz"}
_BEFORE: Final[dict[str, Any]] = {"cases": 44, "load_s": 32_760, "left_s": 27_000, "missing": 9.2}
_AFTER: Final[dict[str, Any]] = {"cases": 39, "load_s": 26_400, "left_s": 27_000, "missing": 4.1}
_COUNT: Final[dict[str, Any]] = {"stage": "review", "count": 44, "late": 2, "soon": 7}
_SPAN: Final[dict[str, Any]] = {"start": "2026-11-20T00:00:00+00:00", "until": "2026-11-25T00:00:00+00:00"}
_PERSON: Final[dict[str, Any]] = {
    "person": _LIN,
    "roles": ["reviewer"],
    "skills": ["damaged", "exchange"],
    "languages": ["zh"],
    "calendar": "office",
    "away": False,
    "absences": [{"id": 4, **_SPAN}],
    "interests": [{"id": 2, "relation": "known", "customer": "王**", "person": None}],
    "delegations": [{"id": 1, "to": _ANA, **_SPAN}],
}
_ITEM: Final[dict[str, Any]] = {"ref": "RC-26-004182", "of": 1, "to": 3}

WORKLOAD: Final[dict[str, list[Any]]] = {
    "Board": [
        {
            "at": "2026-11-19T10:30:00+00:00",
            "people": [
                {
                    "person": _LIN,
                    "roles": ["reviewer"],
                    "skills": ["damaged"],
                    "languages": ["zh", "en"],
                    "duty": "on",
                    "until": "2026-11-19T18:00:00+00:00",
                    "reviews": True,
                    "standing": _BEFORE,
                    "counts": [_COUNT],
                    "handout": {
                        "given": 12,
                        "picked": 2,
                        "declined": 1,
                        "given_minutes": 6.5,
                        "picked_minutes": 3.0,
                    },
                }
            ],
            "stages": [
                {
                    "stage": "review",
                    "label": {"zh": "审核", "en": "Review"},
                    "count": 1284,
                    "median_s": 20_460,
                    "limit_s": 86_400,
                    "over": 31,
                    "bottleneck": True,
                }
            ],
            "free": _COUNT,
            "missing": 18.4,
            "last": {"move": 7, "undo_until": "2026-11-19T10:38:12+00:00"},
        }
    ],
    "BalanceOptions": [{"skills": True, "languages": True, "interests": True}],
    "MoveAsked": [{"refs": ["RC-26-004182"], "of": None, "to": 3}],
    "MovePreview": [
        {
            "moves": [{"ref": "RC-26-004182", "reason": "damaged", "language": "zh", "of": _LIN, "to": _ANA}],
            "skipped": [
                {
                    "ref": "RC-26-004201",
                    "of": _LIN,
                    "why": {"code": "workload.looking", "params": {"person": "林晓"}},
                }
            ],
            "people": [{"person": _LIN, "before": _BEFORE, "after": _AFTER}],
        }
    ],
    "MoveMany": [{"items": [_ITEM]}],
    "MoveResult": [
        {
            "move": 7,
            "undo_until": "2026-11-19T10:40:00+00:00",
            "rows": [
                {
                    "ref": "RC-26-004182",
                    "ok": False,
                    "what": {
                        "code": "error.workload.moved_meanwhile",
                        "params": {"ref": "RC-26-004182", "holder": "Ana Ruiz"},
                    },
                }
            ],
            "people": [{"person": 1, "standing": _AFTER}],
        }
    ],
    "PeopleWork": [
        {"people": [_PERSON], "calendars": [{"id": "office", "label": {"zh": "工作时间", "en": "office hours"}}]}
    ],
    "PersonWork": [_PERSON],
    "WorkingBody": [{"skills": ["damaged"], "languages": ["zh"], "calendar": "office"}],
    "AwayBody": [{"away": True}],
    "AbsenceBody": [_SPAN],
    "InterestBody": [{"relation": "known", "ref": "RC-26-004182", "person": None}],
    "DelegationBody": [{"to": 3, **_SPAN}],
}
