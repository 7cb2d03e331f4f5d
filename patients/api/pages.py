"""The clinicians' application, and the answers to unknown addresses and to unexpected errors."""

import sys
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_safe
from webpack_loader.exceptions import BaseWebpackLoaderException

from .. import storage
from .errors import DATABASE_AWAY, DISK_FULL, NOT_KNOWN, SECONDS_TO_RETRY

# What answers in JSON, and never with a page of the application.
API_PATHS: Final = ("api", "rest-auth", "swagger", "swagger.json", "health", "metrics")
SERVER_PATHS: Final = (*API_PATHS, "admin", "static", "ws")


@never_cache
@ensure_csrf_cookie
@require_safe
def index(request: HttpRequest, **_: Any) -> HttpResponse:
    """The clinicians' application, which finds its own way from the address; with the CSRF cookie."""
    try:
        return render(request, "index.html")
    except (OSError, BaseWebpackLoaderException):
        return render(request, "not_built.html", status=503)


@cache_control(no_cache=True)
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that shows the application without a line; from here and not from /static/, so that it may."""
    try:
        stats = Path(str(settings.WEBPACK_LOADER["DEFAULT"]["STATS_FILE"]))
        script = stats.with_name("sw.js").read_bytes()
    except OSError:
        return not_found(request)
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@csrf_exempt  # nothing is done here, and a program with a key would be told of a cookie
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404; an address that lacks only its last slash is sent on to it, a write with its method and body (308)."""
    with_slash = f"{request.path_info}/"
    if not request.path_info.endswith("/") and _is_served(with_slash):
        query = request.META.get("QUERY_STRING", "")
        target = f"{request.path}/{'?' if query else ''}{query}"
        return HttpResponsePermanentRedirect(target, preserve_request=request.method not in {"GET", "HEAD"})
    return _answer(request, 404, "Not found.")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: a host name that is not ours, a body that is no form."""
    return _answer(request, 400, "This request cannot be understood.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 outside the API."""
    return _answer(request, 403, "You may not do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form that did not come from a page of ours."""
    return _answer(request, 403, f"CSRF Failed: {reason}")


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without a word of what went wrong; the log has it. 503 without the database, 507 where a disk is full."""
    error = sys.exception()
    is_full = error is not None and storage.is_full(error)
    if is_full or isinstance(error, DatabaseError | InterfaceError):
        status, words = (507, DISK_FULL) if is_full else (503, DATABASE_AWAY)
        answer = _answer(request, status, words + NOT_KNOWN)
        answer.headers["Retry-After"] = str(SECONDS_TO_RETRY)
        return answer
    return _answer(request, 500, f"Something went wrong here. It has been logged. {NOT_KNOWN}")


def _is_served(path_info: str) -> bool:
    try:
        view: object = resolve(path_info).func
    except Resolver404:
        return False
    return view is not not_found and view is not index


def _answer(request: HttpRequest, status: int, message: str) -> HttpResponse:
    if request.path_info.lstrip("/").partition("/")[0] in API_PATHS:
        return JsonResponse({"detail": message}, status=status)
    return render(request, "error.html", {"status": status, "message": message}, status=status)
