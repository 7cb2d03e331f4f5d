"""The log: every request has a number and one line, and no line names a patient."""

import json
import logging
import sys

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from pythonjsonlogger.json import JsonFormatter

from config.logs import RequestIdFilter, WithoutRowsFilter, request_id
from patients.models import Patient
from tests.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


def test_a_request_is_one_line_with_its_route_and_number(client, caplog):
    caplog.set_level(logging.INFO, logger="wardlight.access")
    caplog.handler.addFilter(RequestIdFilter())
    user = make_user("nurse")
    client.force_login(user)
    response = client.get("/api/patients/", {"search": "Winterbottom"})
    (line,) = [record for record in caplog.records if record.name == "wardlight.access"]
    assert (line.method, line.route, line.status) == ("GET", "api/patients/$", 200)
    assert line.user_id == user.pk
    assert line.request_id == response["X-Request-ID"]
    assert "Winterbottom" not in str(vars(line))


def test_the_number_of_the_proxy_is_kept(client):
    response = client.get("/health/live", headers={"X-Request-ID": "from-the-proxy-42"})
    assert response["X-Request-ID"] == "from-the-proxy-42"


@pytest.mark.parametrize("given", ["", "short", "with space in it", "x" * 65, "new\tline-in-it", "ä" * 10])
def test_a_number_that_could_spoil_the_log_is_replaced(client, given):
    response = client.get("/health/live", headers={"X-Request-ID": given})
    assert len(response["X-Request-ID"]) == 32
    assert response["X-Request-ID"] != given


@pytest.mark.parametrize("name", ["line", "json"])
def test_a_traceback_does_not_hold_the_row_that_the_database_refused(name):
    """PostgreSQL shows it: `DETAIL: Failing row contains (7, Winterbottom, …)`."""
    described = {key: value for key, value in settings.LOGGING["formatters"][name].items() if key != "()"}
    formatter = (JsonFormatter if name == "json" else logging.Formatter)(
        described.get("fmt") or described["format"]
    )
    try:
        with transaction.atomic():
            make_patient(last_name="Winterbottom", allergies="Penicillin.\nDETAIL: none\n\nNuts").save()
            Patient.objects.update(spo2_scale=3)
    except IntegrityError:
        record = logging.LogRecord("wardlight.api", logging.ERROR, "", 0, "Unforeseen", None, sys.exc_info())
    record.request_id = ""
    assert WithoutRowsFilter().filter(record)
    text = formatter.format(record)
    assert "Traceback" in text
    assert text.count("patient_spo2_scale_1_or_2") >= 2, "both errors: the driver's and Django's"
    assert "The above exception was the direct cause" in text
    assert not [word for word in ("Winterbottom", "Penicillin", "Nuts") if word in text]


def test_what_is_logged_passes_the_filter_that_takes_rows_out():
    assert "without_rows" in settings.LOGGING["handlers"]["console"]["filters"]


def test_outside_a_request_there_is_no_number():
    assert request_id.get() == ""


def test_json_lines_can_be_read_by_machines():
    formatter = JsonFormatter(settings.LOGGING["formatters"]["json"]["fmt"])
    record = logging.LogRecord("wardlight.access", logging.INFO, "", 0, "request", None, None)
    record.request_id, record.route = "abc", "api/patients/"
    line = json.loads(formatter.format(record))
    assert (line["message"], line["request_id"], line["route"]) == ("request", "abc", "api/patients/")
