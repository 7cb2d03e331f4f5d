"""Which hosts and origins are this site: compared in full, by scheme, name and port."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.http import is_same_domain


def is_allowed_host(host: str) -> bool:
    """Whether a Host header names this site (ALLOWED_HOSTS)."""
    allowed = settings.ALLOWED_HOSTS
    if settings.DEBUG and not allowed:
        allowed = [".localhost", "127.0.0.1", "[::1]"]
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def is_own_origin(origin: str, *, host: str, is_secure: bool) -> bool:
    """Whether an Origin header is this host, by scheme, name and port, or one of CSRF_TRUSTED_ORIGINS."""
    asked = _origin_parts(origin)
    if asked is None:
        return False
    if asked == _origin_parts(f"{'https' if is_secure else 'http'}://{host}"):
        return True
    return any(_is_trusted(asked, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


def _is_trusted(asked: tuple[str, str, int], trusted: str) -> bool:
    parts = _origin_parts(trusted.replace("://*.", "://", 1))
    if parts is None:
        return False
    if "://*." in trusted:
        return (asked[0], asked[2]) == (parts[0], parts[2]) and is_same_domain(asked[1], f".{parts[1]}")
    return asked == parts


def _origin_parts(origin: str) -> tuple[str, str, int] | None:
    """Scheme, name and port (the scheme's own where none is named); None where it is no origin ("null")."""
    try:
        parts = urlsplit(origin.lower())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)
