"""`manage.py serve`: one process that serves HTTP and WebSockets, with the worker inside it."""

import contextlib
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from patients.database_limits import limit_waiting


class Command(BaseCommand):
    help = "Serve Wardlight: Daphne, and the background-task worker inside it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen on (8000)")
        parser.add_argument(
            "--no-worker",
            action="store_true",
            help="do not run background tasks: process_tasks does, beside this",
        )

        parser.add_argument(
            "--proxy-headers",
            action="store_true",
            help="take the client's address from X-Forwarded-For: only behind a proxy that sets it anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from patients.realtime.server import WardlightServer
        from patients.services.demo import print_logins

        limit_waiting()
        # Started before its database, or before that was migrated: the server waits, and /health/ready says for what.
        with contextlib.suppress(DatabaseError):
            print_logins(self.stdout.write)
        WardlightServer(
            host=options["host"],
            port=options["port"],
            has_worker=not options["no_worker"],
            has_proxy=options["proxy_headers"],
        ).run()
