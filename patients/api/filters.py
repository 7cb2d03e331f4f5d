"""The filters of the lists, the same for REST's query and a socket's `filters`.

An unknown filter is refused by name. Fields that know a few values take several, separated by commas. Empty
text and null do not filter.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import django_filters
from django import forms
from django.core.exceptions import ValidationError as FormValidationError
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError

from .. import clock
from ..models import Amendment, Notification, Patient, Pause, Report
from ..selectors import HistoricalPatient, HistoricalReport, search_patients
from .fields import read_instant, read_whole, show

RISKS: Final = ("low", "low-medium", "medium", "high")
LONGEST_SEARCH: Final = 100
# In a query string an unescaped "+00:00" arrives as " 00:00".
_LOST_PLUS: Final = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")


def read_query_instant(text: str) -> datetime:
    """The instant that `text` of a query names. Raises rest_framework's ValidationError."""
    return read_instant(_LOST_PLUS.sub("+", text) if "T" in text else text)


class _IdFormField(forms.Field):
    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        number = read_whole(value)
        if number is None:
            raise FormValidationError(f"An id is a whole number; {show(value)} was given.")
        return number


class _InstantFormField(forms.Field):
    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            return read_query_instant(value)
        except ValidationError as error:
            raise FormValidationError([str(message) for message in error.detail]) from error


class _YesNoFormField(forms.Field):
    WORDS: Final = {"true": True, "1": True, "false": False, "0": False}

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        if value.lower() not in self.WORDS:
            raise FormValidationError(f"true or false is needed; {show(value)} was given.")
        return self.WORDS[value.lower()]


class IdFilter(django_filters.Filter):
    field_class = _IdFormField


class InstantFilter(django_filters.Filter):
    field_class = _InstantFormField


class YesNoFilter(django_filters.Filter):
    field_class = _YesNoFormField


class ChoiceFilter(django_filters.ChoiceFilter):
    """One of a few known values."""

    def __init__(self, *arguments: Any, choices: Sequence[tuple[str, Any]], **options: Any) -> None:
        known = ", ".join(value for value, _ in choices if value)
        messages = {"invalid_choice": f'"%(value)s" is not a valid choice. There are: {known}.'}
        super().__init__(*arguments, choices=choices, error_messages=messages, **options)


class ChoicesFilter(django_filters.BaseInFilter, ChoiceFilter):
    """One or several, separated by commas, of a few known values."""


class VersionTypesFilter(ChoicesFilter):
    """+, ~ or -. In a query string an unescaped + arrives as a space."""

    @staticmethod
    def restored(text: str) -> str:
        return text.replace(" ", "+")


class PatientFilters(django_filters.FilterSet):
    status = ChoiceFilter(
        choices=[("active", "on the ward"), ("discharged", "discharged")],
        method="filter_status",
        help_text="active or discharged",
    )
    ward = django_filters.CharFilter(max_length=40, help_text="the ward's name, to the letter")
    search = django_filters.CharFilter(
        max_length=LONGEST_SEARCH,
        method="filter_search",
        help_text="words that the names or the hospital number hold",
    )
    overdue = YesNoFilter(method="filter_overdue", help_text="true: the next observation's time has passed")
    risk = ChoicesFilter(
        field_name="current_risk",
        choices=[(risk, risk) for risk in RISKS],
        help_text="low, low-medium, medium, high; several with commas",
    )

    class Meta:
        model = Patient
        fields: tuple[str, ...] = ()

    def filter_status(self, patients: QuerySet[Patient], name: str, value: str) -> QuerySet[Patient]:
        return patients.filter(dismissal_date__isnull=value == "active")

    def filter_search(self, patients: QuerySet[Patient], name: str, value: str) -> QuerySet[Patient]:
        return search_patients(patients, text=value)

    def filter_overdue(self, patients: QuerySet[Patient], name: str, value: bool) -> QuerySet[Patient]:
        now = clock.now()  # a discharged patient has no due time
        if value:
            return patients.filter(next_due_at__lt=now)
        return patients.filter(Q(next_due_at__isnull=True) | Q(next_due_at__gte=now))


