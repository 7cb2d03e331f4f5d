"""How an operation stands in /swagger: summary, shapes, parameters, errors, examples, and the roles that may.

Nothing is described twice: names and ranges come from the serializers, filters and orders from the listings, roles
from the table of permissions, words from the docstrings, examples from examples.py. What cannot be seen from
outside an action says its `describe` (described.py).
"""

import inspect
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema

from ..permissions import PARTIAL, ROLES, SUPERUSER, action_of, may, may_perform
from ..services.patients import MOVE_FIELDS, PLAN_FIELDS
from . import pagination
from .csv_files import CSVRenderer
from .described import Description
from .examples import EXAMPLES
from .listing import RESOURCES
from .problems import FILE_PROBLEMS, PROBLEMS, REFUSAL
from .schemas import CHANGE, CREATE, REPLACE, WardlightFieldInspector, answer_of, body_of, name_of

INTRODUCTION: Final = """Bedside observations.

**Signing in.** `POST /rest-auth/login/` answers `{"key"}`. Programs send it as `Authorization: Token <key>`: press
*Authorize* and enter the word `Token`, a space and the key. Who is signed in to this browser needs nothing: the
session cookie is sent along, with the CSRF token where something is written.

**Errors** have DRF's shape: `{"field": ["message"]}` or `{"detail": "message"}`. Besides those named, every address
answers 405 to a method that it does not have and 406 to an `Accept` other than JSON (and HTML, for browsers), and
503 while the server restarts or its database does not answer: whether a write was stored is then not known, and the
same `Idempotency-Key` gives the truth.

**Writing.** Read-only fields in a body are ignored, so what GET gave can be sent back by PUT; unknown fields are
refused by name. `version` (or the header `If-Match`) says which version is edited: where it is no longer the current
one, 409 with the current object. A POST with an `Idempotency-Key` may be repeated until an answer comes: within 24
hours the same key gives the first answer again and creates nothing.

**Lists** answer `{count, next, previous, results}`. Follow `next` until it is null: every page costs the same, and none
skips a row because others come or go. The header `X-Event` says which change an answer is true as of.

**Live changes** come over the WebSocket `/ws/`, in frames `{"stream", "payload"}` with the objects that are described
here; the same token signs in, in the header or as the subprotocols `wardlight.v1, token.<key>`, or a page's session.

- First comes `{"type": "hello", "event", "epoch", "server_time"}`, every 10 seconds the same as `heartbeat`: everything
  up to that event was handed over.
- After each commit `{"type": "change", "action": "create|update|delete", "data", "event"}` on the object's stream. Of
  an object the larger `event` wins, whether it came in a list or in a frame.
- Requests: `{"action", "request_id", "pk", "data", "filters"}`, with the actions `list`, `retrieve`, `create`,
  `update`, `patch`, `delete`, `preview`, `acknowledge`, `unacknowledge`, `acknowledge_all` (`pk` the patient, and
  `ids`); replies bring `response_status`, `errors`, `data` and the same `request_id`.
- After a lost connection `resume` on the stream `events`, with `since` and `epoch`, replays what was missed; 410: list
  afresh.
- Closed with 1012: the server restarts, come back; 4401: sign in again; 4408: read faster; 4429: send less.

`docs/integration.md`, which comes with Wardlight, shows all of this by example, in curl, Python and JavaScript.
"""

