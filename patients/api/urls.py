"""The addresses below /api/."""

from django.urls import path
from rest_framework.routers import DefaultRouter

from . import views


class Router(DefaultRouter):
    include_format_suffixes = False  # `?format=` and `Accept` say it


router = Router()
router.register("patients", views.PatientViewSet)
router.register("reports", views.ReportViewSet)
router.register("history", views.HistoryViewSet, basename="history")
router.register("notifications", views.NotificationViewSet)

urlpatterns = [path("ranges/", views.RangesView.as_view(), name="ranges"), *router.urls]
