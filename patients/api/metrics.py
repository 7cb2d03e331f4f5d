"""`/metrics` for a monitoring system: Prometheus's text format, for staff or from this machine."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from rest_framework.exceptions import AuthenticationFailed

from .authentication import TokenAuthentication

_THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1"})
# Behind a proxy on this machine every request comes from here: one that was passed on is not from this machine.
_PASSED_ON: Final = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host")


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures of this process and of the database; 403 for everybody else."""
    is_local = request.META.get("REMOTE_ADDR") in _THIS_MACHINE and not any(
        name in request.headers for name in _PASSED_ON
    )
    if not is_local and not _is_staff(request):
        return JsonResponse({"detail": "Metrics are for staff, or for this machine."}, status=403)
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _is_staff(request: HttpRequest) -> bool:
    """By the browser's session, or by a token as a monitoring system sends it."""
    try:
        user, _ = TokenAuthentication().authenticate(request) or (request.user, None)
    except AuthenticationFailed:
        return False
    return bool(user.is_authenticated and user.is_active and user.is_staff)
