"""The REST resources. An action checks, parses, calls one function that both doors share, and answers."""

from collections.abc import Mapping
from typing import Any, Final

from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from .. import clock, selectors
from ..events import log_state
from ..models import Notification, Patient, Report
from ..permissions import may, role_of
from ..representations import represent_pause
from ..rules.ranges import RANGES
from . import acknowledgements, listing, plans, swaps, writing
from .acknowledgements import AcknowledgedSerializer, AcknowledgementSerializer
from .csv_files import CSVRenderer, csv_file
from .described import describe
from .fluids import fluid_balance
from .headers import LengthRequiredMixin, entity_tag, read_if_match, warning_header
from .imports import take_in_files
from .outputs import (
    AmendmentSerializer,
    FluidsSerializer,
    ImportSerializer,
    NotificationSerializer,
    PreviewSerializer,
    RangeSerializer,
    StatisticsSerializer,
)
from .plans import PauseSerializer, PlanSerializer
from .renderers import JSONRenderer
from .schemas import CHANGE
from .serializers import HistorySerializer, PatientSerializer, PatientVersionSerializer, ReportSerializer
from .statistics import notification_statistics
from .swaps import SwappedSerializer, SwapSerializer

REASONS: Final = frozenset({"history_change_reason", "reason"})  # what a DELETE may call its reason
_PAGING: Final = frozenset({"limit", "offset", "cursor", "ordering", "format"})


