"""`/rest-auth/`: dj-rest-auth's views on a sign-in per device (services.sign_ins)."""

from typing import Any

from dj_rest_auth import views as rest_auth
from dj_rest_auth.serializers import PasswordChangeSerializer as StandardPasswordChangeSerializer
from django.contrib import auth
from django.contrib.auth.models import User
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, Throttled, ValidationError
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import clock
from ..models import SignIn
from ..permissions import permissions_of, role_of
from ..services import sign_in_failures, sign_ins
from .described import describe
from .headers import LengthRequiredMixin
from .origins import is_own_origin
from .parsers import JSONParser

LONGEST_PASSWORD = 4096  # hashing takes time: no megabytes


def _throttled(error: sign_in_failures.TooManyFailures) -> Throttled:
    return Throttled(wait=error.wait, detail=str(error))


def _password_field() -> serializers.CharField:
    # A password may begin or end with a space.
    return serializers.CharField(
        max_length=LONGEST_PASSWORD, trim_whitespace=False, style={"input_type": "password"}, write_only=True
    )


def _sign_in_of(request: Request) -> SignIn:
    """That of who sends the request: both ways of authentication put it there."""
    sign_in: SignIn = request.auth  # type: ignore[assignment]
    return sign_in


# ---------------------------------------------------------------- signing in and out
class SignInSerializer(serializers.Serializer[Any]):
    """A user name and its password."""

    username = serializers.CharField(max_length=150)
    password = _password_field()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        request = self.context["request"]
        try:
            user = sign_in_failures.check_credentials(
                request._request,
                username=attrs["username"],
                password=attrs["password"],
                address=sign_ins.address_of(request.META.get("REMOTE_ADDR")),
                now=clock.now(),
            )
        except sign_in_failures.TooManyFailures as error:
            raise _throttled(error) from error
        if user is None:
            # One message for every reason, so that nobody learns which names exist.
            raise ValidationError("The user name and the password do not belong together.")
        return {**attrs, "user": user}


class KeySerializer(serializers.Serializer[Any]):
    """The key of the new sign-in."""

    key = serializers.CharField(help_text="for `Authorization: Token <key>`")


class DetailSerializer(serializers.Serializer[Any]):
    """What was done."""

    detail = serializers.CharField()


class LoginView(LengthRequiredMixin, rest_auth.LoginView):
    """Signing in."""

    # Nobody is asked for here: an old session cookie would be asked for its CSRF token.
    authentication_classes = ()
    parser_classes = (JSONParser, FormParser)
    serializer_class = SignInSerializer

    @describe(body=SignInSerializer, answer=KeySerializer, is_open=True, errors=frozenset({403, 429}))
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Sign this device in.

        Answers `{"key": ...}`, to be sent as `Authorization: Token <key>`, and sets the session cookie: one
        sign-in, which ends with the logout of either. The key is shown this once. After 10 failures a minute with
        one user name from one address, 100 from one address or 100 with one user name, the answer is 429 until
        `Retry-After` seconds have passed. A browser in which the user has signed in before is counted by itself.
        """
        origin = request.headers.get("Origin")
        host, is_secure = request.get_host(), request.is_secure()
        if origin is not None and not is_own_origin(origin, host=host, is_secure=is_secure):
            # Otherwise another site's page could sign this browser in as somebody else.
            raise PermissionDenied("Pages of another site cannot sign in here.")
        return super().post(request, *args, **kwargs)

    def process_login(self) -> None:
        auth.login(self.request._request, self.user)

    def get_response(self) -> Response:
        # Every session that starts gets its sign-in and key (services.access).
        return Response({"key": self.request._request.sign_in_key})


class LogoutView(rest_auth.LogoutView):
    """Signing out."""

    http_method_names = ("post", "options")
    permission_classes = (IsAuthenticated,)
    parser_classes = (JSONParser, FormParser, MultiPartParser)

    @describe(answer=DetailSerializer)
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Sign this device out: its key, its session and its WebSockets. Your other devices stay signed in."""
        return super().post(request, *args, **kwargs)

    def logout(self, request: Request) -> Response:
        sign_in = _sign_in_of(request)
        sign_ins.end_sign_in(sign_in.pk, now=clock.now())
        session = request._request.session
        if session.session_key is not None and sign_in.session_hash == sign_ins.hash_key(session.session_key):
            auth.logout(request._request)
        return Response({"detail": "Signed out."})


