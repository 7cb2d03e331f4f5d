"""Every address: who is led where, what is the application's, and how errors look."""

import json

import pytest
from django.http import QueryDict
from django.test import Client
from webpack_loader.exceptions import WebpackBundleLookupError

from patients.api import pages
from tests.support.signing_in import asking, get_key, sign_in

pytestmark = pytest.mark.home("sqlite")

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


render = pages.render


# ---------------------------------------------------------------- the application
@pytest.mark.parametrize(
    "path",
    ["/", "/sign-in", "/patients/5", "/patients/5/", "/board?mode=board", "/a/b/c", "/apiary", "/administer"],
)
def test_what_nobody_else_serves_is_the_applications_with_the_csrf_cookie(client, built, path):
    response = client.get(path)
    assert (response.status_code, response.content) == (200, b"<p>Wardlight</p>")
    assert response.cookies["csrftoken"].value
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/nothing.js", "/a/nothing.png", "/.env", "/favicon.ico", "/a.b/", "/a%0Ab", "/admin/%0A"]
)
def test_files_that_are_not_there_are_404(client, built, path):
    assert client.get(path).status_code == 404


def test_the_application_is_only_read(client, built):
    assert client.post("/patients/5").status_code == 405


def test_the_service_worker_is_asked_for_anew_each_time_and_may_answer_for_every_page(
    client, settings, tmp_path
):
    stats = tmp_path / "webpack-stats.json"
    settings.WEBPACK_LOADER = {"DEFAULT": {"STATS_FILE": stats}}
    assert client.get("/sw.js").status_code == 404
    stats.with_name("sw.js").write_text("self")
    response = client.get("/sw.js")
    assert (response.status_code, response.content) == (200, b"self")
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert not response.cookies
    assert client.post("/sw.js").status_code == 405


@pytest.mark.parametrize("problem", [OSError("no stats"), WebpackBundleLookupError("no bundle")])
def test_without_webpacks_output_a_plain_page_says_so(client, monkeypatch, problem):
    def render_unbuilt(request, template, *args, **kwargs):
        if template == "index.html":
            raise problem
        return render(request, template, *args, **kwargs)

    monkeypatch.setattr(pages, "render", render_unbuilt)
    response = client.get("/")
    assert response.status_code == 503
    assert "make install" in response.content.decode()


# ---------------------------------------------------------------- strangers
@pytest.mark.parametrize(
    "path", ["/swagger", "/api/patients/", "/api/patients/?ward=A%201", "/rest-auth/user/"]
)
@pytest.mark.django_db
def test_a_stranger_with_a_browser_is_sent_to_the_sign_in_page_which_leads_back(client, path):
    response = client.get(path, headers=HTML)
    assert response.status_code == 302
    address, _, query = response["Location"].partition("?")
    assert address == "/sign-in"
    assert QueryDict(query)["next"] == path


@pytest.mark.parametrize("path", ["/api/patients/", "/swagger.json", "/rest-auth/user/"])
@pytest.mark.django_db
def test_a_stranger_with_a_program_gets_401(client, path):
    response = client.get(path)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Token")
    assert "detail" in response.json()


@pytest.mark.django_db
def test_a_strangers_write_is_401_in_a_browser_too(client):
    assert client.post("/api/reports/", {}, "application/json", headers=HTML).status_code == 401


def test_the_interface_description_is_shown_to_who_is_signed_in(nurse, ward_pc):
    sign_in(ward_pc)
    page = ward_pc.get("/swagger", headers=HTML).content
    assert b"swagger-ui" in page
    assert b'"validatorUrl": null' in page  # no outside server is told of this one
    described = ward_pc.get("/swagger.json").json()
    assert described["swagger"] == "2.0"
    paths = {described["basePath"].rstrip("/") + path for path in described["paths"]}
    assert {"/api/patients/", "/api/reports/", "/rest-auth/login/"} <= paths
    assert asking(get_key()).get("/swagger.json").json()["paths"] == described["paths"]


@pytest.mark.parametrize(
    "path", ["/api/patients/", "/rest-auth/user/", "/rest-auth/devices/", "/swagger.json"]
)
def test_what_somebody_signed_in_is_shown_is_kept_in_no_cache(nurse, ward_pc, path):
    answer = sign_in(ward_pc)
    by_key = asking(answer.json()["key"]).get(path)
    for response in (answer, by_key, ward_pc.get(path)):
        assert "no-store" in response["Cache-Control"]


def test_the_browsable_interface_is_shown_to_who_is_signed_in(nurse, ward_pc):
    sign_in(ward_pc)
    response = ward_pc.get("/api/patients/", headers=HTML)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing/",
        "/api/nothing",
        "/rest-auth/nothing/",
        "/health/x",
        "/api/%0A",
        "/api/patients/1%0D%0Ax/",
    ],
)
@pytest.mark.parametrize("headers", [{}, HTML])
def test_an_address_of_the_api_that_nobody_serves_is_404_in_json(client, path, headers):
    response = client.get(path, headers=headers)
    assert response.status_code == 404
    assert response.json() == {"detail": "Not found."}


def test_an_address_that_lacks_its_last_slash_is_sent_on(client):
    response = client.get("/api/patients?ward=A")
    assert (response.status_code, response["Location"]) == (301, "/api/patients/?ward=A")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    "path", ["/api/reports/5", "/api/reports/preview", "/rest-auth/login", "/api/history/5?reason=slip"]
)
def test_a_write_without_the_last_slash_is_sent_on_with_its_method_and_body(method, path):
    """And not asked for the token of a session that a program with a key does not have."""
    program = Client(enforce_csrf_checks=True, headers={"Authorization": "Token any"})
    response = getattr(program, method)(path, {}, "application/json")
    address, _, query = path.partition("?")
    expected = f"{address}/?{query}" if query else f"{address}/"
    assert (response.status_code, response["Location"]) == (308, expected)


def test_a_write_to_an_address_that_nobody_serves_is_404(client):
    program = Client(enforce_csrf_checks=True)
    for path in ("/api/wards", "/api/wards/", "/ws/"):
        assert program.post(path, {}, "application/json").status_code == 404


@pytest.mark.parametrize("path,is_json", [("/api/patients/", True), ("/nothing.js", False)])
def test_a_host_that_is_not_ours_is_refused_without_a_traceback(path, is_json):
    response = Client(raise_request_exception=False).get(path, headers={"Host": "evil.example"})
    assert response.status_code == 400
    text = response.content.decode()
    assert "Traceback" not in text
    assert "evil" not in text
    assert text.startswith("{") == is_json


@pytest.mark.parametrize("path,is_json", [("/api/patients/", True), ("/sign-in", False)])
def test_an_unexpected_error_is_a_bare_500(monkeypatch, path, is_json):
    def fail(*_args, **_kwargs):
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("config.middleware.SignInMiddleware.process_request", fail)
    response = Client(raise_request_exception=False).get(path)
    assert response.status_code == 500
    text = response.content.decode()
    assert "secret" not in text
    assert "Zero" not in text
    assert (text.startswith("{") and "detail" in json.loads(text)) == is_json


def test_a_form_without_the_csrf_token_is_refused_with_a_plain_page(ward_pc):
    response = ward_pc.post("/admin/login/", {"username": "root"})
    assert response.status_code == 403
    assert "CSRF" in response.content.decode()
