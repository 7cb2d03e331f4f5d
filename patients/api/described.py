"""What an action of the API says of itself, for /swagger: stood beside the action, read by documentation.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

Action = TypeVar("Action", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What /swagger cannot see from the outside of an action. Its docstring gives the summary and the rest.

    `answer` and `body` are serializer classes, or None where there is no body. `listing` names the key of
    listing.RESOURCES whose pages are answered. `errors` are statuses beyond those that follow from the rest.
    """

    answer: type[Any] | None = None
    body: type[Any] | None = None
    files: dict[str, str] = field(
        default_factory=dict
    )  # in the place of a body: part -> explanation; the first is needed
    purpose: str = "Create"  # which body: see schemas.py
    status: int = 200
    is_array: bool = False
    is_by_name: bool = False  # an object whose members are all of this kind
    listing: str | None = None
    query: dict[str, str] = field(default_factory=dict)  # name -> explanation
    errors: frozenset[int] = frozenset()
    takes_key: bool = False  # an Idempotency-Key
    is_open: bool = False  # to strangers, too


def describe(**what: Any) -> Callable[[Action], Action]:
    """Decorate an action with its `Description`."""
    description: Final = Description(**what)

    def mark(action: Action) -> Action:
        action.described = description  # type: ignore[attr-defined]
        return action

    return mark
