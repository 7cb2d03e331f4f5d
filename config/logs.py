"""What is written to the log: a number for each request, and one line when it was answered; nothing of patients.

Addresses of requests hold searches for names, so a line names the route and never the address. Not
django-structlog, which would write the address as it was asked for.
"""

import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

HEADER: Final = "X-Request-ID"
_ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
# To the end of the error: a row may hold line breaks. What Python writes between two errors follows, or nothing.
_DETAIL: Final = re.compile(
    r"^DETAIL:.*?(?=^The above exception |^During handling |\Z)", re.DOTALL | re.MULTILINE
)

request_id: ContextVar[str] = ContextVar("request_id", default="")
access_logger = logging.getLogger("wardlight.access")


class RequestIdFilter(logging.Filter):
    """Gives every record the number of the request that it belongs to, "" outside one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class WithoutRowsFilter(logging.Filter):
    """Takes out of tracebacks what PostgreSQL adds to an error: `DETAIL: Failing row contains (7, Ada, Byron, …)`."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info:
            text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            record.exc_text = _DETAIL.sub("", text)
            record.exc_info = None  # else a formatter would write it once more, with the row
        return True


class WithoutTracebackFilter(logging.Filter):
    """Makes a warning of one line of what a stranger did wrong: it is no fault of the server's."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


class RequestLogMiddleware:
    """Takes the proxy's request number or makes one, answers with it, and writes the line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        number = given if _ACCEPTABLE.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(number)
        started_at = time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers[HEADER] = number
            if access_logger.isEnabledFor(logging.INFO):
                access_logger.info("request", extra=_line_of(request, response, started_at=started_at))
            return response
        finally:
            request_id.reset(token)


def _line_of(request: HttpRequest, response: HttpResponse, *, started_at: float) -> dict[str, Any]:
    match = request.resolver_match
    sign_in = getattr(request, "auth", None) or getattr(request, "sign_in", None)
    return {
        "method": request.method,
        "route": match.route if match is not None else "",
        "status": response.status_code,
        "milliseconds": round((time.perf_counter() - started_at) * 1000, 1),
        "user_id": getattr(sign_in, "user_id", None),
    }
