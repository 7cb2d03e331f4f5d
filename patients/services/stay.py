"""A patient's running stay, read from the database as the facts that the rules look at."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from ..models import Patient, Report
from ..prepared import Hole, PreparedQuery
from ..rules.news2 import SCORED_FIELDS, Score, reason_not_scored, score_set
from ..rules.pathways import PATHWAYS, Course
from ..rules.plan import SCORE, Limits, PlanFacts, PlannedPathway, Step
from ..rules.ranges import VITAL_SIGN_FIELDS
from ..rules.stay import PatientFacts, ReportFacts, order_of

# Most stays have two complete sets among their last dozen reports; the read widens where one has not.
FIRST_READ: Final = 12
WIDENED_BY: Final = 8

_FACT_FIELDS: Final = tuple(dict.fromkeys((*VITAL_SIGN_FIELDS, *SCORED_FIELDS)))
_READ_FIELDS: Final = ("id", "datetime", "news2", "monitoring_interval", "not_measured", *_FACT_FIELDS)

# The first read of recent_sets, which nearly always is the only one.
_NEWEST_SETS: Final = PreparedQuery(
    lambda: (
        Report.objects.filter(
            patient=Hole("patient", field=Patient._meta.pk),
            datetime__gte=Hole("admission_date", field=Patient._meta.get_field("admission_date")),
            is_set=True,
        )
        .order_by("-datetime", "-id")
        .values(*_READ_FIELDS)[:FIRST_READ]
    )
)


def patient_facts(patient: Patient) -> PatientFacts:
    """The patient as the rules see them, with the course of the stay as it is stored in the patient's row."""
    return PatientFacts(
        admission_date=patient.admission_date,
        created_at=patient.created_at,
        date_of_birth=patient.date_of_birth,
        pregnant=patient.pregnant,
        pathway=patient.pathway,
        spo2_scale=patient.spo2_scale,
        monitoring_interval=patient.monitoring_interval,
        dismissal_date=patient.dismissal_date,
        fever_onset_at=patient.fever_onset_at,
        hematocrit_baseline=patient.hematocrit_baseline,
        last_high_at=patient.last_high_at,
        course=PATHWAYS[patient.pathway].course_of(patient.course),
        zone=ZoneInfo(settings.TIME_ZONE),
    )


def plan_facts(patient: Patient) -> PlanFacts | None:
    """The running plan as the rules see it, from the patient's row; None where none runs."""
    plan = patient.running_plan
    if plan is None:
        return None
    steps = [
        Step(
            every=timedelta(minutes=step["every"]),
            lasts=None if step["for"] is None else timedelta(minutes=step["for"]),
        )
        for step in plan["steps"]
    ]
    limits = {field: Limits(**bounds) for field, bounds in plan["call_at"].items() if field != SCORE}
    return PlanFacts(
        since=datetime.fromisoformat(plan["since"]),
        until=datetime.fromisoformat(plan["until"]),
        steps=steps,
        score=plan["call_at"].get(SCORE),
        limits=limits,
    )


def pathway_of(patient: Patient) -> PlannedPathway:
    """The rules of the patient's pathway, as a running plan changes them."""
    return PlannedPathway(PATHWAYS[patient.pathway], plan=plan_facts(patient))


def report_facts(report: Report) -> ReportFacts:
    """A report, saved or not, with the score it holds."""
    names = (*_FACT_FIELDS, "not_measured", *PATHWAYS[report.patient.pathway].course_fields)
    return ReportFacts(
        id=report.pk,
        datetime=report.datetime,
        values={field: getattr(report, field) for field in names},
        score=Score.from_dict(report.news2),
        monitoring_interval=report.monitoring_interval,
    )


def score_values(patient: Patient, values: Mapping[str, Any], *, taken_at: datetime) -> Score:
    """Score values taken from this patient at that instant, by the scale and pathway of now."""
    reason = reason_not_scored(
        date_of_birth=patient.date_of_birth,
        pregnant=patient.pregnant,
        pathway=patient.pathway,
        on=timezone.localdate(taken_at),
    )
    return score_set(values, spo2_scale=patient.spo2_scale, not_scored_because=reason)


def recent_sets(
    patient: Patient, *, without: int | None = None, back_to: datetime | None = None
) -> list[ReportFacts]:
    """The sets of the running stay, newest first: as many as due time and pathway rules can ask for.

    That is back to the newest scored set but one, or to the newest complete one where the newest set was not scored
    at all; all of the stay where there are not that many. `without` leaves out one report, the one being corrected;
    `back_to`, its time, reaches further back, to the newest scored set before it, against which it was judged.
    """
    rows = sets_of_stay(patient)
    if without is not None:
        rows = rows.exclude(pk=without)
    limit = FIRST_READ
    while True:
        if limit == FIRST_READ and without is None:
            sets = _facts_of(_NEWEST_SETS.all(patient=patient.pk, admission_date=patient.admission_date))
        else:
            sets = read_sets(rows[:limit])
        if len(sets) < limit or _reaches_far_enough(sets, back_to=back_to):
            return sets
        if back_to is None and _newest_set_is_unscored(sets):
            return _with_newest_complete(sets, rows=rows)
        limit *= WIDENED_BY


