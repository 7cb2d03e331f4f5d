"""Who sends a REST request: by the key of a sign-in, or by the browser's session with CSRF.

Named in the settings, so nothing here may import DRF's views (they would import this module again).
"""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.authentication import SessionAuthentication as DjangoSessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from .. import clock
from ..models import SignIn
from ..services import sign_ins


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token <key>`. A header that is wrong is refused, whatever else the request brings."""

    keyword = "Token"

    def authenticate(self, request: Any) -> tuple[Any, SignIn] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"token":
            return None
        if len(words) != 2:
            raise AuthenticationFailed('The header has the form "Authorization: Token <key>".')
        # Latin-1 takes any byte: a key with odd ones is simply not found.
        sign_in = sign_ins.authenticate_key(words[1].decode("latin-1"), now=clock.now())
        if sign_in is None:
            raise AuthenticationFailed("This token is not valid, or its sign-in has ended. Sign in again.")
        return sign_in.user, sign_in

    def authenticate_header(self, request: Any) -> str:
        return self.keyword


class SessionAuthentication(DjangoSessionAuthentication):
    """The browser's session, as far as a live sign-in goes with it (config.middleware.SignInMiddleware)."""

    def authenticate(self, request: Any) -> tuple[Any, SignIn] | None:
        sign_in = request._request.get_sign_in()
        if sign_in is None:
            return None
        self.enforce_csrf(request)
        return sign_in.user, sign_in
