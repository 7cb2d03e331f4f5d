"""What a client may not send, and that whatever it sends never makes a 500 (traps.md, "Input")."""

import json

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.api.serializers import PatientSerializer, ReportSerializer
from patients.models import Patient, Report
from patients.rules.ranges import RANGES
from tests.factories import client_of, make_patient
from tests.support.counts import IS_TORTURE
from tests.support.generated import bodies, has_no_json_form

pytestmark = pytest.mark.django_db

NAMES = {"first_name": "Ada", "last_name": "Byron"}


@pytest.fixture
def lead():
    return client_of("lead")


@pytest.fixture
def patient():
    return make_patient()


def post_text(client, path, text):
    return client.generic("POST", path, text, content_type="application/json")


# ---------------------------------------------------------------- bodies that are no JSON
@pytest.mark.parametrize(
    "path", ["/api/patients/", "/api/reports/", "/api/reports/preview/", "/rest-auth/login/"]
)
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "nonsense",
        '{"first_name": "Ada"',
        '{"a": 1} {"b": 2}',
        "[" * 60_000,
        "[" * 2_000 + "]" * 2_000,
        '{"a":' * 3_000 + "1" + "}" * 3_000,
        "[]",
        "[[1]]",
        "3",
        "null",
        '"text"',
        "true",
        '{"first_name": NaN}',
        '{"first_name": Infinity}',
        '{"temperature": -Infinity}',
        '{"temperature": 1e400}',
        '{"first_name": "\\u0000"}',
        '{"first_name": "\\ud800"}',
        '{"\\u0000": 1}',
        b"\xff\xfe{\x00}\x00",
        b'{"first_name": "\xed\xa0\x80"}',
    ],
    ids=range(24),
)
def test_a_body_that_cannot_be_read_is_400(lead, path, text):
    response = post_text(lead, path, text)
    assert response.status_code == 400, response.content
    assert isinstance(response.json(), dict)
    assert response.json()


@pytest.mark.parametrize(
    "text,name",
    [
        ('{"patient": 1, "pulse": 70, "pulse": 140}', "pulse"),
        ('{"patient": 1, "not_measured": {"pulse": "refused", "pulse": "unable"}}', "pulse"),
        ('{"patient": 1, "pul\\u0073e": 70, "pulse": 70}', "pulse"),
    ],
)
def test_what_a_body_says_twice_is_refused_by_name_and_not_half_taken(lead, text, name):
    before = Report.objects.count()
    response = post_text(lead, "/api/reports/", text)
    assert (response.status_code, list(response.json())) == (400, [name])
    assert Report.objects.count() == before


def test_one_name_in_two_objects_is_not_said_twice(lead, patient):
    text = f'{{"patient": {patient.pk}, "pulse": 70, "not_measured": {{"weight": "refused"}}}}'
    assert post_text(lead, "/api/reports/", text).status_code == 201


def test_a_body_over_1_mib_is_413(lead, patient):
    response = post_text(lead, "/api/patients/", json.dumps({**NAMES, "diagnosis": "x" * 1024 * 1024}))
    assert response.status_code == 413
    assert set(response.json()) == {"detail"}
    response = lead.generic(
        "DELETE", f"/api/patients/{patient.pk}/", "x" * 1024 * 1025, content_type="application/json"
    )
    assert response.status_code == 413
    assert Patient.objects.count() == 1


def test_a_body_just_under_1_mib_is_read(lead):
    response = post_text(lead, "/api/patients/", json.dumps({**NAMES, "diagnosis": "x" * 1_000_000}))
    assert response.status_code == 400
    assert set(response.json()) == {"diagnosis"}


@pytest.mark.parametrize("coding", ["chunked", "Chunked"])
@pytest.mark.parametrize(
    "method,path",
    [
        ("PATCH", "/api/patients/{}/"),
        ("POST", "/rest-auth/login/"),
        ("POST", "/rest-auth/password/change/"),
    ],
)
def test_a_body_in_chunks_is_refused_and_not_taken_for_an_empty_one(lead, patient, method, path, coding):
    response = lead.generic(
        method,
        path.format(patient.pk),
        b'{"bed": "9"}',
        content_type="application/json",
        headers={"Transfer-Encoding": coding},
        CONTENT_LENGTH="",
    )
    assert response.status_code == 411
    assert set(response.json()) == {"detail"}


def test_another_type_of_body_is_refused(lead):
    assert lead.post("/api/patients/", NAMES, format="multipart").status_code == 415


