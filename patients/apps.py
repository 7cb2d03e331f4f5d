from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = "Wardlight"

    def ready(self) -> None:
        from simple_history.signals import post_create_historical_record

        from . import checks as checks
        from . import consumers as consumers  # importing them connects their observers
        from . import events, metrics, roles, triggers
        from .realtime.doorbell import CommandDoorbell
        from .services import access

        post_migrate.connect(roles.create_groups, sender=self, dispatch_uid="wardlight.roles")
        post_migrate.connect(events.create_counter, sender=self, dispatch_uid="wardlight.counter")
        pre_migrate.connect(triggers.make_way, sender=self, dispatch_uid="wardlight.no_triggers")
        post_migrate.connect(triggers.mend, sender=self, dispatch_uid="wardlight.triggers")
        access.connect()
        metrics.register()
        post_create_historical_record.connect(_note_version, dispatch_uid="wardlight.version")
        # Until a server or worker takes over: a command tells the servers that the log grew.
        events.set_publisher(CommandDoorbell().publish)


def _note_version(instance: Any, history_instance: Any, history_user: Any, **_: Any) -> None:
    """Tell the service that saved a report which version it made, and spare reading its users again to tell it."""
    instance.wardlight_history_id = history_instance.history_id
    if history_user is not None and history_instance.history_user_id == history_user.pk:
        history_instance.history_user = history_user
    if hasattr(instance, "recorded_by_id") and "recorded_by" in instance._state.fields_cache:
        history_instance.recorded_by = instance.recorded_by
