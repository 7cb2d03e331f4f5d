"""`manage.py describe_roles`: the table of permissions as docs/roles.md has it."""

from typing import Any

from django.core.management.base import BaseCommand

from patients.roles import as_markdown


class Command(BaseCommand):
    help = "Print who may do what, as Markdown: manage.py describe_roles > docs/roles.md"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(as_markdown(), ending="")
