"""The command line of `python -m bench`."""

import argparse
from collections.abc import Callable

from bench.servers import NAMES

OPERATIONS = ["page", "tiny", "write", "contended", "deep", "scale"]
DESCRIPTION = """\
Measures Sessional beside other servers on this machine: the same documents, the same rows, one process
for each server, ten connections to PostgreSQL for each, PostgreSQL with its default durability, no line
in a log for a request. Every request to Sessional carries a token; the others ask for none. All servers
must first give the same answers; a run with one bad answer fails.

Everything is started here and ended again, on 127.0.0.1 and in a temporary directory (TMPDIR says
where: it should be on the disk that you would really use). Nobody else should be at work on the
machine meanwhile. Needs a PostgreSQL server, Node.js and wrk."""
EXAMPLES = """\
operations:
  page       50 appointments with therapists and their specialisms, another page every time
  tiny       one appointment by its id
  write      one booking, durable, over all diaries
  contended  one booking, durable, all in one diary
  deep       a page from the middle by cursor, and the first page (Sessional only)
  scale      a page at 10,000 appointments and at --appointments (Sessional only)

examples:
  make bench                                            everything: about half an hour
  make bench BENCH=--quick                              does it all work? about two minutes
  python -m bench --only floor,mercurius --operations page --connections 32
  python -m bench --operations scale --large            a page at 10,000,000 appointments
"""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    options = parser().parse_args(arguments)
    if options.quick:
        options.appointments = options.appointments or 20_000
        options.seconds = options.seconds or 1
        options.repeats = options.repeats or 1
    options.appointments = options.appointments or 1_000_000
    options.seconds = options.seconds or 5
    options.repeats = options.repeats or 3
    return options


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=DESCRIPTION, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add(
        "--quick",
        action="store_true",
        help="20,000 appointments, 1 second a run, 1 repeat: shows that it works, measures little",
    )
    add(
        "--only",
        type=some_of(list(NAMES)),
        default=list(NAMES),
        metavar="SERVERS",
        help=f"which servers, with commas between: {', '.join(NAMES)}",
    )
    add(
        "--operations",
        type=some_of(OPERATIONS),
        default=OPERATIONS,
        metavar="OPERATIONS",
        help="which operations, with commas between (all)",
    )
    add(
        "--connections",
        type=counts,
        default=[1, 8, 32],
        metavar="NUMBERS",
        help="how many clients at once, with commas between (1,8,32)",
    )
    add("--seconds", type=positive, help="how long each run lasts, after one second of warming up (5)")
    add("--repeats", type=positive, help="runs of each kind, taking turns; medians count (3)")
    add("--appointments", type=positive, help="how many there are (1000000)")
    add("--large", action="store_true", help="`scale` also at 10,000,000: takes an hour and 15 GB")
    add(
        "--keep-data", action="store_true", help="leave the generated rows in bench/data/ for the next time"
    )
    return parser  # fmt: skip


def some_of(known: list[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        given = [name.strip() for name in text.split(",") if name.strip()]
        unknown = [name for name in given if name not in known]
        if unknown or not given:
            raise argparse.ArgumentTypeError(f"{text!r}; known are {', '.join(known)}")
        return [name for name in known if name in given]

    return names


def counts(text: str) -> list[int]:
    return sorted({positive(part) for part in text.split(",")})


def positive(text: str) -> int:
    number = int(text) if text.strip().isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return number
