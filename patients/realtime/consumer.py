"""What all consumers share: DCRF's actions, with our permissions, pages and errors, and without a socket of their own.

DCRF's consumer is a Channels consumer with a channel layer, a queue and a task. Ours is made for one request, answers
through `send` and is gone.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from channels.db import database_sync_to_async
from django.utils import translation
from djangochannelsrestframework.decorators import action
from djangochannelsrestframework.generics import GenericAsyncAPIConsumer
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, PermissionDenied, ValidationError

from .. import clock
from ..api import listing
from ..api.errors import API_LANGUAGE, answer_of
from ..api.writing import Written
from ..permissions import RoleSocketPermission
from ..services import sign_ins
from ..services.errors import Stale
from .connection import CLOSE_SIGNED_OUT

# The members of a request that reach an action. DCRF passes all of them as keyword arguments, so that a client's
# `self` or `scope` would collide with the method's own.
REQUEST_MEMBERS: Final = frozenset(
    {
        "pk",
        "ids",
        "data",
        "filters",
        "ordering",
        "limit",
        "offset",
        "cursor",
        "max_bytes",
        "since",
        "epoch",
        "idempotency_key",
    }
)


READING: Final = frozenset({"list", "totals", "retrieve", "preview", "resume", "ping"})
"""Actions that write nothing."""

LARGEST_EXACT_NUMBER: Final = 2**53


class Snapshot(NamedTuple):
    """Rows or an object with the event it is true as of."""

    data: Any
    event: int


class StreamConsumer(GenericAsyncAPIConsumer):
    """The base of every stream's consumer. `subject` is its key in permissions.TABLE."""

    subject: str = ""
    permission_classes = (RoleSocketPermission,)
    # Whether an action runs on one lent thread from beginning to end; one that waits for its client must not.
    holds_thread = True

    def __init__(
        self,
        *,
        scope: dict[str, Any],
        send: Callable[[dict[str, Any]], None],
        connection: Any = None,
        hub: Any = None,
    ) -> None:
        super().__init__()
        self.scope = scope
        self.connection = connection
        self.hub = hub
        self._send = send

    async def send_json(self, content: Any, close: bool = False) -> None:
        self._send(content)

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        """Perform the action that a payload asks for, and reply."""
        request_id = content.get("request_id")
        if _holds_inexact_number(request_id):
            # Beyond this a JSON number changes on its way, and the client would wait for its own for ever.
            await self.reply(
                None, errors=[{"request_id": ["Send a number as large as this as text."]}], status=400
            )
            return
        name = content.get("action")
        if not isinstance(name, str):
            await self.reply(
                None, errors=[{"action": ["Name the action."]}], status=400, request_id=request_id
            )
            return
        members = {key: value for key, value in content.items() if key in REQUEST_MEMBERS}
        with translation.override(API_LANGUAGE):
            await self.handle_action(name, request_id=request_id, **members)

    async def check_permissions(self, action: str, **kwargs: Any) -> None:
        if action not in self.available_actions:
            raise UnknownAction(action, self.available_actions)
        await super().check_permissions(action, **kwargs)
        if action not in READING:
            await self._require_live_sign_in()

    async def _require_live_sign_in(self) -> None:
        """Before a write: a right may have ended without a word, by a directory's own job for one.

        Raises:
            NotAuthenticated: the connection ends with 4401 as well.
        """
        if self.connection is None or self.connection.sign_in_id is None:
            return
        ask = database_sync_to_async(sign_ins.authenticate_again)
        state = await ask(self.connection.sign_in_id, now=clock.now())
        if state is None or state.role != self.connection.role:
            raise NotAuthenticated

    async def handle_exception(self, exc: Exception, action: str | None, request_id: Any) -> None:
        """Reply as REST would; the connection lives on, also after what nobody foresaw."""
        if isinstance(exc, PermissionDenied) and not exc.args:
            exc = PermissionDenied(detail="Your role does not allow this.")
        if isinstance(exc, Stale):
            # The object as it stands holds others that are not loaded yet, such as a patient's last set.
            status, body = await database_sync_to_async(answer_of)(exc)
            await self.reply(
                action, data=body, errors=[{"detail": str(exc)}], status=status, request_id=request_id
            )
            return
        status, body = answer_of(exc)
        if isinstance(exc, MethodNotAllowed):
            status = 404
        errors = body if isinstance(body, list) else [body]
        await self.reply(action, errors=errors, status=status, request_id=request_id)
        if isinstance(exc, NotAuthenticated):
            self.connection.close(CLOSE_SIGNED_OUT)

    async def reply(
        self,
        action: str | None,
        data: Any = None,
        errors: Any = None,
        status: int = 200,
        request_id: Any = None,
    ) -> None:
        payload = {
            "action": action,
            "request_id": request_id,
            "response_status": status,
            "errors": errors or [],
            "data": data,
        }
        if isinstance(data, Snapshot):
            payload["data"], payload["event"] = data
        elif isinstance(data, Written):
            payload["data"] = data.object
            if data.warnings:
                payload["warnings"] = data.warnings
        await self.send_json(payload)

    def get_serializer_context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_serializer_context(**kwargs), "user": self.scope["user"]}


def _holds_inexact_number(value: Any) -> bool:
    """Whether it is, or has somewhere within, a number that came as another than was sent."""
    if isinstance(value, dict):
        return any(map(_holds_inexact_number, value.values()))
    if isinstance(value, list):
        return any(map(_holds_inexact_number, value))
    return isinstance(value, float) and abs(value) >= LARGEST_EXACT_NUMBER


class UnknownAction(MethodNotAllowed):
    """The stream has no such action (404)."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name, detail=f"There is no such action here; there are {', '.join(sorted(known))}.")


class ReadingMixin:
    """`list` and `retrieve`, from the same place as REST's."""

    subject: str

    @action()
    def list(self, **request: Any) -> tuple[Snapshot, int]:
        return list_page(self.subject, request), 200

    @action()
    def retrieve(self, **request: Any) -> tuple[Snapshot, int]:
        return Snapshot(*listing.retrieve_object(self.subject, needed_pk(request))), 200


def list_page(subject: str, request: dict[str, Any]) -> Snapshot:
    """One page of a list. Its `next` is the cursor of the one behind it, null at the end; it is said to whom goes by
    cursors or bytes, and to no client that knows nothing of them."""
    asked = {
        name: request.get(name) for name in ("filters", "ordering", "limit", "offset", "cursor", "max_bytes")
    }
    page = listing.list_objects(subject, **asked)
    data: dict[str, Any] = {"count": page.count, "results": page.results}
    if "cursor" in request or "max_bytes" in request:
        data["next"] = page.next_cursor
    return Snapshot(data, page.event)


def needed_pk(request: dict[str, Any]) -> Any:
    """The request's `pk`. Raises ValidationError (400) where it is missing."""
    if request.get("pk") is None:
        raise ValidationError({"pk": ["Say which one."]})
    return request["pk"]


def needed_data(request: dict[str, Any]) -> dict[str, Any]:
    """The request's `data`. Raises ValidationError (400) where it is missing or no object."""
    data = request.get("data")
    if not isinstance(data, dict):
        raise ValidationError({"data": ["An object is needed."]})
    return data
