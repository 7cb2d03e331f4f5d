"""The admin site: users and groups to manage, patients and reports to edit by the services, the rest to look at.

Clinical objects change through the services alone, which score, keep the history and tell every screen
(admin_writing.py).
"""

from typing import Any

import background_task.admin  # noqa: F401 - registers the pages that are taken away below
from background_task.models import CompletedTask, Task
from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from . import clock
from .admin_lookups import ShownLookups
from .admin_writing import PatientForm, ReportForm, ServiceAdmin
from .models import Amendment, Event, Notification, Patient, Report, SignIn
from .permissions import ROLES, role_of
from .representations import represent_amendment
from .selectors import search_patients
from .services import sign_in_failures, sign_ins


class SignInForm(AdminAuthenticationForm):
    """The admin site's sign-in, under the same throttle as the API's."""

    def clean(self) -> dict[str, Any]:
        try:
            user = sign_in_failures.check_credentials(
                self.request,
                username=self.cleaned_data.get("username", ""),
                password=self.cleaned_data.get("password", ""),
                address=sign_ins.address_of(self.request.META.get("REMOTE_ADDR")),  # type: ignore[union-attr]
                now=clock.now(),
            )
        except sign_in_failures.TooManyFailures as error:
            raise forms.ValidationError(f"{error} Try again in {error.wait} seconds.") from error
        if user is None:
            raise self.get_invalid_login_error()
        self.confirm_login_allowed(user)
        self.user_cache = user
        return self.cleaned_data


admin.site.login_form = SignInForm
admin.site.site_header = admin.site.site_title = "Wardlight"
admin.site.index_title = "Users, patients, reports, and everything else to look at"


# ---------------------------------------------------------------- users and groups
admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class StaffUserAdmin(ShownLookups, UserAdmin):
    """Users. Who is no superuser makes none, changes none, and hands out no permissions but by groups."""

    list_display = ("username", "last_name", "first_name", "role", "is_active", "is_staff")
    add_fieldsets = (*(UserAdmin.add_fieldsets or ()), ("Role", {"fields": ("groups",)}))

    @admin.display(description="role")
    def role(self, user: User) -> str:
        return role_of(user) or "none"

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return () if request.user.is_superuser else ("is_superuser", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or request.user.is_superuser or not user.is_superuser


@admin.register(Group)
class RoleAdmin(ShownLookups, GroupAdmin):
    """Groups. Those that are roles stay as the table of permissions makes them; their members are chosen."""

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> tuple[str, ...]:
        return ("name", "permissions") if obj is not None and obj.name in ROLES else ()

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.name not in ROLES)


# ---------------------------------------------------------------- to look at
class ReadOnlyAdmin(ShownLookups):
    """To look at, for staff who have Django's permission to view."""

    list_per_page = 50
    show_full_result_count = False  # counting all events takes longer than showing fifty

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Patient)
class PatientAdmin(ServiceAdmin):
    """Admitting, editing, discharging; deleting whom nothing was recorded of."""

    subject = "patients"
    form = PatientForm
    exclude = ("date_of_birth_precision",)
    can_be_added = True
    list_display = (
        "id",
        "hospital_number",
        "last_name",
        "first_name",
        "ward",
        "bed",
        "current_risk",
        "next_due_at",
    )
    list_filter = ("ward", "pathway", "current_risk")
    search_fields = ("search_key",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Patient], search_term: str
    ) -> tuple[QuerySet[Patient], bool]:
        """As the lists of the API are searched."""
        return search_patients(queryset, text=search_term), False

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("last_name_key", "first_name_key", "id")


@admin.register(Report)
class ReportAdmin(ServiceAdmin):
    """Corrections, with a reason. New ones are recorded at the bedside."""

    subject = "reports"
    form = ReportForm
    exclude = ("patient",)
    list_display = ("id", "patient", "datetime", "recorded_by", "version")
    list_select_related = ("patient", "recorded_by")
    date_hierarchy = "datetime"


@admin.register(Report.history.model)
class ReportVersionAdmin(ReadOnlyAdmin):
    list_display = (
        "history_id", "history_date", "history_type", "history_user", "id", "is_retired",
        "history_change_reason",
    )  # fmt: skip
    list_filter = ("history_type", "is_retired")
    list_select_related = ("history_user",)


@admin.register(Patient.history.model)
class PatientVersionAdmin(ReadOnlyAdmin):
    list_display = (
        "history_id",
        "history_date",
        "history_type",
        "history_user",
        "id",
        "last_name",
        "first_name",
    )
    list_filter = ("history_type",)
    list_select_related = ("history_user",)


@admin.register(Amendment)
class AmendmentAdmin(ReadOnlyAdmin):
    """The ledger, with what was typed then."""

    fields = (
        "kind", "history_id", "report_id", "amended_at", "amended_by", "reason", "as_it_was", "as_it_was_then",
        "restored_history_id", "restored_before", "restored_after",
    )  # fmt: skip
    readonly_fields = ("reason", "as_it_was", "as_it_was_then")
    list_display = ("id", "kind", "history_id", "report_id", "amended_at", "amended_by", "reason")
    list_filter = ("kind",)
    list_select_related = ("amended_by", "text")

    @admin.display(description="before")
    def as_it_was(self, entry: Amendment) -> Any:
        return represent_amendment(entry)["before"]

    @admin.display(description="after")
    def as_it_was_then(self, entry: Amendment) -> Any:
        return represent_amendment(entry)["after"]


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "severity", "patient", "status", "created_at", "due_at", "acknowledged_by")
    list_filter = ("status", "kind", "severity", "escalated_to")
    list_select_related = ("patient", "acknowledged_by")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("number", "stream", "created_at")
    list_filter = ("stream",)


@admin.register(SignIn)
class SignInAdmin(ReadOnlyAdmin):
    """Devices and their users; neither the hash of a key nor the key of a session is shown to anybody."""

    fields = ("user", "device", "address", "created_at", "last_used_at", "expires_at", "ended_at")
    list_display = ("id", *fields)
    list_filter = ("ended_at",)
    list_select_related = ("user",)
    search_fields = ("user__username", "device", "address")


# The library's own pages let tasks be changed: what a task calls would be anybody's to say.
admin.site.unregister(Task)
admin.site.unregister(CompletedTask)


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "task_name",
        "task_params",
        "run_at",
        "attempts",
        "locked_by",
        "locked_at",
        "failed_at",
    )
    search_fields = ("task_name", "task_params")


@admin.register(CompletedTask)
class CompletedTaskAdmin(ReadOnlyAdmin):
    list_display = ("id", "task_name", "task_params", "run_at", "attempts", "failed_at")
    search_fields = ("task_name", "task_params")
