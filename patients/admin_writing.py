"""How the admin site writes clinical objects: as REST does, by api/writing.py and so by the services alone.

A form's save would bypass scoring, versions, events and the rules of who may change what. Here a form's changed fields
are sent through the API's own function while the form is validated, so that a refusal stands beside its field.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from rest_framework.exceptions import APIException

from .admin_lookups import ShownLookups
from .api import writing
from .api.errors import answer_of
from .permissions import may_perform, role_of
from .services.errors import ServiceError, Stale

CHANGED_MEANWHILE = "Somebody else changed this in the meantime. Open it again; nothing of yours was saved."
_REFUSALS = (ServiceError, APIException)


class ServiceForm(forms.ModelForm):
    """Saves when it is validated. `request` and `subject` (a key of permissions.TABLE) are set by ServiceAdmin."""

    request: ClassVar[HttpRequest]
    subject: ClassVar[str]

    # What of the write is to be looked at, `[{field, reason}]`.
    warnings: Sequence[dict[str, str]] = ()

    edited_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = False  # what was changed is told by the object, not by the browser
        self.fields["edited_version"].initial = (
            getattr(self.instance, "version", None) if self.instance.pk else None
        )

    def _post_clean(self) -> None:
        """In the place of Django's, which would write the values into the instance."""
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self._write()
        except Stale:
            self.add_error(None, CHANGED_MEANWHILE)
        except _REFUSALS as error:
            self._show(answer_of(error)[1])

    def _write(self) -> Model:
        sent = {
            name: _as_json(self.cleaned_data[name]) for name in self.changed_data if name != "edited_version"
        }
        if sent.get("date_of_birth") == "":
            sent["date_of_birth"] = None
        model: Any = self._meta.model
        context = {"user": self.request.user}
        if self.instance.pk is None:
            written = writing.create_object(self.subject, data=sent, context=context)
            self.warnings = written.warnings
            return model.objects.get(pk=written.object["id"])
        if self.cleaned_data.get("edited_version") is not None:
            sent["version"] = self.cleaned_data["edited_version"]
        written = writing.update_object(
            self.subject, self.instance.pk, data=sent, is_partial=True, context=context
        )
        self.warnings = written.warnings
        return model.objects.get(pk=self.instance.pk)

    def _show(self, errors: Any) -> None:
        for name, messages_of_field in errors.items():
            self.add_error(name if name in self.fields else None, _as_texts(messages_of_field))

    def save(self, commit: bool = True) -> Any:
        """Nothing is left to do."""
        self.save_m2m = lambda: None  # type: ignore[method-assign]
        return self.instance


class ReportForm(ServiceForm):
    """A correction, with its reason."""

    history_change_reason = forms.CharField(
        label="Reason", help_text="Why it is corrected; it is kept with the new version.", max_length=1000
    )


class PatientForm(ServiceForm):
    """A patient. Of the allergies the text is enough: a status that is not chosen follows from it."""

    # As it is written says how exactly it is known, so the precision has no field of its own.
    date_of_birth = forms.CharField(
        required=False, help_text="1958-06-15; 1958-06 or 1958 where no more is known.", max_length=10
    )
    history_change_reason = forms.CharField(
        label="Reason",
        required=False,
        help_text="Why it is changed, such as the SpO2 scale; it is kept with the new version.",
        max_length=1000,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        birth = self.instance.birth
        self.initial["date_of_birth"] = "" if birth is None else birth.as_text()
        if "allergy_status" in self.fields:
            self.fields["allergy_status"].required = False

    @cached_property
    def changed_data(self) -> list[str]:
        changed = super().changed_data
        is_open = not self.cleaned_data.get("allergy_status")
        return [name for name in changed if not (name == "allergy_status" and is_open)]


class ServiceAdmin(ShownLookups):
    """Writes by the services. Who may is asked of the table of permissions, besides being staff."""

    subject: str
    can_be_added = False
    form = ServiceForm
    actions = None  # deleting many at once would pass the services by
    save_as = False
    list_per_page = 50
    show_full_result_count = False

    def _may(self, request: HttpRequest, action: str) -> bool:
        user = request.user
        return bool(user.is_staff) and may_perform(role_of(user), self.subject, action)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "retrieve")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_be_added and self._may(request, "create")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "update")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "delete")

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"request": request, "subject": self.subject})

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """The form has done it; what is to be looked at is said."""
        for warning in form.warnings:
            messages.warning(request, warning["reason"])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing related."""

    # ------------------------------------------------------------ deleting
    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        return [str(obj) for obj in objs], {}, set(), []  # what goes with it, the service decides

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        reason = {"history_change_reason": "Deleted in the admin site."}
        writing.delete_object(self.subject, obj.pk, data=reason, context={"user": request.user})

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except _REFUSALS as error:
            for text in answer_of(error)[1].values():
                messages.error(request, "; ".join(_as_texts(text)))
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[object_id]))


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def _as_texts(messages_of_field: Any) -> list[str]:
    if isinstance(messages_of_field, dict):
        return [f"{name}: {'; '.join(_as_texts(inner))}" for name, inner in messages_of_field.items()]
    if isinstance(messages_of_field, list):
        return [str(message) for message in messages_of_field]
    return [str(messages_of_field)]