_IDEMPOTENCY_KEY: Final = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="the same key within 24 hours gives the first answer again; with another body 422",
)
_IF_MATCH: Final = openapi.Parameter(
    "If-Match",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description='the version that is edited, such as "3"; 409 with the current object where it is another',
)
_FORMAT: Final = openapi.Parameter(
    "format",
    openapi.IN_QUERY,
    type=openapi.TYPE_STRING,
    enum=["json", "csv"],
    description="csv: the whole list as a file, with the same filters and without pages",
)
_BOM: Final = openapi.Parameter(
    "bom",
    openapi.IN_QUERY,
    type=openapi.TYPE_STRING,
    enum=["0", "1"],
    description="with format=csv, 1: the file begins with a byte order mark, by which Excel knows UTF-8",
)
_HEADERS: Final = {
    "create": _IDEMPOTENCY_KEY,
    "update": _IF_MATCH,
    "partial_update": _IF_MATCH,
    "destroy": _IF_MATCH,
}
_BODIES: Final = {"create": CREATE, "update": REPLACE, "partial_update": CHANGE}
_STATUSES: Final = {"create": 201, "destroy": 204}
_SUMMARIES: Final = {
    "list": "List {many}",
    "retrieve": "Read one {one}",
    "create": "Create a {one}",
    "update": "Replace a {one}",
    "partial_update": "Change parts of a {one}",
    "destroy": "Delete a {one}",
}
_EVENT_HEADER: Final = {
    "X-Event": {"type": "integer", "description": "the event that the answer is true as of"}
}
# What a role may do of an act who has one of its parts only (permissions.PARTIAL).
_PARTS: Final = {
    ("patients", "change_plan"): ", ".join(PLAN_FIELDS),
    ("patients", "move_bed"): f"{', '.join(MOVE_FIELDS)} within the ward",
    (
        "reports",
        "delete_own",
    ): "what they recorded within 60 minutes, with a reason, unless somebody else changed it",
}
_WARNING_HEADER: Final = {
    "X-Warning": {
        "type": "string",
        "description": "where something was taken that is to be looked at: [{field, reason}] as JSON",
    }
}
_WARNING: Final = frozenset({"create", "update", "partial_update", "swap_bed"})  # who places a patient
_VERSION_HEADER: Final = {"ETag": {"type": "string", "description": "the version, for If-Match"}}


def _query(name: str, description: str, *, kind: str = openapi.TYPE_STRING) -> openapi.Parameter:
    return openapi.Parameter(name, openapi.IN_QUERY, type=kind, description=description)


def file_parameters(files: Mapping[str, str]) -> list[openapi.Parameter]:
    """The parts of a multipart body; the first one is needed."""
    return [
        openapi.Parameter(
            name, openapi.IN_FORM, type=openapi.TYPE_FILE, description=words, required=number == 0
        )
        for number, (name, words) in enumerate(files.items())
    ]


def list_parameters(subject: str, *, without: frozenset[str] = frozenset()) -> list[openapi.Parameter]:
    """The query of a list of `subject`: its filters but those in `without`, its orders, its paging."""
    resource = RESOURCES[subject]
    filters = [
        _query(name, filter_.extra.get("help_text", ""))
        for name, filter_ in resource.filter_set.base_filters.items()
        if name not in without
    ]
    orders = f"{', '.join(resource.orderings)}; - for descending; {resource.default_ordering} where not given"
    return [
        *filters,
        _query("ordering", orders),
        _query(
            "limit",
            f"{pagination.DEFAULT_LIMIT} where not given, {pagination.LARGEST_LIMIT} at most",
            kind=openapi.TYPE_INTEGER,
        ),
        _query("offset", f"up to {pagination.LARGEST_OFFSET}; then follow `next`", kind=openapi.TYPE_INTEGER),
        _query("cursor", "as given in `next` and `previous`"),
    ]


def page_of(item: Any) -> openapi.Schema:
    """The schema of one page of a list."""
    address = openapi.Schema(type=openapi.TYPE_STRING, format=openapi.FORMAT_URI, x_nullable=True)
    return openapi.Schema(
        type=openapi.TYPE_OBJECT,
        required=["count", "next", "previous", "results"],
        properties=OrderedDict(
            count=openapi.Schema(
                type=openapi.TYPE_INTEGER,
                x_nullable=True,
                description=f"exact up to {pagination.COUNTED_AT_MOST}, null above",
            ),
            next=address,
            previous=address,
            results=openapi.Schema(type=openapi.TYPE_ARRAY, items=item),
        ),
    )


def roles_that_may(subject: str, view_action: str) -> list[str]:
    """The roles that the table allows a view's action, weakest first; `superuser` last."""
    return [role for role in (*ROLES, SUPERUSER) if may_perform(role, subject, view_action)]