class _ObservationFilters(django_filters.FilterSet):
    """What reports and versions of reports share."""

    patient = IdFilter(field_name="patient_id", help_text="the patient's id")
    report = IdFilter(field_name="id", help_text="the report's id")
    status = ChoicesFilter(
        choices=Report.Status.choices, help_text="febrile, critical, recovery; several with commas"
    )
    since = InstantFilter(
        field_name="datetime", lookup_expr="gte", help_text="taken at this moment or later, ISO 8601"
    )
    until = InstantFilter(
        field_name="datetime", lookup_expr="lte", help_text="taken at this moment or before, ISO 8601"
    )


class ReportFilters(_ObservationFilters):
    class Meta:
        model = Report
        fields: tuple[str, ...] = ()


class HistoryFilters(_ObservationFilters):
    history_type = VersionTypesFilter(
        choices=[("+", "recorded"), ("~", "corrected"), ("-", "deleted")],
        help_text="+ recorded (%2B in a query), ~ corrected, - deleted; several with commas",
    )

    class Meta:
        model = HistoricalReport
        fields: tuple[str, ...] = ()


class AmendmentFilters(django_filters.FilterSet):
    history = IdFilter(field_name="history_id", help_text="the version's history_id")
    report = IdFilter(field_name="report_id", help_text="the report's id")
    patient = IdFilter(method="filter_patient", help_text="the patient's id")

    class Meta:
        model = Amendment
        fields: tuple[str, ...] = ()

    def filter_patient(self, entries: QuerySet[Amendment], name: str, value: int) -> QuerySet[Amendment]:
        """By the versions, for an entry names its report alone, and these are kept for ever."""
        return entries.filter(
            history_id__in=HistoricalReport.objects.filter(patient=value).values("history_id")
        )


class PatientHistoryFilters(django_filters.FilterSet):
    patient = IdFilter(field_name="id", help_text="the patient's id")

    class Meta:
        model = HistoricalPatient
        fields: tuple[str, ...] = ()


class NotificationFilters(django_filters.FilterSet):
    status = ChoicesFilter(
        choices=Notification.Status.choices,
        help_text="open, acknowledged, escalated, resolved; several with commas",
    )
    patient = IdFilter(field_name="patient_id", help_text="the patient's id")
    kind = ChoicesFilter(
        choices=Notification.Kind.choices,
        help_text="deterioration, observation_due, observation_overdue; several with commas",
    )

    class Meta:
        model = Notification
        fields: tuple[str, ...] = ()


class PauseFilters(django_filters.FilterSet):
    patient = IdFilter(field_name="patient_id", help_text="the patient's id")

    class Meta:
        model = Pause
        fields: tuple[str, ...] = ()


def apply_filters(
    filter_set_class: type[django_filters.FilterSet], *, values: Mapping[str, Any], rows: QuerySet[Any]
) -> QuerySet[Any]:
    """`rows` as `values` (filter name -> text, number, truth value, list or None) restrict them.

    Raises ValidationError (400) naming the filter that does not exist or cannot be read.
    """
    texts: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for name, value in values.items():
        filter_ = filter_set_class.base_filters.get(name)
        if filter_ is None:
            errors[show(name)] = [f"No such filter. There are: {', '.join(filter_set_class.base_filters)}."]
            continue
        try:
            text = _as_text(value, several=isinstance(filter_, ChoicesFilter))
            texts[name] = filter_.restored(text) if isinstance(filter_, VersionTypesFilter) else text
        except ValueError as error:
            errors[name] = [str(error)]
    if not errors and not any(texts.values()):
        return rows  # the frequent case; making the forms costs more than the database's work
    filter_set = filter_set_class(data=texts, queryset=rows)
    if not filter_set.is_valid():
        errors.update(
            {name: [str(message) for message in messages] for name, messages in filter_set.errors.items()}
        )
    if errors:
        raise ValidationError(errors)
    return filter_set.qs


def _as_text(value: Any, *, several: bool) -> str:
    if isinstance(value, list):
        if len(value) > 1 and not several:
            raise ValueError("Give this filter once.")
        return ",".join(_one_as_text(member) for member in value)
    return _one_as_text(value)


def _one_as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise ValueError(f"{show(value)} is no value for a filter.")
