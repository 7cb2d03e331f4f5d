"""How often generated and fault tests repeat: reduced in `make test`, full in `make torture`."""

import os

IS_TORTURE = os.environ.get("TORTURE", "0") == "1"


def count(*, reduced: int, full: int) -> int:
    """The number of repetitions for this run."""
    return full if IS_TORTURE else reduced
