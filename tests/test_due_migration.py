"""A migration that fills what is new, on a database filled by the version before."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.services.builders import at

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("patients", "0010_reports_by_creation")


@pytest.fixture
def version_before():
    """The models of the version before, on a database as that one left it; afterwards it is the newest again."""
    call_command("migrate", *BEFORE, verbosity=0)
    try:
        yield MigrationExecutor(connection).loader.project_state([BEFORE]).apps
    finally:
        call_command("migrate", verbosity=0)


def news2(risk):
    return {"score": None, "risk": risk, "not_scored_because": None}


def test_a_running_stay_knows_when_it_last_scored_high(version_before):
    patients, reports = (version_before.get_model("patients", name) for name in ("Patient", "Report"))

    def admit(name, **more):
        return patients.objects.create(first_name=name, last_name="x", admission_date=at(0), **more)

    def record(patient, hours, risk, **more):
        values = {"news2": news2(risk), "is_set": True, **more}
        reports.objects.create(patient=patient, datetime=at(hours), recorded_by=None, **values)

    ill, well, earlier, empty = admit("ill"), admit("well"), admit("earlier"), admit("empty")
    gone = admit("gone", dismissal_date=at(9))
    for hours, risk in ((1, "high"), (3, "high"), (2, "high"), (5, "medium")):
        record(ill, hours, risk)
    record(well, 1, "medium")
    record(well, 2, None)
    record(earlier, -1, "high")
    record(earlier, 1, "low")
    record(gone, 1, "high")
    call_command("migrate", verbosity=0)
    found = dict(apps.get_model("patients", "Patient").objects.values_list("first_name", "last_high_at"))
    assert found == {"ill": at(3), "well": None, "earlier": None, "empty": None, "gone": None}
    assert apps.get_model("patients", "Report").objects.filter(due_because__isnull=True).count() == 9
    assert empty.pk is not None
