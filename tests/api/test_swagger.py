"""/swagger: every operation is described in full, and the description is true."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.routers import APIRootView

from patients import clock
from patients.api import pagination
from patients.api.examples import EXAMPLES
from patients.api.listing import RESOURCES
from patients.models import Notification, Report, SignIn
from patients.permissions import ROLES, SUPERUSER, TABLE
from tests.factories import make_patient, make_report, signed_in
from tests.observations import ILL
from tests.support.description import (
    Operation,
    assert_has_shape,
    example_files,
    operations,
    resolve,
    served_paths,
)
from tests.support.signing_in import PASSWORD, asking, get_key, make_member

pytestmark = pytest.mark.home("sqlite")

WHERE_THERE_IS_SOMETHING = "X-Warning"  # every other header that is described always comes
OPERATIONS = operations()
EXAMPLES_TAKEN_AT = datetime(2026, 6, 10, 12, 4, 30, tzinfo=UTC)


def parameters_of(operation: Operation) -> set[str]:
    return {parameter["name"] for parameter in operation.described["parameters"]}


every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


# ---------------------------------------------------------------- it is complete
def test_every_address_and_method_that_is_served_is_described():
    described = {(re.sub(r"{\w*}", "{}", operation.path), operation.method) for operation in OPERATIONS}
    served = set()
    for path, view in served_paths():
        if view.cls is APIRootView:  # a page of links
            continue
        methods = getattr(view, "actions", None) or [
            method for method in view.cls.http_method_names if hasattr(view.cls, method)
        ]
        served |= {(path, method) for method in methods if method not in ("head", "options")}
    assert described == served


def test_operations_have_ids_of_their_own():
    ids = [operation.described["operationId"] for operation in OPERATIONS]
    assert len(set(ids)) == len(ids)


@every_operation
def test_an_operation_says_what_it_does_and_who_may(operation: Operation):
    described = operation.described
    assert 5 < len(described["summary"]) <= 120
    assert "Roles: " in described["description"]
    assert len(described["description"].partition("Roles: ")[0]) > 10
    assert described["tags"]
    roles = described["x-roles"]
    assert roles in (["everybody"], ["signed in"]) or set(roles) <= {*ROLES, SUPERUSER}
    assert ("security" in described) == (roles == ["everybody"])


@every_operation
def test_an_operation_names_the_errors_that_can_happen(operation: Operation):
    named = set(operation.described["responses"])
    expected = set()
    if operation.described["x-roles"] != ["everybody"]:
        expected.add("401")
    if set(operation.described["x-roles"]) & set(ROLES):
        expected.add("403")
    if "{" in operation.path:
        expected.add("404")
    if operation.body_schema is not None or operation.parts:
        expected |= {"400", "413", "415"}
    headers = parameters_of(operation)
    if "If-Match" in headers:
        expected |= {"400", "409"}
    if "Idempotency-Key" in headers:
        expected |= {"400", "422"}
    if "limit" in headers:
        expected.add("400")
    assert expected <= named


@every_operation
def test_the_examples_have_the_shapes_that_are_declared(operation: Operation):
    if operation.body_schema is not None:
        assert_has_shape(resolve(operation.body_schema)["example"], operation.body_schema)
    for status in operation.described["responses"]:
        schema = operation.schema_of(status)
        if status == "204":
            assert schema is None
        else:
            assert_has_shape(operation.example_of(status), schema)


@every_operation
def test_every_parameter_is_explained(operation: Operation):
    for parameter in operation.described["parameters"]:
        assert parameter["in"] == "body" or parameter["description"], parameter["name"]


@pytest.mark.parametrize("subject", sorted(set(RESOURCES) & set(TABLE)))
def test_a_list_declares_its_whole_query(subject):
    (operation,) = [one for one in OPERATIONS if one.path == f"/api/{subject}/" and one.method == "get"]
    declared = {
        parameter["name"]: parameter["description"] for parameter in operation.described["parameters"]
    }
    resource = RESOURCES[subject]
    assert set(resource.filter_set.base_filters) | {"ordering", "limit", "offset", "cursor"} <= set(declared)
    assert set(re.findall(r"\w+", declared["ordering"])) >= set(resource.orderings)
    assert str(pagination.LARGEST_LIMIT) in declared["limit"]


# ---------------------------------------------------------------- it is true
@pytest.fixture
def ward(db, monkeypatch) -> dict[str, Any]:
    """A user, and one object of each kind, at the time of the examples."""
    monkeypatch.setattr(clock, "now", lambda: EXAMPLES_TAKEN_AT)
    root = make_member("superuser", "nurse")
    patient = make_patient(admission_date=EXAMPLES_TAKEN_AT - timedelta(hours=4))
    empty = make_patient()
    planned = make_patient()
    of_planned = signed_in(root)
    of_planned.put(f"/api/patients/{planned.pk}/plan/", EXAMPLES["PlanCreate"])
    pause = of_planned.post(f"/api/patients/{planned.pk}/pauses/", EXAMPLES["PauseCreate"])
    report = make_report(patient, by=root, **ILL)
    return {
        "root": root,
        "patients": patient.pk,
        "empty patient": empty.pk,
        "planned patient": planned.pk,
        "pause_id": pause.json()["id"],
        "reports": report.pk,
        "history": Report.history.order_by("-history_id").values_list("pk", flat=True).first(),
        "notifications": Notification.objects.values_list("pk", flat=True).first(),
    }


def address_of(operation: Operation, ward: dict[str, Any]) -> str:
    kind = operation.path.split("/")[2]
    if "plan" in operation.path or "pause_id" in operation.path:
        kind = "planned patient"
    elif (kind, operation.method) == ("patients", "delete"):
        kind = "empty patient"
    return re.sub(r"{(\w+)}", lambda found: str(ward.get(found[1], ward[kind])), operation.path)


def example_body(operation: Operation, ward: dict[str, Any]) -> Any:
    body = {**resolve(operation.body_schema)["example"]}
    if "patient" in body:
        body["patient"] = ward["patients"]
    if "ids" in body:
        body["ids"] = [ward["notifications"]]
    if "with" in body:
        body = {"with": ward["empty patient"]}
    if "password" in body:
        body["password"] = PASSWORD
    if "old_password" in body:
        body["old_password"] = PASSWORD
    return body


def perform(operation: Operation, ward: dict[str, Any], client: Client, *, address: str = "") -> Any:
    """Send the example, where there is a body."""
    options = {}
    if operation.body_schema is not None:
        options = {"data": example_body(operation, ward), "content_type": "application/json"}
    elif operation.parts:
        options = {"data": example_files(operation)}
    query = "?reason=Test" if operation.method == "delete" else ""
    return getattr(client, operation.method)((address or address_of(operation, ward)) + query, **options)


def assert_is_answered_as_declared(operation: Operation, ward: dict[str, Any], client: Client) -> None:
    response = perform(operation, ward, client)
    assert response.status_code == int(operation.success), f"{operation}: {response.content}"
    schema = operation.schema_of(operation.success)
    if schema is None:
        assert response.content == b""
        return
    assert_has_shape(response.json(), schema)
    for header in operation.described["responses"][operation.success].get("headers", {}):
        assert header in response.headers or header == WHERE_THERE_IS_SOMETHING, operation


def test_everything_that_is_read_has_the_declared_shape(ward):
    client = asking(get_key("nurse"))
    for operation in OPERATIONS:
        if operation.method == "get":
            assert_is_answered_as_declared(operation, ward, client)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.method != "get"], ids=str)
def test_the_example_is_taken_and_answered_in_the_declared_shape(operation: Operation, ward):
    client = asking(get_key("nurse"))
    get_key("nurse")  # another device, which may be signed out
    ward["devices"] = SignIn.objects.order_by("-pk").values_list("pk", flat=True).first()
    is_open = operation.described["x-roles"] == ["everybody"]
    if operation.path.endswith("/unacknowledge/"):
        client.post(address_of(operation, ward).replace("unacknowledge", "acknowledge"))
    assert_is_answered_as_declared(operation, ward, Client() if is_open else client)


def test_strangers_and_unknown_objects_are_answered_in_the_declared_shape(ward):
    ward["devices"] = 0
    client = asking(get_key("nurse"))
    for operation in OPERATIONS:
        if "401" in operation.described["responses"]:
            response = perform(operation, ward, Client())
            assert response.status_code == 401, operation
            assert_has_shape(response.json(), operation.schema_of("401"))
        if "404" in operation.described["responses"]:
            unknown = re.sub(r"{\w+}", "999999", operation.path)
            response = perform(operation, ward, client, address=unknown)
            assert response.status_code == 404, operation
            assert_has_shape(response.json(), operation.schema_of("404"))


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if "If-Match" in parameters_of(one)], ids=str
)
def test_a_stale_version_is_answered_in_the_declared_shape(operation: Operation, ward):
    body = {"version": 99, "history_change_reason": "Test"}
    if operation.body_schema is not None:
        body = {**example_body(operation, ward), "version": 99}
    else:
        body = {"history_change_reason": "Test"}
    client = signed_in(ward["root"])
    response = getattr(client, operation.method)(
        address_of(operation, ward), body, headers={} if "version" in body else {"If-Match": '"99"'}
    )
    assert response.status_code == 409, response.content
    assert_has_shape(response.json(), operation.schema_of("409"))


def test_the_description_is_the_same_for_everybody_and_for_nobody_without_a_role(ward):
    viewer, nobody = make_member("viewer", "vera"), make_member(None, "nora")
    assert (
        signed_in(viewer).get("/swagger.json").json() == signed_in(ward["root"]).get("/swagger.json").json()
    )
    assert signed_in(nobody).get("/swagger.json").status_code == 403


@pytest.mark.django_db
def test_the_page_alone_may_write_styles_and_nothing_beside_it_may():
    """Swagger UI does; what only begins with the same letters has the policy of every page."""
    strict = Client().get("/health/live")["Content-Security-Policy"]
    assert "unsafe" not in strict
    client = asking(get_key(make_member("viewer", "vera").username))
    relaxed = client.get("/swagger", headers={"Accept": "text/html"})["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in relaxed
    assert relaxed.count("unsafe") == 1
    assert "frame-ancestors 'none'" in relaxed
    for path in ("/swagger.json", "/swagger-ui", "/swaggerfoo", "/swagger/x"):
        assert client.get(path)["Content-Security-Policy"] == strict, path
