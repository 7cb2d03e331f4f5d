"""Which fields the lists of the admin site may be filtered by."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ShownLookups(admin.ModelAdmin):
    """Filters by what its list shows and offers, and by nothing else.

    Django lets whoever may look at a list filter it by each of its fields: `?auth_hash__startswith=a` tells, letter by
    letter, what no page shows.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        named = lookup.split("__")[0]
        shown = {*self.list_display, self.date_hierarchy, *_names(self.list_filter)}
        return named in shown and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


def _names(filters: Iterable[Any]) -> Iterable[str]:
    return (one if isinstance(one, str) else one[0] for one in filters)
