"""An invented board, its previews and moves, and a client that answers with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from refund_desk.domain.fairness import Relation
from refund_desk.domain.words import Role, Stage
from refund_desk.domain.workload import Duty
from refund_desk.wire import cases, commands
from refund_desk.wire import workload as w
from refund_desk.wire.base import Coded, PersonRef, Text2
from tests.fakes import panel_samples as samples
from tests.fakes.panel_samples import NOW

PEOPLE: tuple[tuple[Any, ...], ...] = (
    (1, "林晓", [Role.REVIEWER], ["zh", "en"], ["spoiled"], Duty.ON, 31, 6.2, 7.5, 2.1),
    (2, "周彤", [Role.REVIEWER], ["zh"], [], Duty.ON, 44, 9.1, 7.5, 9.3),
    (3, "陈予", [Role.REVIEWER, Role.SUPERVISOR], [], ["counterfeit", "unauthorised"], Duty.ON, 18, 4.0, 6.0, 0.2),
    (4, "Ana Ruiz", [Role.REVIEWER], ["en", "es", "pt"], [], Duty.ON, 27, 5.6, 8.0, 0.9),
    (5, "黄磊", [Role.REVIEWER], ["zh", "en"], ["exchange"], Duty.AWAY, 39, 8.3, 7.5, 6.2),
    (6, "何苗", [Role.REVIEWER], ["zh"], [], Duty.ABSENT, 4, 0.6, 0.0, 0.0),
    (7, "吴静", [Role.SUPERVISOR], [], [], Duty.ON, 0, 1.9, 6.5, 0.0),
)
STAGES = (
    (Stage.REVIEW, "审核", "Review", 1284, 20_460, 86_400, 31),
    (Stage.CONSULT, "内部咨询", "Consultation", 96, 26_400, 86_400, 0),
    (Stage.WAITING_CUSTOMER, "等待客户", "Waiting for the customer", 210, 93_600, 604_800, 0),
    (Stage.APPROVAL, "审批", "Approval", 58, 4_320, 28_800, 2),
    (Stage.PAYOUT, "打款", "Payout", 402, 36_000, 86_400, 0),
    (Stage.SETTLEMENT, "核对到账", "Settlement", 73, 155_520, 864_000, 0),
)


def ref(number: int) -> PersonRef:
    return PersonRef(id=number, name=next(row[1] for row in PEOPLE if row[0] == number))


def standing(count: int, load: float, left: float, missing: float) -> w.Standing:
    """Hours."""
    return w.Standing(cases=count, load_s=round(load * 3600), left_s=round(left * 3600), missing=missing)


def person(row: tuple[Any, ...]) -> w.PersonOnBoard:
    number, name, roles, languages, skills, duty, count, load, left, missing = row
    until = {Duty.ON: NOW + timedelta(hours=left), Duty.ABSENT: NOW + timedelta(days=2)}.get(duty)
    counts = [w.StageCount(stage=Stage.REVIEW, count=count, late=1 if missing > 3 else 0, soon=int(missing))]
    if number == 1:
        counts.append(w.StageCount(stage=Stage.WAITING_CUSTOMER, count=6, late=0, soon=0))
    picked = 9 if number == 5 else number % 3
    return w.PersonOnBoard(
        person=PersonRef(id=number, name=name),
        roles=roles,
        skills=skills,
        languages=languages,
        duty=duty,
        until=until,
        reviews=Role.REVIEWER in roles,
        standing=standing(count, load, left, missing),
        counts=counts if count else [],
        handout=w.HandoutView(
            given=0 if number > 5 else 7 - number % 4 * 2,
            picked=0 if number > 5 else picked,
            declined=number % 2 if number < 6 else 0,
            given_minutes=6.4 if number < 6 else None,
            picked_minutes=3.1 if number < 6 else None,
        ),
    )


def board(**changes: Any) -> w.Board:
    stages = [
        w.StageOnBoard(
            stage=stage,
            label=Text2(zh=zh, en=en),
            count=count,
            median_s=median,
            limit_s=limit,
            over=over,
            bottleneck=stage is Stage.REVIEW,
        )
        for stage, zh, en, count, median, limit, over in STAGES
    ]
    plain = w.Board(
        at=NOW,
        people=[person(row) for row in PEOPLE],
        stages=stages,
        free=w.StageCount(stage=Stage.REVIEW, count=1121, late=3, soon=48),
        missing=18.7,
        last=w.LastMove(move=3, undo_until=NOW + timedelta(minutes=9, seconds=12)),
    )
    return plain.model_copy(update=changes)


def planned(number: int, of: int, to: int | None, reason: str = "damaged", language: str = "zh") -> w.PlannedMove:
    return w.PlannedMove(
        ref=f"RC-26-{4300 + number:06d}",
        reason=reason,
        language=language,
        of=ref(of),
        to=None if to is None else ref(to),
    )


def preview(**changes: Any) -> w.MovePreview:
    moves = [planned(n, 2, 1, "damaged" if n % 2 else "missing_item") for n in range(5)]
    moves += [planned(10 + n, 2, 3, "counterfeit") for n in range(6)]
    moves += [planned(20 + n, 5, 4, "not_received", "en" if n % 2 else "pt") for n in range(8)]
    moves += [planned(30 + n, 6, None, "late") for n in range(4)]
    pairs = {
        1: (standing(31, 6.2, 7.5, 2.1), standing(36, 7.1, 7.5, 2.2)),
        2: (standing(44, 9.1, 7.5, 9.3), standing(33, 8.0, 7.5, 4.0)),
        3: (standing(18, 4.0, 6.0, 0.2), standing(24, 5.5, 6.0, 0.3)),
        4: (standing(27, 5.6, 8.0, 0.9), standing(35, 6.9, 8.0, 1.0)),
        5: (standing(39, 8.3, 7.5, 6.2), standing(31, 6.4, 7.5, 1.1)),
        6: (standing(4, 0.6, 0.0, 0.0), standing(0, 0.0, 0.0, 0.0)),
    }
    plain = w.MovePreview(
        moves=moves,
        skipped=[
            w.SkippedMove(ref="RC-26-004201", of=ref(2), why=Coded(code="workload.looking", params={"person": "陈予"})),
            w.SkippedMove(
                ref="RC-26-004215",
                of=ref(5),
                why=Coded(code="workload.kept.same_customer", params={"person": "Ana Ruiz"}),
            ),
        ],
        people=[w.BeforeAfter(person=ref(number), before=a, after=b) for number, (a, b) in pairs.items()],
    )
    return plain.model_copy(update=changes)


def moved(items: list[w.MoveItem], refuse: str = "") -> w.MoveResult:
    """All moved but one."""
    rows = [
        w.MovedOne(
            ref=item.ref,
            ok=item.ref != refuse,
            what=Coded(code="event.case.assigned", params={})
            if item.ref != refuse
            else Coded(code="error.workload.looked_at", params={"ref": refuse, "holder": "陈予"}),
        )
        for item in items
    ]
    after = [w.PersonStanding(person=each.person.id, standing=each.after) for each in preview().people]
    return w.MoveResult(move=4, undo_until=NOW + timedelta(minutes=10), rows=rows, people=after)


def people_work() -> w.PeopleWork:
    """What is on record of everybody; of 林晓 a bit of all."""
    span = {"start": NOW + timedelta(days=1), "until": NOW + timedelta(days=4)}
    rows = [
        w.PersonWork(
            person=PersonRef(id=row[0], name=row[1]),
            roles=row[2],
            skills=row[4],
            languages=row[3],
            calendar=None,
            away=row[5] is Duty.AWAY,
            absences=[],
            interests=[],
            delegations=[],
        )
        for row in PEOPLE
    ]
    rows[0] = rows[0].model_copy(
        update={
            "calendar": "office",
            "absences": [w.AbsenceView(id=4, **span)],
            "interests": [w.InterestView(id=2, relation=Relation.KNOWN, customer="王*")],
        }
    )
    rows[4] = rows[4].model_copy(update={"calendar": "office"})
    rows[2] = rows[2].model_copy(update={"delegations": [w.DelegationView(id=9, to=ref(7), **span)]})
    label = Text2(zh="工作时间（北京）", en="office hours (Beijing)")
    return w.PeopleWork(
        people=rows,
        calendars=[w.CalendarRef(id="always", label=None), w.CalendarRef(id="office", label=label)],
    )


class BoardClient(samples.FakeClient):
    """Answers about the board from memory."""

    def __init__(self, who: commands.Me | None = None, count: int = 120) -> None:
        super().__init__(who, count)
        self.the_board = board()
        self.the_preview = preview()
        self.refuse = ""

    async def board(self) -> w.Board:
        self._note("board")
        return self.the_board

    async def preview_balance(self, options: w.BalanceOptions) -> w.MovePreview:
        self._note("preview_balance", options)
        return self.the_preview

    async def preview_move(self, asked: w.MoveAsked) -> w.MovePreview:
        self._note("preview_move", asked)
        return self.the_preview

    async def move_cases(self, body: w.MoveMany, key: str) -> w.MoveResult:
        self._note("move_cases", body, key)
        return moved(body.items, self.refuse)

    async def undo_move(self, number: int, key: str) -> w.MoveResult:
        self._note("undo_move", number, key)
        found = moved([w.MoveItem(ref=move.ref) for move in self.the_preview.moves[:2]])
        return found.model_copy(update={"undo_until": None})

    async def queue(self, **wanted: Any) -> cases.QueuePage:
        who = wanted.get("assignee")
        if who is None and wanted.get("chip") != "unassigned":
            return await super().queue(**wanted)
        self._note("queue", wanted)
        rows = [row.model_copy(update={"assignee": ref(who) if who else None}) for row in self.rows[:12]]
        return cases.QueuePage(rows=rows)

    async def people_work(self) -> w.PeopleWork:
        self._note("people_work")
        return people_work()

    def _record(self, person: int) -> w.PersonWork:
        return next(each for each in people_work().people if each.person.id == person)

    async def set_working(self, person: int, body: w.WorkingBody, key: str | None = None) -> w.PersonWork:
        self._note("set_working", person, body, key)
        return self._record(person)

    async def set_away(self, person: int, away: bool, key: str | None = None) -> w.PersonWork:
        self._note("set_away", person, away)
        return self._record(person)

    async def set_absence(self, person: int, body: w.AbsenceBody, key: str | None = None) -> w.PersonWork:
        self._note("set_absence", person, body)
        return self._record(person)

    async def declare_interest(self, person: int, body: w.InterestBody, key: str | None = None) -> w.PersonWork:
        self._note("declare_interest", person, body)
        return self._record(person)

    async def delegate(self, person: int, body: w.DelegationBody, key: str | None = None) -> w.PersonWork:
        self._note("delegate", person, body)
        return self._record(person)

    async def end_lasting(self, what: w.Lasting, number: int, key: str | None = None) -> None:
        self._note("end_lasting", what, number)
