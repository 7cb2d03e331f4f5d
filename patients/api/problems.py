"""The refusals that /swagger names: what each status means, with an example of its body (errors.py makes them)."""

from dataclasses import dataclass
from typing import Any, Final

from drf_yasg import openapi

REFUSAL: Final = "Refusal"


@dataclass(frozen=True, slots=True)
class Problem:
    """One status; the shape is the same for all."""

    words: str
    example: dict[str, Any]
    headers: dict[str, Any] | None = None

    @staticmethod
    def schema() -> openapi.Schema:
        """DRF's: `{"field": ["message"]}`, or `{"detail": "message"}`."""
        return openapi.Schema(
            type=openapi.TYPE_OBJECT,
            description='`{"field": ["message", …], …}` names the fields, parameters or headers that are refused; '
            '`{"detail": "message"}` is about the request as a whole.',
            min_properties=1,
            additional_properties=True,
        )


PROBLEMS: Final = {
    400: Problem(
        "A field, parameter or header cannot be taken; the answer names it and says what can. Nothing was stored.",
        {"pulse": ["A whole number is needed; 72.5 was given."]},
    ),
    401: Problem(
        "Nobody is signed in, or the sign-in has ended.",
        {"detail": "This token is not valid, or its sign-in has ended. Sign in again."},
        {"WWW-Authenticate": {"type": "string", "description": "Token"}},
    ),
    403: Problem(
        "The role does not allow this (or, with the session cookie, the CSRF token is missing). Where it allows some "
        "fields only, the others are named.",
        {"detail": "Your role does not allow this."},
    ),
    404: Problem("There is no such object.", {"detail": "There is no such patient."}),
    409: Problem(
        "The version sent is not the current one: the body is the object as it stands. Or its state does not allow "
        "this: `detail` says why. Nothing was changed.",
        {"detail": "Reports of this patient exist: discharge the patient instead."},
    ),
    411: Problem(
        "The body came in chunks, without a Content-Length.",
        {"detail": "Send the body with a Content-Length, not in chunks."},
    ),
    413: Problem("The body is larger than 1 MiB.", {"detail": "The body is larger than 1 MiB."}),
    415: Problem(
        "The body is of another type than application/json.",
        {"detail": 'Unsupported media type "text/plain" in request.'},
    ),
    422: Problem(
        "The Idempotency-Key was sent before with another body.",
        {"detail": "This idempotency key was used with another body. Use a new key for a new request."},
    ),
    429: Problem(
        "Too many failures to sign in; wait for Retry-After seconds.",
        {
            "detail": "Too many failed sign-ins for this user name from this address. Expected available in 42 seconds."
        },
        {"Retry-After": {"type": "integer", "description": "seconds"}},
    ),
}

# What is different where files are sent.
FILE_PROBLEMS: Final = {
    400: Problem(
        "A file is missing, cannot be read, has other columns or too many rows. Nothing was stored.",
        {"patients": ["No such column: surname."]},
    ),
    413: Problem("The body is larger than 10 MiB.", {"detail": "The body is larger than 10 MiB."}),
    415: Problem(
        "The body is of another type than multipart/form-data.",
        {"detail": 'Unsupported media type "application/json" in request.'},
    ),
    429: Problem(
        "Another file is being imported; wait for Retry-After seconds.",
        {"detail": "Another file is being imported. Nothing of this one was stored."},
        {"Retry-After": {"type": "integer", "description": "seconds"}},
    ),
}
