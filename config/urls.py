"""Every address of Wardlight. What is neither listed nor a file belongs to the clinicians' application."""

import re

from django.contrib import admin
from django.urls import include, path, re_path

from patients.api import documentation, health, metrics, pages, sign_in

rest_auth_patterns = [
    path("login/", sign_in.LoginView.as_view()),
    path("logout/", sign_in.LogoutView.as_view()),
    path("user/", sign_in.UserView.as_view()),
    path("password/change/", sign_in.PasswordChangeView.as_view()),
    path("devices/", sign_in.DevicesView.as_view()),
    path("devices/<int:sign_in_id>/", sign_in.DeviceView.as_view()),
]

urlpatterns = [
    path("sw.js", pages.service_worker),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/full", health.full),
    path("metrics", metrics.metrics),
    path("rest-auth/", include(rest_auth_patterns)),
    path("api/", include("patients.api.urls")),
    re_path(r"^swagger/?$", documentation.swagger),
    path("swagger.json", documentation.swagger_json),
    path("admin/", admin.site.urls),
    # By class and not by dot, which stops at a line break: `/api/x%0A` is no page of the application.
    re_path(rf"^(?:{'|'.join(map(re.escape, pages.SERVER_PATHS))})(?:[/\r\n][\s\S]*)?\Z", pages.not_found),
    re_path(r"^(?:(?:[^/\r\n]+/)*[^/.\r\n]+/?)?\Z", pages.index),
]

handler404 = "patients.api.pages.not_found"
handler500 = "patients.api.pages.server_error"
handler400 = "patients.api.pages.bad_request"
handler403 = "patients.api.pages.forbidden"
