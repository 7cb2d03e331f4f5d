"""Whatever is done to a report's versions, in whatever order: report, newest version and ledger tell one story."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.models import Amendment, AmendmentPermit, Report
from patients.representations import represent_amendment, represent_history, represent_report
from patients.services.history import amend_version, retire_version
from patients.services.ledger import newest_version_of
from patients.services.reports import correct_report, delete_report
from tests.rules.builders import NORMAL
from tests.services.builders import at, record
from tests.support.counts import count

pytestmark = pytest.mark.django_db

Version = Report.history.model
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["correct", "amend", "amend", "retire", "delete"]),
        st.integers(0, 9),
        st.sampled_from([{"pulse": 71}, {"pulse": 131}, {"respiration": None}, {"datetime": at(0.5)}]),
    ),
    min_size=1,
    max_size=7,
)


class Model:
    """What the versions must hold by now, kept beside: history_id -> representation, entries, amendments."""

    def __init__(self, report):
        self.report_id = report.pk
        self.entries = {}
        self.amended = {}

    def shown(self):
        """The versions that may be amended or retired, oldest first."""
        rows = Version.objects.filter(id=self.report_id, is_retired=False).exclude(history_type="-")
        return list(rows.order_by("pk"))


def perform(model, step, *, by, now):
    kind, choice, changes = step
    report = Report.objects.filter(pk=model.report_id).first()
    versions = model.shown()
    if kind in ("correct", "delete") and report is not None:
        if kind == "correct":
            correct_report(report.pk, by=by, now=now, changes=changes)
        else:
            delete_report(report.pk, by=by, now=now)
    elif kind in ("amend", "retire") and versions:
        version = versions[choice % len(versions)]
        before = represent_history(version)
        if kind == "retire":
            retire_version(version.pk, by=by, now=now, reason="why")
        else:
            amended = amend_version(version.pk, by=by, now=now, changes=changes, reason="why")
            if represent_history(amended) == before:
                return
            model.amended[version.pk] = model.amended.get(version.pk, 0) + 1
        model.entries.setdefault(version.pk, []).append(before)


def check(model):
    report = Report.objects.select_related("recorded_by").filter(pk=model.report_id).first()
    if report is not None:
        shown = represent_history(newest_version_of(report))
        assert represent_report(report) == {name: shown[name] for name in represent_report(report)}
    else:
        assert Version.objects.filter(id=model.report_id).order_by("-pk").first().history_type == "-"
    for version in Version.objects.filter(id=model.report_id):
        entries = [represent_amendment(entry) for entry in Amendment.objects.filter(history_id=version.pk)]
        assert [entry["before"] for entry in entries] == model.entries.get(version.pk, [])
        assert version.amendments == model.amended.get(version.pk, 0)
        assert version.is_retired == any(entry["kind"] == "retired" for entry in entries)
    assert not AmendmentPermit.objects.exists()


@settings(
    max_examples=count(reduced=25, full=500), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_report_newest_version_and_ledger_agree_after_every_step(patient, nurse, lead, steps):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    model = Model(report)
    for number, step in enumerate(steps):
        perform(model, step, by=lead, now=at(2, minutes=number))
        check(model)