def known_before(patient: Patient, report: ReportFacts) -> Any:
    """The stored sets of the running stay that are older than this one, newest first; not those entered behind it.

    Entered behind it is what was recorded after it, and after it had been taken.
    """
    older = Q(datetime__lt=report.datetime) | Q(datetime=report.datetime, id__lt=report.id)
    entered_in_time = Q(id__lt=report.id) | Q(created_at__lte=report.datetime)
    return sets_of_stay(patient).filter(older, entered_in_time)


def newest_scored(rows: Any) -> ReportFacts | None:
    """The first of these rows that is complete and was scored."""
    return next(iter(read_sets(rows.filter(is_complete=True, news2__not_scored_because=None)[:1])), None)


def newest_high_at(rows: Any) -> datetime | None:
    """When the first of these rows that scored high was taken."""
    taken_at: datetime | None = rows.filter(news2__risk="high").values_list("datetime", flat=True).first()
    return taken_at


def sets_of_stay(patient: Patient) -> Any:
    """Every stored set of the running stay and each attempt at one, newest first."""
    rows = Report.objects.filter(patient=patient, datetime__gte=patient.admission_date, is_set=True)
    return rows.order_by("-datetime", "-id")


def _reaches_far_enough(sets: list[ReportFacts], *, back_to: datetime | None) -> bool:
    scored = [report for report in sets if report.is_scored]
    is_judged_set_there = back_to is None or any(report.datetime < back_to for report in scored)
    return len(scored) >= 2 and is_judged_set_there


def _newest_set_is_unscored(sets: list[ReportFacts]) -> bool:
    newest_set = next((report for report in sets if report.is_set), None)
    return newest_set is not None and newest_set.score.not_scored_because is not None


def _with_newest_complete(sets: list[ReportFacts], *, rows: Any) -> list[ReportFacts]:
    """Of a patient who is not scored the newest set decides; of older ones only the complete one says anything."""
    if any(report.score.complete for report in sets):
        return sets
    return [*sets, *read_sets(rows.filter(is_complete=True)[:1])]


def read_sets(rows: Any) -> list[ReportFacts]:
    return _facts_of(rows.values(*_READ_FIELDS))


def _facts_of(rows: Iterable[Mapping[str, Any]]) -> list[ReportFacts]:
    return [
        ReportFacts(
            id=row["id"],
            datetime=row["datetime"],
            values=row,
            score=Score.from_dict(row["news2"]),
            monitoring_interval=row["monitoring_interval"],
        )
        for row in rows
    ]


# ---------------------------------------------------------------- the course that the pathway keeps


def course_with(patient: Patient, *, report: Report) -> Course | None:
    """The course of the stay with this report as it is now, saved or not; None where the pathway keeps none.

    One step where it is a new report and the newest; else, which is rare, every report of the stay is read.
    """
    facts = patient_facts(patient)
    course: Course | None = facts.course
    if course is None or report.datetime < patient.admission_date:
        return course
    new = report_facts(report)
    is_stored = patient.course is not None
    if is_stored and report.version == 1 and course.is_before(new):
        return course.with_report(new, patient=facts)
    others = _stay_of(patient, course_fields=PATHWAYS[patient.pathway].course_fields).exclude(pk=report.pk)
    return _follow(patient, reports=[*_facts_of(others), new])


def course_of(patient: Patient, *, up_to: ReportFacts | None = None) -> Course | None:
    """The course of the stay by every stored report, or by those up to one of them."""
    fields = PATHWAYS[patient.pathway].course_fields
    if not fields:
        return None
    reports = _facts_of(_stay_of(patient, course_fields=fields))
    if up_to is not None:
        reports = [report for report in reports if order_of(report) <= order_of(up_to)]
    return _follow(patient, reports=reports)


def _stay_of(patient: Patient, *, course_fields: tuple[str, ...]) -> Any:
    stay = Report.objects.filter(patient=patient, datetime__gte=patient.admission_date)
    return stay.values(*dict.fromkeys((*_READ_FIELDS, *course_fields)))


def _follow(patient: Patient, *, reports: Iterable[ReportFacts]) -> Course | None:
    facts = patient_facts(patient)
    course: Course | None = PATHWAYS[patient.pathway].course_of(None)
    for report in sorted(reports, key=order_of):
        if course is not None:
            course = course.with_report(report, patient=facts)
    return course