class OperationSchema(SwaggerAutoSchema):
    """Describes one operation."""

    field_inspectors = (WardlightFieldInspector, *SwaggerAutoSchema.field_inspectors)

    @property
    def action(self) -> str:
        return getattr(self.view, "action", None) or self.method.lower()

    @property
    def handler(self) -> Any:
        return getattr(self.view, self.action)

    @property
    def subject(self) -> str | None:
        return getattr(self.view, "subject", None)

    @property
    def description(self) -> Description:
        """What the action says of itself; what it leaves out follows from the action's name."""
        described: Description | None = getattr(self.handler, "described", None)
        if described is not None:
            return described
        serializer = None if self.action == "destroy" else getattr(self.view, "serializer_class", None)
        listing = self.subject if self.action == "list" and self.subject in RESOURCES else None
        return Description(answer=serializer, listing=listing, status=_STATUSES.get(self.action, 200))

    # ------------------------------------------------------------ words
    def get_tags(self, operation_keys: Any = None) -> list[str]:
        room, name = [*self.path.strip("/").split("/"), ""][:2]
        return [name if room == "api" else "sign-in"]

    def get_operation_id(self, operation_keys: Any = None) -> str:
        if hasattr(self.view, "action"):
            return f"{self.subject}_{self.action}"
        return super().get_operation_id(operation_keys).removeprefix("api_").replace("-", "_")

    def get_summary_and_description(self) -> tuple[str, str]:
        words = inspect.getdoc(self.handler) or inspect.getdoc(self.view) or ""
        if self.action in _SUMMARIES and self.subject is not None:
            resource = RESOURCES.get(self.subject)
            one = resource.name if resource is not None else self.subject.removesuffix("s")
            summary = _SUMMARIES[self.action].format(one=one, many=self.subject)
        else:
            summary = words.partition(".")[0].replace("\n", " ")
        return summary, f"{words}\n\n{self.roles_text()}"

    def roles_text(self) -> str:
        if self.description.is_open:
            return "Roles: everybody, signed in or not."
        if self.subject is None:
            return "Roles: everybody who is signed in."
        roles = roles_that_may(self.subject, self.action)
        text = f"Roles: {', '.join(roles)}."
        action = action_of(self.action)
        for part in PARTIAL.get((self.subject, action), ()):
            what = _PARTS[(self.subject, part)]
            only = [one for one in roles if self._may(one, part) and not self._may(one, action)]
            never = [one for one in roles if self._may(one, action) and not self._may(one, part)]
            text += f" {', '.join(only)}: {what}." if only else ""
            text += f" {', '.join(never)}: not {what}." if never else ""
        return text

    def _may(self, role: str, action: str) -> bool:
        return self.subject is not None and may(role, self.subject, action)

    def get_operation(self, operation_keys: Any = None) -> openapi.Operation:
        operation = super().get_operation(operation_keys)
        if self.description.is_open:
            operation["x-roles"] = ["everybody"]
        elif self.subject is None:
            operation["x-roles"] = ["signed in"]
        else:
            operation["x-roles"] = roles_that_may(self.subject, self.action)
        return operation

    def get_security(self) -> list[Any] | None:
        return [] if self.description.is_open else None

    # ------------------------------------------------------------ what is sent
    def get_consumes(self) -> list[str]:
        return ["multipart/form-data" if self.description.files else "application/json"]

    def get_request_serializer(self) -> Any:
        described = getattr(self.handler, "described", None)
        if described is not None:
            return None if described.body is None else body_of(described.body, described.purpose)()
        purpose = _BODIES.get(self.action)
        return None if purpose is None else body_of(self.view.serializer_class, purpose)()

    def get_query_parameters(self) -> list[openapi.Parameter]:
        description = self.description
        parameters = [_query(name, words) for name, words in description.query.items()]
        if description.listing is not None:
            in_path = frozenset({"patient", "history", "report"}) if "{" in self.path else frozenset()
            parameters += list_parameters(description.listing, without=in_path)
            if self._is_file_too():
                parameters += [_FORMAT, _BOM]
        if self.action == "destroy" and self.subject != "patients":
            parameters.append(_query("reason", "why it is deleted; or `history_change_reason` in the body"))
        return parameters

    def add_manual_parameters(self, parameters: list[openapi.Parameter]) -> list[openapi.Parameter]:
        header = self._header()
        added = [*file_parameters(self.description.files), *([] if header is None else [header])]
        return super().add_manual_parameters([*parameters, *added])

    def _header(self) -> openapi.Parameter | None:
        if self.description.takes_key:
            return _IDEMPOTENCY_KEY
        return _HEADERS.get(self.action) if self.subject is not None else None

    def _is_file_too(self) -> bool:
        return any(isinstance(renderer, CSVRenderer) for renderer in self.view.get_renderers())

    # ------------------------------------------------------------ what is answered
    def get_produces(self) -> list[str]:
        return ["application/json", "text/csv"] if self._is_file_too() else ["application/json"]

    def get_responses(self) -> openapi.Responses:
        description = self.description
        responses = {str(description.status): self._success(description)}
        for status in sorted(self._errors(description)):
            responses[str(status)] = self._problem(status)
        return openapi.Responses(responses=responses)

    def _success(self, description: Description) -> openapi.Response:
        if description.answer is None:
            return openapi.Response("Done; there is no body.")
        serializer: Any = description.answer
        schema = self.serializer_to_schema(answer_of(serializer)())
        example: Any = EXAMPLES.get(name_of(serializer))
        headers: dict[str, Any] = dict(_EVENT_HEADER) if self._tells_event(description) else {}
        if description.listing is not None:
            schema = page_of(schema)
            example = {"count": 1, "next": None, "previous": None, "results": [example]}
        elif description.is_array:
            schema, example = openapi.Schema(type=openapi.TYPE_ARRAY, items=schema), [example]
        elif description.is_by_name:
            schema = openapi.Schema(type=openapi.TYPE_OBJECT, additional_properties=schema)
            example = {"temperature": example}
        elif hasattr(self.view, "update") and (self.action in _HEADERS or self.action == "retrieve"):
            headers |= _VERSION_HEADER if example and "version" in example else {}
        if self.subject == "patients" and self.action in _WARNING:
            headers |= _WARNING_HEADER
        return openapi.Response(
            "Done.", schema=schema, examples={"application/json": example}, headers=headers or None
        )

    def _tells_event(self, description: Description) -> bool:
        return self.method == "GET" and self.subject is not None and not description.is_by_name

    def _errors(self, description: Description) -> set[int]:
        errors = set(description.errors)
        is_write = self.method not in ("GET", "HEAD")
        has_body = bool(description.files) or self.action == "destroy"
        has_body = has_body or self.get_request_serializer() is not None
        if not description.is_open:
            errors.add(401)
        if self.subject is not None or is_write:
            errors.add(403)
        if "{" in self.path:
            errors.add(404)
        if has_body or description.query or description.listing is not None:
            errors.add(400)
        if has_body:
            errors |= {413, 415}
        if is_write and (self.subject is not None or self.get_request_serializer() is not None):
            errors.add(411)
        header = self._header()
        if header is not None:
            errors |= {400, 422} if header is _IDEMPOTENCY_KEY else {409}
        return errors

    def _problem(self, status: int) -> openapi.Response:
        problem = (FILE_PROBLEMS if self.description.files else PROBLEMS).get(status, PROBLEMS[status])
        definitions = self.components.with_scope(openapi.SCHEMA_DEFINITIONS)
        definitions.setdefault(REFUSAL, problem.schema)
        schema: Any = openapi.SchemaRef(definitions, REFUSAL)
        example: Any = problem.example
        if status == 409 and self.action in ("update", "partial_update"):
            serializer = self.view.serializer_class
            schema = self.serializer_to_schema(answer_of(serializer)())
            example = EXAMPLES.get(name_of(serializer))
        return openapi.Response(
            problem.words,
            schema=schema,
            examples={"application/json": example},
            headers=problem.headers,
        )


@cache
def schema_view() -> Any:
    """drf-yasg's view of all that stands here, imported by who asks for it: no process waits for that at its start."""
    from drf_yasg.views import get_schema_view

    information = openapi.Info(title="Wardlight", default_version="v1", description=INTRODUCTION)
    # Public: everybody signed in is shown every operation, with the roles that may.
    return get_schema_view(information, public=True)


@csrf_exempt
@csp_update({"style-src": [SELF, UNSAFE_INLINE]})  # Swagger UI writes styles into its page
def swagger(request: HttpRequest) -> HttpResponseBase:
    """The page to read and try everything."""
    return schema_view().with_ui("swagger")(request)


@csrf_exempt
def swagger_json(request: HttpRequest) -> HttpResponseBase:
    """The same as an OpenAPI 2 description."""
    return schema_view().without_ui()(request, format="json")