# ---------------------------------------------------------------- the user
class UserSerializer(serializers.ModelSerializer[User]):
    """Who is signed in, their role and what it allows, as `object.action`."""

    email = serializers.CharField(read_only=True)  # may be empty, which no address is
    role = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("pk", "username", "email", "first_name", "last_name", "role", "permissions")
        read_only_fields = fields

    def get_role(self, user: User) -> str | None:
        return role_of(user)

    def get_permissions(self, user: User) -> list[str]:
        return permissions_of(role_of(user))


@method_decorator(never_cache, name="dispatch")
class UserView(rest_auth.UserDetailsView):
    """Who is signed in."""

    http_method_names = ("get", "head", "options")
    permission_classes = (IsAuthenticated,)
    serializer_class = UserSerializer

    @describe(answer=UserSerializer)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who is signed in. Names are changed in the admin site: they stand on clinical records."""
        return super().get(request, *args, **kwargs)


class PasswordChangeSerializer(StandardPasswordChangeSerializer):
    """The old password, and the new one twice."""

    old_password = _password_field()
    new_password1 = _password_field()
    new_password2 = _password_field()

    def validate_old_password(self, value: str) -> str:
        try:
            is_right = sign_in_failures.guard_guess(
                lambda: self.user.check_password(value),
                username=self.user.get_username(),
                address=sign_ins.address_of(self.request.META.get("REMOTE_ADDR")),
                cookies=self.request.COOKIES,
                now=clock.now(),
            )
        except sign_in_failures.TooManyFailures as error:
            raise _throttled(error) from error
        if not is_right:
            raise ValidationError("This is not your present password.")
        return value

    def save(self, **kwargs: Any) -> None:
        new_password = self.validated_data["new_password1"]
        sign_ins.change_password(self.user, new_password=new_password, keep=_sign_in_of(self.request).pk)


class PasswordChangeView(LengthRequiredMixin, rest_auth.PasswordChangeView):
    """One's own password."""

    permission_classes = (IsAuthenticated,)
    serializer_class = PasswordChangeSerializer

    @describe(body=PasswordChangeSerializer, answer=DetailSerializer, errors=frozenset({429}))
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change your password. This device stays signed in, your other devices are signed out."""
        return super().post(request, *args, **kwargs)


# ---------------------------------------------------------------- devices
class DeviceSerializer(serializers.ModelSerializer[SignIn]):
    """A device on which the user is signed in; `is_current` marks the one that asks."""

    is_current = serializers.SerializerMethodField()

    class Meta:
        model = SignIn
        fields = ("id", "device", "address", "created_at", "last_used_at", "expires_at", "is_current")
        read_only_fields = fields

    def get_is_current(self, sign_in: SignIn) -> bool:
        return sign_in.pk == _sign_in_of(self.context["request"]).pk


@method_decorator(never_cache, name="dispatch")
class DevicesView(APIView):
    """One's own sign-ins."""

    permission_classes = (IsAuthenticated,)

    @describe(answer=DeviceSerializer, is_array=True)
    def get(self, request: Request) -> Response:
        """The devices on which you are signed in, the last used first."""
        devices = sign_ins.list_sign_ins(_sign_in_of(request).user_id, now=clock.now())
        return Response(DeviceSerializer(devices, many=True, context={"request": request}).data)


class DeviceView(APIView):
    """One of one's own sign-ins."""

    permission_classes = (IsAuthenticated,)

    @describe(status=204)
    def delete(self, request: Request, sign_in_id: int) -> Response:
        """Sign one of your devices out: its key, its session and its WebSockets."""
        live = {
            sign_in.pk for sign_in in sign_ins.list_sign_ins(_sign_in_of(request).user_id, now=clock.now())
        }
        if sign_in_id not in live:
            raise NotFound
        sign_ins.end_sign_in(sign_in_id, now=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
