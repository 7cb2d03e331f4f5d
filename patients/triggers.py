"""What the database itself refuses, whoever asks: changes of the ledger, and of the history without an entry there.

- The ledger (`Amendment`) takes no UPDATE and no DELETE. Its texts (`AmendmentText`) take no UPDATE, and DELETE only
  for a patient who was anonymised.
- A version of a report takes an UPDATE only where an entry of the ledger for it was written in the same transaction;
  one entry allows one. Whose and which version it is never changes. No version, of a report or patient, is deleted.
- On PostgreSQL TRUNCATE is refused where there is anything to lose.

How an entry allows a change, and why it cannot outlive the transaction: docs/adr/0013.

Made after every migration, where one is missing. SQLite drops a table's triggers with the table, Django makes a table
of SQLite anew to change a column, and renaming it fails while another table's trigger speaks of it: so on SQLite they
are taken away before a migration too. One that breaks off leaves them to the next (`make run` begins with it).
"""

from typing import Any, Final

from django.db import connections

LEDGER: Final = "patients_amendment"
TEXTS: Final = "patients_amendmenttext"
PERMITS: Final = "patients_amendmentpermit"
REPORT_VERSIONS: Final = "patients_historicalreport"
PATIENT_VERSIONS: Final = "patients_historicalpatient"

# What a version is of, and who made it when: an amendment corrects values, never these.
_FIXED: Final = (
    "history_id", "history_date", "history_type", "history_user_id", "id", "patient_id", "recorded_by_id",
    "created_at",
)  # fmt: skip

_APPEND_ONLY: Final = "the ledger is append-only"
_KEPT: Final = "no version is ever deleted: retire it"
_NEEDS_ENTRY: Final = "a version changes only with an entry in the ledger, in the same transaction"
_FIXED_STAYS: Final = "what a version is of, and who made it when, never changes"
_TEXTS_STAY: Final = "the texts go only with the identity of an anonymised patient"
_NEVER: Final = -1  # no permit has this key: see AmendmentPermit.used


def _permits(of: str) -> tuple[str, str]:
    """The two statements by which a new entry allows its one change, or two where a report fell back."""
    insert = f"INSERT INTO {PERMITS} (history_id, used_id)"
    return (
        f"{insert} VALUES ({of}.history_id, {_NEVER});",
        f"{insert} SELECT {of}.restored_history_id, {_NEVER} WHERE {of}.restored_history_id IS NOT NULL;",
    )


def _is_anonymised(of: str) -> str:
    return f"(SELECT anonymised_at FROM patients_patient WHERE id = {of}.patient_id) IS NOT NULL"


# ---------------------------------------------------------------- SQLite
def _sqlite_trigger(name: str, *, when: str, table: str, statements: str) -> tuple[str, str, str]:
    create = f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW BEGIN {statements} END"
    return name, table, create


def _raise(reason: str, *, table: str, where: str = "") -> str:
    return f"SELECT RAISE(ABORT, '{table}: {reason}'){' WHERE ' + where if where else ''};"


def _sqlite_triggers() -> list[tuple[str, str, str]]:
    """(name, table, statement) of each."""
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in _FIXED)
    has_permit = f"EXISTS (SELECT 1 FROM {PERMITS} WHERE history_id = OLD.history_id)"
    triggers = [
        _sqlite_trigger(
            "ledger_permits", when="AFTER INSERT", table=LEDGER, statements=" ".join(_permits("NEW"))
        ),
        _sqlite_trigger(
            "ledger_no_update",
            when="BEFORE UPDATE",
            table=LEDGER,
            statements=_raise(_APPEND_ONLY, table=LEDGER),
        ),
        _sqlite_trigger(
            "ledger_no_delete",
            when="BEFORE DELETE",
            table=LEDGER,
            statements=_raise(_APPEND_ONLY, table=LEDGER),
        ),
        _sqlite_trigger(
            "texts_no_update",
            when="BEFORE UPDATE",
            table=TEXTS,
            statements=_raise(_APPEND_ONLY, table=TEXTS),
        ),
        _sqlite_trigger(
            "texts_no_delete",
            when="BEFORE DELETE",
            table=TEXTS,
            statements=_raise(_TEXTS_STAY, table=TEXTS, where=f"NOT ({_is_anonymised('OLD')})"),
        ),
        _sqlite_trigger(
            "report_version_update",
            when="BEFORE UPDATE",
            table=REPORT_VERSIONS,
            statements=" ".join(
                (
                    _raise(_NEEDS_ENTRY, table=REPORT_VERSIONS, where=f"NOT {has_permit}"),
                    _raise(_FIXED_STAYS, table=REPORT_VERSIONS, where=changed),
                    f"DELETE FROM {PERMITS} WHERE history_id = OLD.history_id;",
                )
            ),
        ),
    ]
    for name, table in (("report_version", REPORT_VERSIONS), ("patient_version", PATIENT_VERSIONS)):
        triggers.append(
            _sqlite_trigger(
                f"{name}_no_delete", when="BEFORE DELETE", table=table, statements=_raise(_KEPT, table=table)
            )
        )
    # INSERT OR REPLACE takes the old row away without asking the triggers of DELETE.
    for name, table, key in (
        ("ledger", LEDGER, "id"), ("texts", TEXTS, "amendment_id"),
        ("report_version", REPORT_VERSIONS, "history_id"), ("patient_version", PATIENT_VERSIONS, "history_id"),
    ):  # fmt: skip
        is_there = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
        triggers.append(
            _sqlite_trigger(
                f"{name}_no_replace",
                when="BEFORE INSERT",
                table=table,
                statements=_raise("this row is there already", table=table, where=is_there),
            )
        )
    return triggers


