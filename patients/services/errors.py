"""What a service says instead of writing. Both doors turn these into the same answers (api/errors.py)."""

from typing import Any


class ServiceError(Exception):
    """Base of the refusals below."""


class Refused(ServiceError):
    """Values that may not be stored (400): field name -> messages."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class NotAllowed(ServiceError):
    """The role may not make this change (403): field name -> messages, or a sentence under `detail`."""

    def __init__(self, errors: dict[str, Any]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class Stale(ServiceError):
    """The version sent is not the current one (409). `current` is the object as it stands."""

    def __init__(self, current: Any) -> None:
        super().__init__("The object was changed by somebody else in the meantime.")
        self.current = current


class Conflict(ServiceError):
    """The object's state does not admit this (409)."""


class KeyReused(ServiceError):
    """An idempotency key was sent again with another body (422)."""


class Gone(ServiceError):
    """What is asked for is no longer kept (410)."""
