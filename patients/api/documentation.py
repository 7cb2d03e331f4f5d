"""What /swagger says beyond the serializers: filters and paging of the lists, and the headers of writes."""

from collections import OrderedDict
from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema

from . import pagination
from .listing import RESOURCES
from .outputs import (
    FluidsSerializer,
    NotificationSerializer,
    PatientVersionSerializer,
    PreviewSerializer,
    StatisticsSerializer,
)
from .plans import PauseSerializer, PlanSerializer

_IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description="the same key within 24 hours gives the first answer again; with another body 422",
)
_IF_MATCH = openapi.Parameter(
    "If-Match",
    openapi.IN_HEADER,
    type=openapi.TYPE_STRING,
    description='the version that is edited, such as "3"; 409 with the current object where it is another',
)
_REASON = openapi.Parameter(
    "reason", openapi.IN_QUERY, type=openapi.TYPE_STRING, description="why it is deleted; or in the body"
)

_OF_PLANS = {
    "plan": PlanSerializer,
    "set_plan": PlanSerializer,
    "pause": PauseSerializer,
    "add_pause": PauseSerializer,
    "change_pause": PauseSerializer,
}


def _query(name: str, description: str, *, kind: str = openapi.TYPE_STRING) -> openapi.Parameter:
    return openapi.Parameter(name, openapi.IN_QUERY, type=kind, description=description)


def list_parameters(subject: str) -> list[openapi.Parameter]:
    """The query of a list of `subject`: its filters, its orders, its paging."""
    resource = RESOURCES[subject]
    filters = [
        _query(name, filter_.extra.get("help_text", ""))
        for name, filter_ in resource.filter_set.base_filters.items()
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


class ResourceSchema(SwaggerAutoSchema):
    """Describes the actions of `views.ResourceViewSet`."""

    def get_query_parameters(self) -> list[openapi.Parameter]:
        subject, action = self.view.subject, self.view.action
        if action == "list":
            return list_parameters(subject)
        if action == "history":
            return list_parameters("patient_history")
        if action == "pauses":
            return [p for p in list_parameters("pauses") if p.name != "patient"]
        if action == "statistics":
            return [
                _query("since", "7 days before `until` where not given, 92 at most"),
                _query("until", "now where not given"),
                _query("ward", "the ward's name, to the letter"),
            ]
        if action == "fluids":
            return [
                _query("since", "three days before `until` where not given"),
                _query("until", "now where not given"),
            ]
        return [_REASON] if action == "destroy" and subject == "reports" else []

    def add_manual_parameters(self, parameters: list[openapi.Parameter]) -> list[openapi.Parameter]:
        header = {
            "create": _IDEMPOTENCY_KEY,
            "add_pause": _IDEMPOTENCY_KEY,
            "update": _IF_MATCH,
            "partial_update": _IF_MATCH,
            "destroy": _IF_MATCH,
        }.get(self.view.action)
        return super().add_manual_parameters(parameters if header is None else [*parameters, header])

    def get_request_serializer(self) -> Any:
        if self.view.action in ("acknowledge", "end_plan", "end_pause"):
            return None
        serializer = _OF_PLANS.get(self.view.action)
        return super().get_request_serializer() if serializer is None else serializer()

    def get_default_responses(self) -> dict[str, Any]:
        view_action = self.view.action
        if view_action in ("list", "history"):
            item = PatientVersionSerializer() if view_action == "history" else self.get_view_serializer()
            return {"200": page_of(self.serializer_to_schema(item))}
        if view_action == "pauses":
            return {"200": page_of(self.serializer_to_schema(PauseSerializer()))}
        if view_action in _OF_PLANS:
            status = "201" if view_action == "add_pause" else "200"
            return {status: self.serializer_to_schema(_OF_PLANS[view_action]())}
        if view_action in ("end_plan", "end_pause"):
            return {"204": ""}
        if view_action == "statistics":
            return {"200": self.serializer_to_schema(StatisticsSerializer())}
        if view_action == "fluids":
            return {"200": self.serializer_to_schema(FluidsSerializer())}
        if view_action == "preview":
            return {"200": self.serializer_to_schema(PreviewSerializer())}
        if view_action == "acknowledge":
            return {"200": self.serializer_to_schema(NotificationSerializer())}
        return super().get_default_responses()
