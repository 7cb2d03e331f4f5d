"""A POST that is sent twice writes once: the key that came with it is kept with the answer it got."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from ..events import unit_of_work
from ..models import IdempotencyKey
from .errors import KeyReused, Refused

KEPT_FOR: Final = timedelta(hours=24)
LONGEST_KEY: Final = 200


def answer_once(
    *, user: Any, key: Any, body: Any, now: datetime, perform: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The answer of `perform`; the first one again where `user` sent `key` with the same `body` within 24 h.

    `body` is what the client sent and where to, as JSON can hold it. Key, write and answer are one
    transaction: a write that fails leaves the key free, and of two that come at once the second waits for the
    first one's answer. Raises KeyReused where the body differs, Refused where the key is no text of 1 to 200
    characters, and whatever `perform` raises.
    """
    _check(key)
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    with unit_of_work():
        # The key is claimed before the write: a second request with it waits here until the first commits.
        claim, is_new = IdempotencyKey.objects.select_for_update().get_or_create(
            user=user, key=key, defaults={"request_hash": digest, "response": "{}", "created_at": now}
        )
        if not is_new and claim.created_at > now - KEPT_FOR:
            return _answer_again(claim, digest=digest)
        claim.request_hash, claim.created_at = digest, now
        answer = perform()
        # As text: PostgreSQL gives the members of an object back in an order of its own.
        claim.response = orjson.dumps(answer).decode()
        claim.save()
        return answer


def clear_expired(*, now: datetime) -> None:
    """Take away the keys that are free again."""
    IdempotencyKey.objects.filter(created_at__lte=now - KEPT_FOR).delete()


def _answer_again(claim: IdempotencyKey, *, digest: str) -> dict[str, Any]:
    if claim.request_hash != digest:
        raise KeyReused("This idempotency key was used with another body. Use a new key for a new request.")
    answer: dict[str, Any] = orjson.loads(claim.response)
    return answer


def _check(key: Any) -> None:
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Refused({"idempotency_key": [f"A printable text of 1 to {LONGEST_KEY} characters is needed."]})
