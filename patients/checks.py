"""What `manage.py check` says of a configuration that would start and then fail a ward (docs/operations.md)."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

IN_MEMORY_LAYER = "channels.layers.InMemoryChannelLayer"


@register()
def check_tasks(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Reminders wake a worker by a task; one that is not registered wakes nobody."""
    from background_task.tasks import tasks

    from . import tasks as our_tasks  # noqa: F401 - importing registers them
    from .services.reminders import TASK_NAME

    if TASK_NAME in tasks._tasks:
        return []
    return [
        Error(
            f"The background task {TASK_NAME} is not registered.",
            hint="patients/tasks.py must define it with @background.",
            id="wardlight.E001",
        )
    ]


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """With `*` any page that a browser shows may claim to be this server."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error("ALLOWED_HOSTS allows every host.", hint="Name the hosts of this ward.", id="wardlight.E002")
    ]


@register(deploy=True)
def check_doorbell(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Between processes only Redis rings."""
    layer = settings.CHANNEL_LAYERS.get("default", {}).get("BACKEND")
    if layer == IN_MEMORY_LAYER:
        return [
            Error(
                "The in-memory channel layer reaches one process only, and loses messages in it.",
                hint="Set REDIS_URL, or leave CHANNEL_LAYERS empty for a single process.",
                id="wardlight.E003",
            )
        ]
    is_sqlite = settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    if layer is None and not is_sqlite:
        return [
            Warning(
                "Without REDIS_URL several processes hear of each other's changes half a second late.",
                hint="Set REDIS_URL, or silence this where one process serves alone.",
                id="wardlight.W004",
            )
        ]
    return []


@register(Tags.database)
def check_worker(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """`check --database default` on a running system: a silent worker means that no reminder goes out."""
    if not databases or "default" not in databases:
        return []
    from . import clock
    from .models import WorkerHeartbeat
    from .selectors import OLDEST_HEARTBEAT

    try:
        if WorkerHeartbeat._meta.db_table not in connections["default"].introspection.table_names():
            return []  # before the first migration
        newest = WorkerHeartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    except DatabaseError:
        return []  # Django's own checks say so
    if newest is not None and clock.now() - newest <= OLDEST_HEARTBEAT:
        return []
    since = "never" if newest is None else f"last at {newest:%Y-%m-%d %H:%M:%S} UTC"
    return [
        Warning(
            f"No worker is looking for work ({since}): no reminder goes out.",
            hint="Start `manage.py process_tasks`, or `manage.py serve` without --no-worker.",
            id="wardlight.W005",
        )
    ]
