"""Run commands beside each other: `python -m tests.support.side_by_side "make lint" … -- pytest …`.

The command behind `--` is the main one: what it prints is shown as it comes, but its last line, which stays the last of
all. The others run one after the other beside it; what each prints is shown when it has ended, with how long it took.
Ends with 1 where any of them failed; all run to their end.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence

showing = threading.Lock()


def show(text: str) -> None:
    with showing:
        sys.stdout.write(text)
        sys.stdout.flush()


def run_aside(commands: Sequence[str], failed: list[str]) -> None:
    for command in commands:
        began = time.monotonic()
        done = subprocess.run(
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        show(f"\n--- {command}\n{done.stdout}--- {time.monotonic() - began:.0f} s: {command}\n")
        if done.returncode:
            failed.append(f"{command} ended with {done.returncode}")


def main(arguments: Sequence[str]) -> int:
    split = list(arguments).index("--")
    commands, main_command = arguments[:split], arguments[split + 1 :]
    failed: list[str] = []
    aside = threading.Thread(target=run_aside, args=(commands, failed))
    aside.start()
    held_back = ""
    with subprocess.Popen(
        main_command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            show(held_back)
            held_back = line
    aside.join()
    for one in failed:
        show(f"FAILED beside it: {one}\n")
    show(held_back)
    return 1 if failed or process.returncode else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
