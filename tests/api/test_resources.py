"""Ranges, fluids, JSON, the browsable API and the description in /swagger."""

import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from rest_framework.exceptions import ParseError

from patients import clock
from patients.api.parsers import DEEPEST, read_json
from patients.api.renderers import JSONRenderer
from patients.rules.ranges import RANGES
from tests.factories import client_of, make_patient, make_report
from tests.observations import ILL

RESOURCES = ("patients", "reports", "history", "notifications")


@pytest.fixture
def viewer():
    return client_of("viewer")


# ---------------------------------------------------------------- ranges
@pytest.mark.django_db
def test_the_ranges_are_the_ones_that_are_applied(viewer):
    ranges = viewer.get("/api/ranges/").json()
    assert set(ranges) == set(RANGES)
    assert ranges["temperature"] == {
        "unit": "°C", "low": 13, "high": 45, "soft_low": 34, "soft_high": 41, "whole": False,
    }  # fmt: skip
    assert ranges["weight"]["soft_low"] is None
    assert ranges["pulse"]["whole"] is True


# ---------------------------------------------------------------- fluids
@pytest.fixture
def noon(monkeypatch):
    noon = datetime(2026, 6, 10, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: noon)
    return noon


@pytest.mark.django_db
def test_fluids_are_summed_per_shift_and_over_24_hours(viewer, noon):
    patient, other = make_patient(), make_patient()
    make_report(patient, datetime=noon - timedelta(hours=1), fi_oral=200.5, fo_urine=100.0)
    make_report(patient, datetime=noon - timedelta(hours=9), fi_parenteral=500.0)
    make_report(patient, datetime=noon - timedelta(hours=30), fi_oral=50.0)
    make_report(patient, datetime=noon - timedelta(hours=2), pulse=70)
    make_report(other, datetime=noon - timedelta(hours=1), fi_oral=900.0)
    response = viewer.get(f"/api/patients/{patient.pk}/fluids/", {"since": "2026-06-09T06:00:00Z"})
    assert response.status_code == 200, response.content
    assert "X-Event" in response.headers
    balance = response.json()
    assert [(shift["shift"], shift["intake"], shift["output"]) for shift in balance["shifts"]] == [
        ("D", 50, None),
        ("E", None, None),
        ("N", 500, None),
        ("D", 200.5, 100),
    ]
    assert [shift["balance"] for shift in balance["shifts"]] == [50, None, 500, 100.5]
    assert balance["shifts"][-1]["since"] == "2026-06-10T06:00:00Z"
    running = balance["last_24_hours"]
    assert (running["shift"], running["intake"], running["output"], running["balance"]) == (
        None,
        700.5,
        100,
        600.5,
    )
    assert running["amounts"]["fi_other"] is None


@pytest.mark.django_db
def test_fluids_of_three_days_where_nothing_is_asked_for(viewer, noon):
    balance = viewer.get(f"/api/patients/{make_patient().pk}/fluids/").json()
    assert (balance["since"], balance["until"]) == ("2026-06-07T12:00:00Z", "2026-06-10T12:00:00Z")
    assert balance["last_24_hours"]["balance"] is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query,name",
    [
        ("since=yesterday", "since"),
        ("until=never", "until"),
        ("from=2026-06-01", "from"),
        ("since=2026-06-11T00:00:00Z", "since"),
        ("since=2026-05-01T00:00:00Z", "since"),
    ],
)
def test_a_period_that_cannot_be_is_refused_by_name(viewer, noon, query, name):
    response = viewer.get(f"/api/patients/{make_patient().pk}/fluids/?{query}")
    assert response.status_code == 400
    assert set(response.json()) == {name}


@pytest.mark.django_db
def test_the_fluids_of_an_unknown_patient_are_404(viewer):
    assert viewer.get("/api/patients/999/fluids/").status_code == 404


