"""`manage.py process_tasks`: a worker of its own, as many as you like, beside the servers.

The library's command of the same name, with its options, on time: see patients/worker.py.
"""

import asyncio
import signal
import time
from typing import Any

from background_task.management.commands.process_tasks import Command as LibraryCommand
from background_task.management.commands.process_tasks import _configure_log_std
from background_task.tasks import autodiscover
from django.utils import autoreload

from patients import events
from patients.database_limits import limit_waiting
from patients.realtime.doorbell import Doorbell
from patients.worker import LONGEST_SLEEP, Worker, work


class Command(LibraryCommand):
    """`--duration`, `--sleep`, `--queue`, `--log-std` and `--dev` mean what they mean in the library.

    `--sleep` is the longest pause between two looks; half a second unless said.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dev"]:
            autoreload.run_with_reloader(self.run, **options)
        else:
            self.run(**options)

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.set_defaults(sleep=LONGEST_SLEEP)

    def run(self, *args: Any, **options: Any) -> None:
        if options["log_std"]:
            _configure_log_std()
        limit_waiting()
        autodiscover()
        asyncio.run(self._work(options))

    async def _work(self, options: dict[str, Any]) -> None:
        is_stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, is_stopped.set)
        doorbell = Doorbell(loop)
        events.set_publisher(lambda entries: doorbell.ring_soon(entries[-1].number))
        ends_at = time.monotonic() + options["duration"] if options["duration"] > 0 else None
        worker = Worker(queue=options["queue"], longest_sleep=options["sleep"])
        working = loop.create_task(
            work(worker, should_stop=lambda: ends_at is not None and time.monotonic() > ends_at)
        )
        stopping = loop.create_task(is_stopped.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        await asyncio.wait({working})
        stopping.cancel()
        await doorbell.finish()
