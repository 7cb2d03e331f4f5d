"""Sign-ins keep no session's key but its hash, and with which password they began.

Nobody is signed out by it: what is live keeps its session, and the password of today counts as the one it began with.
"""

import hashlib
from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.utils.crypto import salted_hmac

# django.contrib.auth.base_user.AbstractBaseUser.get_session_auth_hash, which models of migrations do not have
AUTH_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


def hash_what_is_kept(apps: Any, schema_editor: Any) -> None:
    database = schema_editor.connection.alias
    sign_ins = apps.get_model("patients", "SignIn").objects.using(database)
    for sign_in in sign_ins.filter(ended_at=None).select_related("user").iterator():
        if sign_in.session_hash is not None:
            sign_in.session_hash = hashlib.sha256(sign_in.session_hash.encode()).hexdigest()
        sign_in.auth_hash = salted_hmac(
            AUTH_SALT, sign_in.user.password, secret=settings.SECRET_KEY, algorithm="sha256"
        ).hexdigest()
        sign_in.save(update_fields=["session_hash", "auth_hash"])


def forget_hashes(apps: Any, schema_editor: Any) -> None:
    """On the way back: a hash leads to no session, and is longer than the column was. Browsers sign in anew."""
    sign_ins = apps.get_model("patients", "SignIn").objects.using(schema_editor.connection.alias)
    sign_ins.update(session_hash=None)


class Migration(migrations.Migration):
    dependencies = [("patients", "0016_nurses_pauses_and_slips")]

    operations = [
        migrations.RenameField(model_name="signin", old_name="session_key", new_name="session_hash"),
        migrations.AlterField(
            model_name="signin",
            name="session_hash",
            field=models.CharField(max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="signin",
            name="auth_hash",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.RunPython(hash_what_is_kept, forget_hashes),
    ]