# ---------------------------------------------------------------- PostgreSQL
_POSTGRESQL_FUNCTIONS: Final = {
    "wardlight_refuse": """
        RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
    """,
    "wardlight_refuse_truncate": """
        DECLARE is_filled boolean;
        BEGIN
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO is_filled;
            IF is_filled THEN
                RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0]
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END;
    """,
    "wardlight_permit_change": " ".join((*_permits("NEW"), "RETURN NULL;")),
    "wardlight_keep_texts": f"""
        IF {_is_anonymised("OLD")} THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION '%: {_TEXTS_STAY}', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    """,
    "wardlight_check_change": f"""
        DELETE FROM {PERMITS} WHERE history_id = OLD.history_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION '%: {_NEEDS_ENTRY}', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF ({", ".join(f"NEW.{column}" for column in _FIXED)})
            IS DISTINCT FROM ({", ".join(f"OLD.{column}" for column in _FIXED)}) THEN
            RAISE EXCEPTION '%: {_FIXED_STAYS}', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    """,
}


def _postgresql_function(name: str, body: str) -> str:
    if not body.strip().startswith("DECLARE"):
        body = f"BEGIN {body} END;"
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $wardlight$ {body} $wardlight$"


def _postgresql_triggers() -> list[tuple[str, str, str]]:
    """(name, table, statement) of each."""

    def trigger(name: str, when: str, table: str, function: str, *arguments: str) -> tuple[str, str, str]:
        each = "STATEMENT" if "TRUNCATE" in when else "ROW"
        quoted = ", ".join(f"'{argument}'" for argument in arguments)
        create = (
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}({quoted})"
        )
        return name, table, create

    refuse, refuse_truncate = "wardlight_refuse", "wardlight_refuse_truncate"
    triggers = [
        trigger("ledger_permits", "AFTER INSERT", LEDGER, "wardlight_permit_change"),
        trigger("ledger_no_update", "BEFORE UPDATE", LEDGER, refuse, _APPEND_ONLY),
        trigger("ledger_no_delete", "BEFORE DELETE", LEDGER, refuse, _APPEND_ONLY),
        trigger("texts_no_update", "BEFORE UPDATE", TEXTS, refuse, _APPEND_ONLY),
        trigger("texts_no_delete", "BEFORE DELETE", TEXTS, "wardlight_keep_texts"),
        trigger("report_version_update", "BEFORE UPDATE", REPORT_VERSIONS, "wardlight_check_change"),
        trigger("report_version_no_delete", "BEFORE DELETE", REPORT_VERSIONS, refuse, _KEPT),
        trigger("patient_version_no_delete", "BEFORE DELETE", PATIENT_VERSIONS, refuse, _KEPT),
    ]
    for name, table, reason in (
        ("ledger", LEDGER, _APPEND_ONLY), ("texts", TEXTS, _APPEND_ONLY),
        ("report_version", REPORT_VERSIONS, _KEPT), ("patient_version", PATIENT_VERSIONS, _KEPT),
    ):  # fmt: skip
        triggers.append(trigger(f"{name}_no_truncate", "BEFORE TRUNCATE", table, refuse_truncate, reason))
    return triggers


# ---------------------------------------------------------------- both
def names(connection: Any) -> set[str]:
    """The names of all triggers that belong on this connection's engine."""
    return {name for name, _, _ in _triggers(connection)}


def present(connection: Any) -> set[str]:
    """The names of the triggers that the database has."""
    if connection.vendor == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {row[0] for row in cursor.fetchall()}


def install(connection: Any) -> None:
    """Make the triggers that are missing."""
    there = present(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name, body in _POSTGRESQL_FUNCTIONS.items():
                cursor.execute(_postgresql_function(name, body))
        for name, _, create in _triggers(connection):
            if name not in there:
                cursor.execute(create)


def remove(connection: Any) -> None:
    """Take the triggers away: to migrate back, and for tests that empty their database."""
    with connection.cursor() as cursor:
        for name, table, _ in _triggers(connection):
            of_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{of_table}")
        if connection.vendor == "postgresql":
            for name in _POSTGRESQL_FUNCTIONS:
                cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")


def make_way(*, using: str, plan: Any, **_: Any) -> None:
    """Before a migration of SQLite that has something to do. Connected to pre_migrate."""
    connection = connections[using]
    if plan and connection.vendor == "sqlite":
        remove(connection)


def mend(*, using: str, **_: Any) -> None:
    """After a migration: make those that are missing, where the tables are there. Connected to post_migrate."""
    connection = connections[using]
    if PERMITS in connection.introspection.table_names():
        install(connection)


def _triggers(connection: Any) -> list[tuple[str, str, str]]:
    return _postgresql_triggers() if connection.vendor == "postgresql" else _sqlite_triggers()
