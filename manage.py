#!/usr/bin/env python
"""Wardlight's command line: `manage.py serve`, `process_tasks`, `demo`, `import_csv` and Django's own."""

import os
import sys

# What these write is read by others too, such as the files that a web server hands out.
WRITE_FOR_OTHERS = {"collectstatic", "makemigrations"}


def main() -> None:
    if not WRITE_FOR_OTHERS.intersection(sys.argv[1:2]):
        os.umask(0o077)  # databases, exports and rejected rows hold patients: they are their owner's alone
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