@pytest.mark.parametrize("depth,status", [(18, 400), (21, 400)])
def test_a_deep_value_is_refused_by_field_or_as_a_whole(lead, patient, depth, status):
    body = json.dumps({"patient": patient.pk, "not_measured": None}).replace(
        "null", "[" * depth + "]" * depth
    )
    response = post_text(lead, "/api/reports/", body)
    assert response.status_code == status
    assert set(response.json()) == ({"not_measured"} if depth == 18 else {"detail"})


# ---------------------------------------------------------------- numbers, texts, truth
@pytest.mark.parametrize(
    "value", ["１２", "٣", "1_0", "0x10", "1e999", "nan", "inf", "", " ", True, False, [], {}, "--1"]
)
@pytest.mark.parametrize("field", ["pulse", "temperature", "monitoring_interval", "day_of_fever"])
def test_what_is_no_plain_number_is_refused(lead, patient, field, value):
    response = lead.post("/api/reports/", {"patient": patient.pk, field: value})
    assert response.status_code == 400
    assert set(response.json()) == {field}
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "field,value",
    [
        ("pulse", "72"),
        ("pulse", 72.0),
        ("pulse", "72.0"),
        ("pulse", " 72.00 "),
        ("monitoring_interval", 60.0),
        ("day_of_fever", "3.0"),
        ("temperature", "36.8"),
        ("weight", " 70 "),
    ],
)
def test_plain_numerals_are_numbers(lead, patient, field, value):
    response = lead.post("/api/reports/", {"patient": patient.pk, field: value})
    assert response.status_code == 201
    assert response.json()[field] == float(value)


@pytest.mark.parametrize(
    "value", [72.5, "72.5", 72.000001, "72.", ".0", "7.0.0", "72.0x", "72.0e3", 1e300, "1e2"]
)
@pytest.mark.parametrize(
    "field", ["pulse", "respiration", "bp_sys", "bp_dia", "pain_score", "stools", "urine", "day_of_fever"]
)
def test_a_fraction_of_what_is_whole_is_refused(lead, patient, field, value):
    response = lead.post("/api/reports/", {"patient": patient.pk, field: value})
    assert (response.status_code, set(response.json())) == (400, {field})


@pytest.mark.parametrize(
    "path,field,value,known",
    [
        ("/api/patients/", "sex", "M", "male, female, other, unknown"),
        ("/api/patients/", "pathway", "x" * 999, "news2, dengue, none"),
        ("/api/patients/", "spo2_scale", 3, "1, 2"),
        ("/api/reports/", "consciousness", "a", "A, C, V, P, U"),
    ],
)
def test_what_is_none_of_a_few_values_is_told_which_there_are(lead, patient, path, field, value, known):
    response = lead.post(
        path, {**NAMES, field: value} if "patients" in path else {"patient": patient.pk, field: value}
    )
    assert response.status_code == 400
    (message,) = response.json()[field]
    assert (
        message
        == f'"{str(value)[:40]}{"…" * (len(str(value)) > 40)}" is not a valid choice. There are: {known}.'
    )


@pytest.mark.parametrize("value", ["yes please", "yes", "true", "false", "", "null", 0, 1, 2, [], {}])
def test_what_is_neither_true_nor_false_is_refused(lead, patient, value):
    response = lead.post("/api/reports/", {"patient": patient.pk, "supplemental_oxygen": value})
    assert response.status_code == 400
    assert set(response.json()) == {"supplemental_oxygen"}


@pytest.mark.parametrize(
    "field,value",
    [
        ("first_name", "x" * 101),
        ("first_name", None),
        ("first_name", ["Ada"]),
        ("first_name", True),
        ("first_name", 5),
        ("ward", 7),
        ("pregnant", None),
        ("pregnant", "yes"),
        ("pregnant", 1),
        ("ward", None),
        ("sex", "f"),
        ("pathway", "ebola"),
        ("spo2_scale", 3),
        ("spo2_scale", True),
        ("spo2_scale", 1.0),
        ("date_of_birth", "1950-13-01"),
        ("date_of_birth", "２０００-01-01"),
        ("date_of_birth", "1000-01-01"),
        ("date_of_birth", "2999-01-01"),
        ("date_of_birth", 0),
        ("admission_date", None),
        ("admission_date", "2999-01-01T00:00:00Z"),
        ("admission_date", "2199-01-01T00:00:00Z"),
        ("admission_date", "0001-01-01T00:00:00+14:00"),
        ("admission_date", "9999-12-31T23:59:59-14:00"),
        ("admission_date", 12),
        ("dismissal_date", "tomorrow"),
        ("fever_onset_at", "2199-01-01T00:00:00Z"),
        ("hematocrit_baseline", 4),
        ("hematocrit_baseline", 80.1),
        ("monitoring_interval", 4),
        ("monitoring_interval", 1441),
    ],
)
def test_a_patients_value_that_cannot_be_is_refused_by_field(lead, field, value):
    response = lead.post("/api/patients/", {**NAMES, field: value})
    assert response.status_code == 400, response.content
    assert set(response.json()) == {field}
    assert not Patient.objects.exists()


