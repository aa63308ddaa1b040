"""Says on stderr what is going on; the result alone goes to stdout."""

import sys


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