class ResourceViewSet(LengthRequiredMixin, GenericViewSet):
    """What all resources share. `subject` is their name in the table of permissions and in the listings."""

    subject: str
    lookup_value_regex = "[0-9]+"
    pagination_class = None  # listing.py pages
    filter_backends = ()  # and filters, for the sockets too

    def get_object(self) -> Any:
        return listing.find_object(self.subject, self.kwargs["pk"])

    def answer_list(self, subject: str, *, only: Mapping[str, Any] | None = None) -> Response:
        """One page of `subject` as the query asks; `only` are filters that the address itself names."""
        query = self.request.query_params
        page = listing.list_objects(
            subject,
            filters={**{name: query.getlist(name) for name in query if name not in _PAGING}, **(only or {})},
            ordering=query.get("ordering"),
            limit=query.get("limit"),
            offset=query.get("offset"),
            cursor=query.get("cursor"),
        )
        body = {
            "count": page.count,
            "next": self._address_of(page.next_cursor),
            "previous": self._address_of(page.previous_cursor),
            "results": page.results,
        }
        return Response(body, headers={"X-Event": str(page.event)})

    def _address_of(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        here = remove_query_param(self.request.build_absolute_uri(), "offset")
        return replace_query_param(here, "cursor", cursor)

    def writing_context(self) -> dict[str, Any]:
        return {"user": self.request.user, "expected_version": read_if_match(self.request)}


class ReadMixin:
    """GET of the list and of one object."""

    def list(self: Any, request: Request) -> HttpResponseBase:
        """A page of the list. `X-Event` tells which event it is true as of."""
        return self.answer_list(self.subject)

    def retrieve(self: Any, request: Request, pk: str) -> Response:
        """One object. `X-Event` tells which event it is true as of."""
        found, event = listing.retrieve_object(self.subject, pk)
        return Response(found, headers={**self.headers_of(found), "X-Event": str(event)})

    def headers_of(self, found: dict[str, Any]) -> dict[str, str]:
        return {}


class CSVMixin:
    """GET of the list as a CSV file too, whole: `?format=csv`."""

    def get_renderers(self: Any) -> Any:
        others = super().get_renderers()  # type: ignore[misc]
        return [*others, CSVRenderer()] if self.action == "list" else others

    def list(self: Any, request: Request) -> HttpResponseBase:
        """A page of the list, or with `format=csv` the whole. `X-Event` tells which event it is true as of."""
        if request.accepted_renderer.format != CSVRenderer.format:
            return self.answer_list(self.subject)
        query = request.query_params
        in_pages = {name: ["A CSV file has no pages."] for name in ("offset", "cursor") if query.get(name)}
        if in_pages:
            raise ValidationError(in_pages)
        return csv_file(
            self.subject,
            request=request._request,
            filters={name: query.getlist(name) for name in query if name not in (*_PAGING, "bom")},
            ordering=query.get("ordering"),
            limit=query.get("limit"),
            has_mark=query.get("bom"),
        )

    def handle_exception(self: Any, error: Exception) -> Response:
        """What went wrong is told in JSON."""
        renderer = getattr(self.request, "accepted_renderer", None)
        if isinstance(renderer, CSVRenderer):
            self.request.accepted_renderer = JSONRenderer()
            self.request.accepted_media_type = JSONRenderer.media_type
        return super().handle_exception(error)  # type: ignore[misc]


class ChangeMixin:
    """PUT, PATCH and DELETE, with versions."""

    def headers_of(self, found: dict[str, Any]) -> dict[str, str]:
        return entity_tag(found)

    def update(self: Any, request: Request, pk: str) -> Response:
        """Replace all that can be written. The absent becomes empty; `datetime`, `admission_date` stay."""
        return self._change(request, pk, is_partial=False)

    def partial_update(self: Any, request: Request, pk: str) -> Response:
        """Change what is sent and nothing else."""
        return self._change(request, pk, is_partial=True)

    def _change(self: Any, request: Request, pk: str, *, is_partial: bool) -> Response:
        changed, warnings = writing.update_object(
            self.subject, pk, data=request.data, is_partial=is_partial, context=self.writing_context()
        )
        return Response(changed, headers={**self.headers_of(changed), **warning_header(warnings)})

    def destroy(self: Any, request: Request, pk: str) -> Response:
        """Delete it. A patient with reports cannot be deleted (409): discharge instead.

        Of a report: it was entered in error. It leaves lists and scores, what was told of it is resolved, and its `-`
        row in the history (`history_type=-`) says who, when and why.
        """
        data = request.data if isinstance(request.data, Mapping) else {}
        if not REASONS.intersection(data):
            data = {name: request.query_params[name] for name in REASONS if name in request.query_params}
        writing.delete_object(self.subject, pk, data=data, context=self.writing_context())
        return Response(status=204)


class CreateMixin:
    """POST, with idempotency keys."""

    def create(self: Any, request: Request) -> Response:
        """Create one. Fields that are read-only are ignored, unknown ones refused."""
        created, warnings = writing.create_object(
            self.subject,
            data=request.data,
            context={"user": request.user},
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        headers = {**self.headers_of(created), **warning_header(warnings)}
        return Response(created, status=201, headers=headers)


class WriteMixin(CreateMixin, ChangeMixin):
    """POST, PUT, PATCH and DELETE."""


class PatientViewSet(CSVMixin, WriteMixin, ReadMixin, ResourceViewSet):
    """Patients and their stays."""

    subject = "patients"
    queryset = Patient.objects.all()
    serializer_class = PatientSerializer

    @describe(
        answer=ImportSerializer,
        files={
            "patients": "a CSV file with the fields of a patient as columns; hospital_number is the link",
            "reports": "a CSV file with the fields of a report as columns; may be left out",
        },
        errors=frozenset({429}),
    )
    @action(detail=False, methods=["post"], url_path="import", parser_classes=[MultiPartParser])
    def take_in(self, request: Request) -> Response:
        """Import patients and their reports from CSV files. What fails is listed; the rest is stored.

        A patient is known by hospital number, a report by that, its time and its values: what is there already is not
        added again, so the same files can be sent until nothing is rejected. Nothing is raised for the past. Both files
        together have 2000 rows at most, 1000 of them reports of one patient, and the body 10 MiB. Files that cannot
        be read, or with columns that do not exist, are refused as a whole (400).
        """
        if not may(role_of(request.user), "reports", "create"):
            raise PermissionDenied("Your role does not allow this.")
        return Response(take_in_files(request, now=clock.now()))

    @describe(answer=PatientVersionSerializer, listing="patient_history")
    @action(detail=True)
    def history(self, request: Request, pk: str) -> Response:
        """The versions of the patient's own fields, newest first."""
        self.get_object()
        return self.answer_list("patient_history", only={"patient": pk})

    # Whoever may see versions may: the ledger tells of these.
    @describe(answer=AmendmentSerializer, listing="amendments")
    @action(detail=True, url_path="amendments", subject="history")
    def patient_amendments(self, request: Request, pk: str) -> Response:
        """The ledger of all the patient's reports, newest first; of retired versions and deleted reports too."""
        if not Patient.objects.filter(pk=writing.read_pk(pk)).exists():
            raise NotFound("There is no such patient.")
        return self.answer_list("amendments", only={"patient": pk})

    @describe(body=AcknowledgementSerializer, answer=AcknowledgedSerializer, takes_key=True)
    @action(detail=True, methods=["post"], url_path="acknowledge", subject="notifications")
    def acknowledge_all(self, request: Request, pk: str) -> Response:
        """Say in one act that you take care of all that waits of a patient, or of those named.

        Send the `ids` that you saw, so that nothing is silenced unseen. Each is answered as it then stands: what
        somebody else has acknowledged keeps that name, what was resolved stays so. 400 where one is not this patient's.
        """
        acknowledged = acknowledgements.acknowledge_all(
            pk,
            data=request.data,
            context={"user": request.user},
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return Response(acknowledged)

    @describe(body=SwapSerializer, answer=SwappedSerializer, takes_key=True, errors=frozenset({409}))
    @action(detail=True, methods=["post"])
    def swap_bed(self, request: Request, pk: str) -> Response:
        """Let two patients change places, ward and bed, in one act.

        Send the `version` of both that you saw: 409 with the one that somebody else changed meanwhile. 409 where one is
        discharged. Between two wards it is by who may change patients.
        """
        swapped, warnings = swaps.swap_bed(
            pk,
            data=request.data,
            context=self.writing_context(),
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return Response(swapped, headers=warning_header(warnings))

    @describe(
        answer=FluidsSerializer,
        query={"since": "three days before `until` where not given", "until": "now where not given"},
    )
    @action(detail=True)
    def fluids(self, request: Request, pk: str) -> Response:
        """Intake, output and balance in ml, per shift and in the last 24 hours. Null: none was recorded."""
        event = log_state().last
        patient = self.get_object()
        balance = fluid_balance(patient.pk, query=request.query_params, now=clock.now())
        return Response(balance, headers={"X-Event": str(event)})

    @describe(answer=PlanSerializer)
    @action(detail=True)
    def plan(self, request: Request, pk: str) -> Response:
        """The running plan; 404 where none runs."""
        event = log_state().last
        plan = plans.read_plan(self.get_object(), now=clock.now())
        return Response(plan, headers={"X-Event": str(event)})

    @plan.mapping.put
    @describe(body=PlanSerializer, answer=PlanSerializer, errors=frozenset({409}))
    def set_plan(self, request: Request, pk: str) -> Response:
        """Let this plan run from now on, in place of the one that runs. By a doctor or lead."""
        patient = self.get_object()
        return Response(plans.set_plan(patient.pk, data=request.data, context={"user": request.user}))

    @plan.mapping.delete
    @describe(status=204)
    def end_plan(self, request: Request, pk: str) -> Response:
        """End the running plan; it is kept, and the patient's own interval and pathway decide again."""
        plans.end_plan(self.get_object().pk, context={"user": request.user})
        return Response(status=204)

    @describe(answer=PauseSerializer, listing="pauses")
    @action(detail=True)
    def pauses(self, request: Request, pk: str) -> Response:
        """The times in which nobody is or was reminded of the patient, newest first."""
        self.get_object()
        return self.answer_list("pauses", only={"patient": pk})

    @pauses.mapping.post
    @describe(
        body=PauseSerializer, answer=PauseSerializer, status=201, takes_key=True, errors=frozenset({409})
    )
    def add_pause(self, request: Request, pk: str) -> Response:
        """Remind nobody for a while: the patient is off the ward.

        By who may not change the plan for 4 hours at most, with what they paused since the last set of observations;
        such a pause is marked (`by_nurse`, of the patient `paused_by_nurse`).
        """
        added = plans.add_pause(
            self.get_object().pk,
            data=request.data,
            context={"user": request.user},
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        return Response(added, status=201)

    @describe(answer=PauseSerializer)
    @action(detail=True, url_path="pauses/(?P<pause_id>[0-9]+)")
    def pause(self, request: Request, pk: str, pause_id: str) -> Response:
        """One pause."""
        event = log_state().last
        pause = plans.find_pause(self.get_object().pk, pause_id)
        return Response(represent_pause(pause), headers={"X-Event": str(event)})

    @pause.mapping.patch
    @describe(body=PauseSerializer, purpose=CHANGE, answer=PauseSerializer, errors=frozenset({409}))
    def change_pause(self, request: Request, pk: str, pause_id: str) -> Response:
        """Let a pause that is not over end earlier or later. By a doctor or lead, whose it becomes."""
        pause = plans.find_pause(self.get_object().pk, pause_id)
        return Response(plans.change_pause(pause, data=request.data, context={"user": request.user}))

    @pause.mapping.delete
    @describe(status=204, errors=frozenset({409}))
    def end_pause(self, request: Request, pk: str, pause_id: str) -> Response:
        """End a pause now; one that has not begun is taken back. 409 where it is over."""
        plans.end_pause(plans.find_pause(self.get_object().pk, pause_id), context={"user": request.user})
        return Response(status=204)


class ReportViewSet(CSVMixin, WriteMixin, ReadMixin, ResourceViewSet):
    """Reports: sets of observations. The newest first, by the time they were taken."""

    subject = "reports"
    queryset = Report.objects.all()
    serializer_class = ReportSerializer

    @describe(body=ReportSerializer, answer=PreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What saving this report would compute, and which of its values are unusual. Nothing is stored."""
        serializer = ReportSerializer(data=request.data, context={"user": request.user})
        serializer.is_valid(raise_exception=True)
        return Response(serializer.preview())

    # Whoever may see versions may: the ledger tells of these.
    @describe(answer=AmendmentSerializer, listing="amendments")
    @action(detail=True, url_path="amendments", subject="history")
    def report_amendments(self, request: Request, pk: str) -> Response:
        """The ledger of all versions of this report, newest first; a retired version's and a deleted report's too."""
        if not selectors.HistoricalReport.objects.filter(id=writing.read_pk(pk)).exists():
            raise NotFound("There is no such report.")
        return self.answer_list("amendments", only={"report": pk})


class HistoryViewSet(CSVMixin, ChangeMixin, ReadMixin, ResourceViewSet):
    """Every version of every report, newest first; those of deleted reports too.

    PUT and PATCH correct a version itself, DELETE retires it; both need a reason. What was there stays in the ledger.
    """

    subject = "history"
    queryset = selectors.HistoricalReport.objects.all()
    serializer_class = HistorySerializer

    @describe(answer=AmendmentSerializer, listing="amendments")
    @action(detail=True)
    def amendments(self, request: Request, pk: str) -> Response:
        """The ledger of this version, newest first; a retired version's too."""
        if not self.get_queryset().filter(pk=writing.read_pk(pk)).exists():
            raise NotFound("There is no such version.")
        return self.answer_list("amendments", only={"history": pk})


class NotificationViewSet(ReadMixin, ResourceViewSet):
    """What everybody was told: deteriorations and observations that are due. Newest first."""

    subject = "notifications"
    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer

    @describe(
        answer=StatisticsSerializer,
        query={
            "since": "7 days before `until` where not given; 92 days before it at most",
            "until": "now where not given",
            "ward": "the ward's name, to the letter",
        },
    )
    @action(detail=False)
    def statistics(self, request: Request) -> Response:
        """Volume, time to acknowledge and overdue share, by ward, hour of the day, severity and kind."""
        event = log_state().last
        found = notification_statistics(request.query_params, now=clock.now())
        return Response(found, headers={"X-Event": str(event)})

    @describe(answer=NotificationSerializer, takes_key=True, errors=frozenset({409}))
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that you take care of it. Doing it again changes nothing; 409 where it was resolved."""
        key = request.headers.get("Idempotency-Key")
        context = {"user": request.user}
        return Response(acknowledgements.acknowledge(pk, context=context, idempotency_key=key))

    @describe(answer=NotificationSerializer, takes_key=True, errors=frozenset({409}))
    @action(detail=True, methods=["post"])
    def unacknowledge(self, request: Request, pk: str) -> Response:
        """Take your acknowledgement back, within 10 seconds: it waits and escalates again as it did.

        403 where somebody else acknowledged it; 409 where it is too late, nobody did, or it was resolved since.
        """
        key = request.headers.get("Idempotency-Key")
        context = {"user": request.user}
        return Response(acknowledgements.unacknowledge(pk, context=context, idempotency_key=key))


class RangesView(APIView):
    """What may be measured."""

    subject = "ranges"

    @describe(answer=RangeSerializer, is_by_name=True)
    def get(self, request: Request) -> Response:
        """The possible range of every measurement, and the usual one, outside of which the form asks again.

        `{field: {unit, low, high, soft_low, soft_high, whole}}`; without a usual range `soft_low` and `soft_high`
        are null.
        """
        return Response({name: _represent_range(limits) for name, limits in RANGES.items()})


def _represent_range(limits: Any) -> dict[str, Any]:
    soft_low, soft_high = limits.soft or (None, None)
    return {
        "unit": limits.unit,
        "low": limits.hard[0],
        "high": limits.hard[1],
        "soft_low": soft_low,
        "soft_high": soft_high,
        "whole": limits.is_whole,
    }
