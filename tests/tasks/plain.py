"""Background tasks as any other app would write them: to see that the worker still runs the library's own."""

import os

from background_task import background


@background(queue="notes")
def note_down(path: str, text: str) -> None:
    """Append a line in one write, so that lines of several workers stay whole."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)


@background(queue="notes")
def fail() -> None:
    raise RuntimeError("this task always fails")
