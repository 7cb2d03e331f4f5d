"""Model observers that note a change instead of sending it.

DCRF's own observer builds its messages when an object is saved and sends them, one group at a time, from a commit
hook that fails the request; and it hooks into every row that is loaded. This one connects to save and delete only
and leaves telling to the unit of work (events.py).
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from djangochannelsrestframework.observer.model_observer import Action, ModelObserver

from .. import events


class ChangeObserver(ModelObserver):
    """Notes each save and delete of `model_cls` as a change of `stream`; connected when it is made."""

    def __init__(
        self,
        model_cls: type[Model],
        *,
        stream: str,
        represent: Callable[[Any], dict[str, Any]],
        identify: Callable[[Any], dict[str, Any]] = lambda instance: {"id": instance.pk},
        is_gone: Callable[[Any], bool] = lambda instance: False,
    ) -> None:
        self.stream = stream
        self._identify = identify
        self._is_gone = is_gone  # saved, but no longer shown: told as a deletion

        def told_by_the_hub() -> None:
            """DCRF names an observer after its handler; ours needs none, since the hub writes to the sockets."""

        super().__init__(told_by_the_hub, model_cls)
        self.serializer(lambda observer, instance, action, **kwargs: represent(instance))

    def _connect(self) -> None:
        uid = f"wardlight.{self.model_cls._meta.label_lower}"
        post_save.connect(self.post_save_receiver, sender=self.model_cls, dispatch_uid=uid)
        post_delete.connect(self.post_delete_receiver, sender=self.model_cls, dispatch_uid=uid)

    def post_save_receiver(self, instance: Model, created: bool, raw: bool = False, **kwargs: Any) -> None:
        if not raw:  # loaddata fills an empty database: there is nobody to tell
            super().post_save_receiver(instance, created, **kwargs)

    def database_event(self, instance: Model, action: Action) -> None:
        """Note the change. It is built when the unit of work ends, so an object saved twice is told once."""
        if action is Action.DELETE or self._is_gone(instance):
            identity = self._identify(instance)  # the instance loses its key once it is deleted
            events.note_change(self.stream, Action.DELETE.value, instance.pk, lambda: identity)
        else:
            events.note_change(self.stream, action.value, instance.pk, lambda: self.build(instance, action))

    def build(self, instance: Model, action: Action) -> dict[str, Any]:
        """The object as the frame's `data`."""
        represented: dict[str, Any] = self._serializer(self, instance, action)
        return represented
