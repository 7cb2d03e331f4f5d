"""What /swagger.json describes, asked for as it is described: no fault, and what is answered was announced."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from patients import clock
from patients.api.examples import EXAMPLES
from patients.models import Notification, Report, SignIn
from patients.permissions import ROLES, SUPERUSER
from patients.services.sign_ins import hash_key
from tests.factories import make_patient, make_report, signed_in
from tests.observations import ILL
from tests.support.counts import count
from tests.support.description import assert_has_shape, description, operations
from tests.support.signing_in import make_member

pytestmark = pytest.mark.django_db

REQUESTS = count(reduced=2, full=50)  # of each operation, each sent as every role
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EMPTY_CHECKS = [not_a_server_error, status_code_conformance]  # where there is no body, it has no type
UNKNOWN = 999_999_999


@pytest.fixture
def keys() -> dict[str, str]:
    """A key for each role. The sign-ins have numbers that nothing asks for: no request ends one of them."""
    made = {}
    for number, role in enumerate((*ROLES, SUPERUSER), start=1_000_000):
        made[role] = f"key-of-{role}"
        user = make_member(role, role)
        SignIn.objects.create(
            pk=number,
            user=user,
            token_hash=hash_key(made[role]),
            auth_hash=user.get_session_auth_hash(),
            expires_at=clock.now() + timedelta(days=1),
        )
    return made


@pytest.fixture
def known(db: None) -> dict[str, list[int]]:
    """What can be asked for, by the path parameter's name or, for `id`, the resource's."""
    ward = [make_patient(), make_patient(), make_patient()]
    for patient in (ward[0], ward[2]):
        make_report(patient, **ILL)
    doctor = signed_in(make_member(SUPERUSER, "dara"))
    doctor.put(f"/api/patients/{ward[0].pk}/plan/", {"steps": [{"every": 15, "for": None}], "reason": "Test"})
    until = clock.now() + timedelta(hours=1)
    pause = doctor.post(f"/api/patients/{ward[0].pk}/pauses/", {"until": until, "reason": "In radiology."})
    doctor.patch(f"/api/patients/{ward[2].pk}/", {"dismissal_date": clock.now()})
    return {
        "patients": [patient.pk for patient in ward],
        "reports": list(Report.objects.values_list("pk", flat=True)),
        "history": list(Report.history.values_list("pk", flat=True)),
        "notifications": list(Notification.objects.values_list("pk", flat=True)),
        "devices": [],
        "pause_id": [pause.json()["id"]],
    }


@pytest.mark.home("postgres")
@pytest.mark.timeout(3600)
@pytest.mark.long("every operation is asked as every role")
def test_each_role_is_answered_as_the_description_says(keys, known):
    described = list(described_operations())
    assert len(described) == len(operations()) > 30
    failures = {}
    for operation in described:
        try:
            asking(operation, keys=keys, known=known)()
        except FailureGroup as failure:
            failures[operation.label] = "\n".join(map(str, failure.exceptions))
    assert not failures, "\n\n".join(f"{name}:\n{text}" for name, text in failures.items())


@pytest.mark.parametrize(
    "method,path,body",
    [
        ("put", "/api/patients/{id}/plan/", EXAMPLES["PlanCreate"]),
        ("post", "/api/patients/{id}/pauses/", EXAMPLES["PauseCreate"]),
        ("post", "/api/notifications/{id}/acknowledge/", None),
    ],
)
def test_what_a_discharge_has_ended_is_answered_with_a_409_that_was_announced(known, method, path, body):
    subject = path.split("/")[2]
    discharged = {"patients": max(known["patients"]), "notifications": max(known["notifications"])}
    client = signed_in(make_member("lead", "lea"))
    later = {"until": clock.now() + timedelta(hours=1)} if body else {}
    answer = getattr(client, method)(
        path.replace("{id}", str(discharged[subject])), {**(body or {}), **later}
    )
    assert answer.status_code == 409, answer.content
    (operation,) = [one for one in operations() if (one.method, one.path) == (method, path)]
    assert_has_shape(answer.json(), operation.schema_of("409"))


def described_operations() -> Iterator[Any]:
    whole = {**description(), "host": "testserver", "schemes": ["http"]}
    for result in schemathesis.openapi.from_dict(whole).get_all_operations():
        yield result.ok()


def asking(operation: Any, *, keys: dict[str, str], known: dict[str, list[int]]) -> Callable[[], None]:
    """Sends requests of this operation, each as every role; raises FailureGroup with what was not announced."""
    kind = operation.path.split("/")[2]

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), choice=st.integers(0, 11))
    def ask(case: Any, choice: int) -> None:
        for name in case.path_parameters or {}:
            there = known.get(name, known.get(kind, []))
            case.path_parameters[name] = [*there, *there, UNKNOWN][choice % (2 * len(there) + 1)]
        if isinstance(case.body, dict) and "patient" in case.body:
            case.body["patient"] = known["patients"][0]
        for key in keys.values():
            answer = send(case, key=key)
            case.validate_response(answer, checks=EMPTY_CHECKS if answer.status_code == 204 else CHECKS)
            assert answer.status_code != 204 or not answer.content

    return ask


def send(case: Any, *, key: str) -> Response:
    """The answer, got in this process, in the form that schemathesis reads. Whatever it wrote is taken back:
    each request finds the same ward."""
    asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = {name: str(value) for name, value in asked.headers.items() if name.lower() != "content-length"}
    content_type = headers.pop("Content-Type", "application/json")
    headers["Authorization"] = f"Token {key}"
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body or b""
    client = Client(raise_request_exception=False)
    with transaction.atomic():
        came = client.generic(case.method, asked.path_url, body, content_type=content_type, headers=headers)
        transaction.set_rollback(True)
    return Response(
        status_code=came.status_code,
        headers={name.lower(): [value] for name, value in came.headers.items()},
        content=b"".join(came) if came.streaming else came.content,
        request=asked,
        elapsed=0.0,
        verify=False,
    )
