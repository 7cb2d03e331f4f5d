"""Who is there: for each HTTP request that brings a session, and for each WebSocket handshake."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, parse_cookie
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from patients import clock
from patients.api.errors import API_LANGUAGE
from patients.api.origins import is_allowed_host, is_own_origin
from patients.models import SignIn
from patients.permissions import role_of
from patients.realtime.threads import Errand, lent_thread
from patients.services import known_browsers, sign_ins

SUBPROTOCOL: Final = "wardlight.v1"


# ---------------------------------------------------------------- HTTP
class SignInMiddleware(AuthenticationMiddleware):
    """As Django's, but a session is signed in only while its sign-in lives: in the admin site and on REST."""

    def process_request(self, request: HttpRequest) -> None:
        request.get_sign_in = partial(_sign_in_of, request)  # type: ignore[attr-defined]
        request.user = SimpleLazyObject(partial(_user_of, request))  # type: ignore[assignment]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """A stranger who opens a page of the API in a browser is sent to the sign-in page.

        What somebody signed in was shown is kept in no cache: the next one at this computer may go back to it.
        """
        if getattr(request, "auth", None) is not None or getattr(request, "sign_in", None) is not None:
            response.headers.setdefault("Cache-Control", "no-store, private")
        if (known := getattr(request, "known_browser", None)) is not None:
            response.set_cookie(
                known_browsers.COOKIE,
                known,
                max_age=known_browsers.KEEP,
                httponly=True,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Strict",
            )
        is_page = response.get("Content-Type", "").startswith("text/html")
        if response.status_code != 401 or not is_page or request.method not in {"GET", "HEAD"}:
            return response
        return redirect_to_sign_in(request)


class ApiLanguageMiddleware:
    """The API says what is wrong in one language, whatever LANGUAGE_CODE says: programs read it, and the clinicians'
    application says it in the language of its device. On sockets: realtime/consumer.py."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(("/api/", "/rest-auth/")):
            return self.get_response(request)
        with translation.override(API_LANGUAGE):
            return self.get_response(request)


def redirect_to_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    """To the sign-in page, which leads back to what was asked for."""
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{query}")


def _sign_in_of(request: Any) -> SignIn | None:
    # Signing in or out within the request sets the attribute too (patients.services.access).
    if not hasattr(request, "sign_in"):
        session_key = request.session.session_key
        request.sign_in = sign_ins.authenticate_session(session_key, now=clock.now()) if session_key else None
    found: SignIn | None = request.sign_in
    return found


def _user_of(request: HttpRequest) -> Any:
    sign_in = _sign_in_of(request)
    return sign_in.user if sign_in is not None else AnonymousUser()


# ---------------------------------------------------------------- WebSocket
class Credentials(NamedTuple):
    """What a handshake shows: the key of a sign-in, or the key of a browser's session."""

    key: str | None = None
    session_key: str | None = None


class RefusedHandshake(Exception):
    """The handshake may not go on."""


class TokenAuthMiddleware:
    """Lets a WebSocket through to `inner` with a live sign-in whose user has a role; the rest get HTTP 403.

    Sets in the scope `user` (with its role), `sign_in` (the SignIn), `subprotocol` (to accept with, or None).
    """

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await self.inner(scope, receive, send)
            return
        try:
            sign_in = await _sign_in_of_handshake(_credentials_of(scope))
        except RefusedHandshake:
            await refuse_handshake(scope, receive, send)
            return
        offered = scope.get("subprotocols", [])
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered else None
        scope = {**scope, "user": sign_in.user, "sign_in": sign_in, "subprotocol": subprotocol}
        await self.inner(scope, receive, send)


def TokenAuthMiddlewareStack(inner: Callable[..., Awaitable[None]]) -> TokenAuthMiddleware:  # noqa: N802
    """Everything between the server and the URLRouter of the sockets; named like Channels' own stack."""
    return TokenAuthMiddleware(inner)


async def refuse_handshake(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An ASGI application that answers each WebSocket handshake with HTTP 403: for paths nobody serves."""
    await send({"type": "websocket.close"})


async def _sign_in_of_handshake(credentials: Credentials) -> SignIn:
    async with lent_thread(Errand(asker=credentials)):
        sign_in = await database_sync_to_async(_find_sign_in)(credentials)
    if sign_in is None or role_of(sign_in.user) is None:
        raise RefusedHandshake
    return sign_in


def _find_sign_in(credentials: Credentials) -> SignIn | None:
    if credentials.key is not None:
        return sign_ins.authenticate_key(credentials.key, now=clock.now())
    return sign_ins.authenticate_session(credentials.session_key or "", now=clock.now())


def _credentials_of(scope: dict[str, Any]) -> Credentials:
    """What the handshake shows, the most explicit first; a key that is wrong is not made good by a cookie."""
    if _has_key_in_address(scope):
        raise RefusedHandshake
    headers = _single_headers(scope)
    host = headers.get("host", "")
    if not is_allowed_host(host):
        raise RefusedHandshake
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "token":
        return Credentials(key=key.strip())
    offered = scope.get("subprotocols", [])
    keys = [name.removeprefix("token.") for name in offered if name.startswith("token.")]
    if keys:
        if len(keys) > 1 or SUBPROTOCOL not in offered:
            raise RefusedHandshake
        return Credentials(key=keys[0])
    session_key = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    # Browsers send the cookie whichever page opens the socket: one of another origin must not get in with it.
    origin, is_secure = headers.get("origin", ""), _is_secure(scope, headers)
    if not session_key or not is_own_origin(origin, host=host, is_secure=is_secure):
        raise RefusedHandshake
    return Credentials(session_key=session_key)


def _has_key_in_address(scope: dict[str, Any]) -> bool:
    """Addresses end up in logs and histories: a key in one is refused, even beside other credentials."""
    parameters = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return any(name.lower() in _KEY_PARAMETERS or _LOOKS_LIKE_KEY.search(value) for name, value in parameters)


_KEY_PARAMETERS: Final = frozenset({"token", "key", "access_token", "auth_token", "authorization", "auth"})
_LOOKS_LIKE_KEY: Final = re.compile(r"[0-9a-f]{64}")


def _single_headers(scope: dict[str, Any]) -> dict[str, str]:
    """The headers by lower-case name. Of those that decide here each may come once only."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers", []):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers and name in {"host", "origin", "authorization"}:
            raise RefusedHandshake
        headers[name] = f"{headers[name]}; {value}" if name == "cookie" and name in headers else value
    return headers


def _is_secure(scope: dict[str, Any], headers: dict[str, str]) -> bool:
    """Whether the browser speaks TLS, to us or to the proxy before us (as Django's HttpRequest.is_secure)."""
    proxy_header: tuple[str, str] | None = getattr(settings, "SECURE_PROXY_SSL_HEADER", None)
    if proxy_header is not None:
        name = proxy_header[0].removeprefix("HTTP_").replace("_", "-").lower()
        if name in headers:
            return headers[name].split(",")[0].strip() == proxy_header[1]
    return scope.get("scheme") in {"wss", "https"}