# ---------------------------------------------------------------- JSON
@pytest.mark.parametrize("text", ['{"a": [1, 2.5, null, "é", true]}', b"[]", "3"])
def test_json_is_read_as_it_is(text):
    assert read_json(text) == json.loads(text)


def test_nesting_is_read_up_to_a_depth():
    assert read_json("[" * DEEPEST + "]" * DEEPEST)
    with pytest.raises(ParseError):
        read_json("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))


@pytest.mark.parametrize("text", [r'"\u0000"', r'{"a": ["\u0000"]}', r'{"\u0000": 1}'])
def test_a_nul_is_refused_wherever_it_stands(text):
    with pytest.raises(ParseError):
        read_json(text)


def test_what_is_rendered_is_json_also_with_lazy_texts_and_indentation():
    from decimal import Decimal

    from django.utils.translation import gettext_lazy

    content = {"a": gettext_lazy("Yes"), "b": Decimal("1.5"), "c": {3, 1}, 4: None}
    plain = JSONRenderer().render(content)
    indented = JSONRenderer().render(content, renderer_context={"indent": 4})
    assert orjson.loads(plain) == orjson.loads(indented) == {"a": "Yes", "b": 1.5, "c": [1, 3], "4": None}
    assert b"\n" in indented
    assert JSONRenderer().render(None) == b""
    with pytest.raises(TypeError):
        JSONRenderer().render(object())


# ---------------------------------------------------------------- browsable and described
@pytest.mark.django_db
@pytest.mark.parametrize("role", ["viewer", "lead"])
def test_everything_can_be_browsed(role):
    client = client_of(role)
    patient = make_patient()
    report = make_report(patient, **ILL)
    paths = ["", "ranges/", *(f"{name}/" for name in RESOURCES)]
    for resource in RESOURCES:
        (row,) = client.get(f"/api/{resource}/").json()["results"]
        paths.append(f"{resource}/{row.get('history_id', row['id'])}/")
    paths += [
        f"patients/{patient.pk}/history/",
        f"patients/{patient.pk}/fluids/",
        f"patients/{patient.pk + 99}/",
    ]
    paths += [f"reports/?patient={report.pk}&x=1", "reports/preview/"]
    for path in paths:
        response = client.get(f"/api/{path}", headers={"Accept": "text/html"})
        assert response.status_code in (200, 400, 404, 405), path
        assert response.headers["Content-Type"].startswith("text/html"), path


@pytest.mark.django_db
def test_options_describe_the_fields(viewer):
    response = client_of("lead").options("/api/reports/")
    assert response.status_code == 200
    assert response.json()["actions"]["POST"]["temperature"]["read_only"] is False
    assert viewer.options("/api/reports/").status_code == 200


@pytest.mark.django_db
def test_swagger_describes_every_resource_with_its_filters_and_headers():
    description = client_of("lead").get("/swagger.json").json()
    paths = description["paths"]
    base = description["basePath"].rstrip("/")
    described = {f"{base}{path}" for path in paths}
    expected = [f"{name}/" for name in RESOURCES]
    expected += ["patients/{id}/", "patients/{id}/history/", "patients/{id}/fluids/", "reports/{id}/"]
    expected += ["reports/preview/", "history/{history_id}/", "notifications/{id}/acknowledge/", "ranges/"]
    assert {f"/api/{path}" for path in expected} <= described

    def parameters(path, method):
        operation = next(value for name, value in paths.items() if f"{base}{name}" == path)[method]
        return {parameter["name"] for parameter in operation["parameters"]}

    assert parameters("/api/patients/", "get") == {
        "status", "ward", "search", "overdue", "risk", "ordering", "limit", "offset", "cursor", "format",
        "bom",
    }  # fmt: skip
    assert "Idempotency-Key" in parameters("/api/reports/", "post")
    assert "If-Match" in parameters("/api/reports/{id}/", "patch")
    assert "reason" in parameters("/api/reports/{id}/", "delete")
    report = description["definitions"]["Report"]["properties"]
    assert "temperature" in report
    assert report["news2"]
