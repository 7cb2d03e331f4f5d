"""The log: every request has a number and one line, and no line names a patient."""

import logging

import pytest

from config.logs import RequestIdFilter, request_id
from tests.factories import make_user

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


def test_outside_a_request_there_is_no_number():
    assert request_id.get() == ""


def test_json_lines_can_be_read_by_machines():
    import json

    from django.conf import settings
    from pythonjsonlogger.json import JsonFormatter

    formatter = JsonFormatter(settings.LOGGING["formatters"]["json"]["fmt"])
    record = logging.LogRecord("wardlight.access", logging.INFO, "", 0, "request", None, None)
    record.request_id, record.route = "abc", "api/patients/"
    line = json.loads(formatter.format(record))
    assert (line["message"], line["request_id"], line["route"]) == ("request", "abc", "api/patients/")
