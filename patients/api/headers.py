"""The headers that carry versions, keys, lengths and warnings.

ETag, If-Match, Idempotency-Key, X-Event, Transfer-Encoding, X-Warning.
"""

import json
import re
from typing import Any, Final

from rest_framework.exceptions import APIException, ValidationError

from .fields import show

_ENTITY_TAG: Final = re.compile(r'\s*(?:W/)?(?:"([0-9]{1,18})"|([0-9]{1,18}))\s*')


class LengthRequired(APIException):
    """A body whose length the server does not tell is not read (411). Daphne tells it (realtime/daphne_protocol.py)."""

    status_code = 411
    default_detail = "Send the body with a Content-Length, not in chunks."


class LengthRequiredMixin:
    """DRF takes a body without a length for an empty one: a PATCH would change nothing and answer 200."""

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        coding = request.headers.get("Transfer-Encoding", "").lower()
        if "chunked" in coding and not request.headers.get("Content-Length"):
            raise LengthRequired


def entity_tag(representation: dict[str, Any]) -> dict[str, str]:
    """The ETag of an object that has versions."""
    return {"ETag": f'"{representation["version"]}"'} if "version" in representation else {}


def warning_header(warnings: list[dict[str, str]]) -> dict[str, str]:
    """What of a write is to be looked at, as JSON in ASCII; no header where there is nothing."""
    return {"X-Warning": json.dumps(warnings)} if warnings else {}


def read_if_match(request: Any) -> int | None:
    """The version that If-Match names ("3", W/"3" or 3); None without the header, or where it says any (*).

    Raises ValidationError (400) where it is no version.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    match = _ENTITY_TAG.fullmatch(header)
    if match is None:
        raise ValidationError({"If-Match": [f'One version such as "3" is needed; {show(header)} was given.']})
    return int(match[1] or match[2])