def test_a_set_needs_the_time_of_the_day(lead, patient):
    body = {"patient": patient.pk, "pulse": 70}
    today = timezone.localdate().isoformat()
    response = lead.post("/api/reports/", {**body, "datetime": today})
    assert (response.status_code, list(response.json())) == (400, ["datetime"])
    assert "A time such as" in response.json()["datetime"][0]


def test_a_long_unknown_name_is_not_echoed_whole(lead):
    response = lead.post("/api/patients/", {**NAMES, "x" * 100_000: 1})
    assert response.status_code == 400
    assert len(response.content) < 200


@pytest.mark.parametrize("field", ["additional", "diet", "oxygen_device", "history_change_reason"])
@pytest.mark.parametrize("value", [5, 1.5, True, [], {}])
def test_what_is_no_text_is_refused(lead, patient, field, value):
    response = lead.post("/api/reports/", {"patient": patient.pk, field: value})
    assert response.status_code == 400
    assert set(response.json()) == {field}


# ---------------------------------------------------------------- anything at all
TRIES = 3000 if IS_TORTURE else 300


@pytest.mark.parametrize("method", ["post", "put", "patch", "preview"])
def test_no_body_of_a_report_makes_a_server_error(lead, patient, method):
    report = lead.post("/api/reports/", {"patient": patient.pk, "pulse": 70}).json()
    path = {"post": "/api/reports/", "preview": "/api/reports/preview/"}.get(
        method, f"/api/reports/{report['id']}/"
    )
    verb = "POST" if method == "preview" else method.upper()

    @settings(max_examples=TRIES // 4, deadline=None, derandomize=True)
    @given(body=bodies([*ReportSerializer().fields]))
    def try_body(body):
        body.setdefault("patient", patient.pk)
        check(lead.generic(verb, path, json.dumps(body), content_type="application/json"), body)

    try_body()
    assert lead.get("/api/reports/?limit=1000").status_code == 200
    assert lead.get("/api/history/?limit=1000").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_no_body_of_a_patient_makes_a_server_error(lead, patient, method):
    path = "/api/patients/" if method == "post" else f"/api/patients/{patient.pk}/"

    @settings(max_examples=TRIES // 3, deadline=None, derandomize=True)
    @given(body=bodies([*PatientSerializer().fields]))
    def try_body(body):
        body = {**NAMES, **{name: value for name, value in body.items() if name not in RANGES}}
        check(lead.generic(method.upper(), path, json.dumps(body), content_type="application/json"), body)

    try_body()
    assert lead.get("/api/patients/?limit=1000").status_code == 200


def check(response, body):
    assert response.status_code in (200, 201, 400, 403, 409), (response.status_code, response.content, body)
    answer = response.json()
    assert isinstance(answer, dict)
    if has_no_json_form(body):
        assert response.status_code == 400
    if response.status_code in (200, 201) and "news2" in answer:
        for field, limits in RANGES.items():
            if field in answer and answer[field] is not None:
                assert limits.hard[0] <= answer[field] <= limits.hard[1]


@pytest.mark.parametrize("path", ["patients", "reports", "history", "notifications"])
def test_no_query_of_a_list_makes_a_server_error(lead, path):
    names = st.sampled_from(
        ["status", "ward", "search", "overdue", "risk", "patient", "report", "since", "until", "kind",
         "limit", "offset", "cursor", "ordering", "format", "x"]
    )  # fmt: skip
    values = st.text(max_size=30, alphabet=st.characters(codec="utf-8")) | st.sampled_from(
        ["1", "open", "true", "-id", "9" * 25, "%", "2026-01-01T00:00:00Z", "\x00", "１"]
    )

    @settings(max_examples=TRIES // 4, deadline=None, derandomize=True)
    @given(query=st.dictionaries(names, values, max_size=3))
    def try_query(query):
        response = lead.get(f"/api/{path}/", query)
        assert response.status_code in (200, 400, 404), (response.status_code, query)

    try_query()
