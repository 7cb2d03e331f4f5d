"""Thousands of requests that no client of ours would send: each gets a clear answer, none a server error."""

import json
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients import clock
from patients.api.serializers import PatientSerializer, ReportSerializer
from patients.models import SignIn
from patients.permissions import ROLES
from patients.services.sign_ins import hash_key
from tests.factories import make_patient, make_report
from tests.observations import ILL
from tests.support.counts import count
from tests.support.generated import anything, as_json, bodies
from tests.support.signing_in import make_member

pytestmark = pytest.mark.django_db

REQUESTS = count(reduced=300, full=10_000)
STRANGER = "stranger"

# ---------------------------------------------------------------- what is asked for
RESOURCES = ("patients", "reports", "history", "notifications")
BELOW = {
    "patients": ("history/", "fluids/", "plan/", "pauses/", "pauses/1/", "acknowledge/"),
    "reports": ("amendments/",),
    "history": ("amendments/",),
    "notifications": ("acknowledge/", "unacknowledge/"),
}
FIXED = (
    "/api/", "/api/ranges/", "/api/reports/preview/", "/api/patients/import/", "/api/notifications/statistics/",
    "/api/nothing/",
    "/rest-auth/login/", "/rest-auth/user/", "/rest-auth/password/change/", "/rest-auth/devices/",
    "/health/live", "/metrics", "/swagger.json", "/admin/login/", "/",
)  # fmt: skip
ids = st.integers(1, 6).map(str) | st.sampled_from(
    [
        "0",
        "-1",
        "1.0",
        "+1",
        "１",
        "٣",
        "9" * 18,
        "9" * 19,
        "9" * 400,
        "%00",
        "\x00",
        "é",
        "..",
        " ",
        "a",
        "1/",
        "1//",
    ]
)
objects = st.builds(
    lambda resource, key, below: f"/api/{resource}/{key}/{below}",
    st.sampled_from(RESOURCES),
    ids,
    st.sampled_from(["", "", "", *sum(BELOW.values(), ())]),
)
paths = st.one_of(
    st.sampled_from([f"/api/{resource}/" for resource in RESOURCES]),
    objects,
    objects,
    st.sampled_from(FIXED),
    ids.map("/rest-auth/devices/{}/".format),
)
methods = st.sampled_from(
    ["GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X"]
)
texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["", "1", "-1", "0", "9" * 30, "true", "open", "active", "-id", "-datetime", "id,id", "csv", "json", "api", "\x00",
     "１", "%", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "WzEsMl0", "W2ZhbHNlLCItaWQiLFsxXV0"]
)  # fmt: skip
queries = st.dictionaries(
    st.sampled_from(
        ["status", "ward", "search", "overdue", "risk", "patient", "report", "since", "until", "kind", "limit",
         "offset", "cursor", "ordering", "format", "reason", "next", "x"]
    ),
    texts | st.lists(texts, max_size=3),
    max_size=3,
)  # fmt: skip
# What a header may hold on its way through a server: no control characters, and bytes beyond ASCII as Latin-1.
words = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20)
headers = st.fixed_dictionaries(
    {},
    optional={
        "If-Match": words | st.sampled_from(["1", '"1"', 'W/"1"', "*", '"1", "2"', '"' + "9" * 30 + '"']),
        "If-None-Match": words,
        "If-Modified-Since": words,
        "Idempotency-Key": words | st.sampled_from(["a", "b", "", "x" * 201]),
        "Accept": words | st.sampled_from(["*/*", "text/html", "application/json; indent=" + "9" * 9, "text/csv"]),
        "Accept-Language": words,
        "Accept-Encoding": words,
        "Range": words | st.just("bytes=0-"),
        "Origin": words | st.sampled_from(["null", "http://testserver", "http://["]),
        "Referer": words,
        "Cookie": words | st.just("sessionid=\xff; csrftoken=\x80"),
        "X-Forwarded-For": words,
        "X-HTTP-Method-Override": st.just("DELETE"),
        "Content-Encoding": st.sampled_from(["gzip", "br", "x"]),
        "Authorization": words | words.map("Token {}".format) | words.map("Basic {}".format),
    },
)  # fmt: skip
fields = [*PatientSerializer().fields, *ReportSerializer().fields, "username", "password", "old_password",
          "new_password1", "new_password2", "history_change_reason", "steps", "call_at", "until", "since", "reason",
          "ids"]  # fmt: skip
sensible = st.fixed_dictionaries(
    {}, optional={"patient": st.integers(1, 6), "first_name": st.just("Ada"), "last_name": st.just("Byron")}
)
jsons = st.builds(lambda known, more: as_json({**known, **more}), sensible, bodies(fields)) | anything.map(
    as_json
)
raw = jsons.map(lambda text: text.encode("utf-8")) | st.binary(max_size=60) | st.sampled_from(
    [b"", b"[" * 60_000, b'{"a":' * 3000, b"{" + b"x" * 1_100_000, b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"a=1&b=2"]
)  # fmt: skip
types = st.sampled_from(
    ["application/json"] * 8
    + ["application/json; charset=utf-16", "application/json; charset=nonsense", "APPLICATION/JSON", "", "text/plain",
       "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "x", "/", ";"]
)  # fmt: skip


# ---------------------------------------------------------------- asking
@pytest.fixture
def keys() -> dict[str, str]:
    """A key for each role; the numbers of the sign-ins are none that is asked for by chance."""
    now = clock.now()
    made = {}
    for number, role in enumerate(ROLES, start=1_000_000):
        user, made[role] = make_member(role, role), f"key-of-{role}"
        SignIn.objects.create(
            pk=number,
            user=user,
            token_hash=hash_key(made[role]),
            auth_hash=user.get_session_auth_hash(),
            expires_at=now + timedelta(days=1),
        )
    return made


@pytest.mark.timeout(3600)
def test_every_request_gets_a_clear_answer_and_none_a_server_error(keys, caplog, built):
    for _ in range(2):
        make_report(make_patient(), **ILL)
    client = Client(raise_request_exception=False)

    @settings(max_examples=REQUESTS, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        role=st.sampled_from([*ROLES, "lead", "lead", STRANGER]),
        method=methods,
        path=paths,
        query=queries,
        more=headers,
        content_type=types,
        body=raw,
    )
    def ask(role, method, path, query, more, content_type, body):
        if role != STRANGER:
            more = {"Authorization": f"Token {keys[role]}", **more}
        if method in ("GET", "HEAD", "OPTIONS", "TRACE"):
            body = b""
        address = quote(path, safe="/%.") + "?" + urlencode(query, doseq=True)
        caplog.clear()
        answer = client.generic(method, address, body, content_type=content_type, headers=more)
        check(answer, method=method, path=path)
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR], caplog.text
        client.cookies.clear()

    ask()
    for resource in RESOURCES:
        answer = client.get(
            f"/api/{resource}/?limit=1000", headers={"Authorization": f"Token {keys['lead']}"}
        )
        assert answer.status_code == 200


def check(answer: Any, *, method: str, path: str) -> None:
    assert answer.status_code < 500, answer.content[:500]
    body = b"".join(answer) if answer.streaming else answer.content
    assert b"Traceback (most recent" not in body
    is_json = answer.get("Content-Type", "").startswith("application/json")
    if is_json and method != "HEAD":
        told = json.loads(body)
        if answer.status_code >= 400 and path.startswith(("/api", "/rest-auth")):
            assert isinstance(told, dict), told
            assert told, "an error without a word"
            assert len(body) < 20_000 or answer.status_code == 409
