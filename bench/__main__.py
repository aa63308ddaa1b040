"""`python -m bench`: sets the stage, checks that all servers agree, measures, and reports."""

import os
import secrets
import shutil
import signal
import sys
import tempfile
from argparse import Namespace
from pathlib import Path
from types import FrameType

from bench import agreement, machine, measure, report
from bench.database import Database, PostgresMissing
from bench.load import Load, LoadFailed, ensure_wrk
from bench.loading import LoadingFailed
from bench.options import parse
from bench.servers import ServerFailed
from bench.slots import Slots
from bench.stage import DATA, Stage, postgres_for, stage
from bench.summary import Summary
from bench.words import say

WARM_UP_SECONDS = 1
EXPECTED = (
    PostgresMissing, LoadFailed, LoadingFailed, ServerFailed, agreement.Disagreement,
)  # fmt: skip


def main() -> int:
    options = parse()
    signal.signal(signal.SIGTERM, stop)
    os.environ.setdefault("SESSIONAL_SECRET", secrets.token_hex(32))
    os.environ.setdefault("SESSIONAL_ENCRYPTION_KEY", secrets.token_hex(32))
    try:
        ensure_wrk()
        in_temporary_directory(options)
    except EXPECTED as error:
        say(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        say("bench: stopped; nothing is left running")
        return 130
    return 0


def stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)


def in_temporary_directory(options: Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="sessional-bench-") as name:
        directory = Path(name)
        if machine.in_memory(directory):
            say(f"Warning: {directory} is in memory, so nothing is durable. TMPDIR=… says another.")
        try:
            with postgres_for(options.only) as database:
                everything(options, database, directory)
        finally:
            if not options.keep_data:
                shutil.rmtree(DATA, ignore_errors=True)


def everything(options: Namespace, database: Database | None, directory: Path) -> None:
    about = described(options, database)
    with stage(options.only, options.appointments, database, directory) as full:
        slots = Slots()
        say("Checking that all servers give the same answers …")
        agreement.check(full.servers, options.operations, options.appointments, slots)
        load = Load(
            seconds=options.seconds, warm_up_seconds=WARM_UP_SECONDS, slots=slots,
            appointments=options.appointments, directory=directory, database=database,
        )  # fmt: skip
        summary = measured(load, full, options)
    say(f"Raw numbers: {report.save(summary, about)}")
    print(report.markdown(summary, about))


def measured(load: Load, full: Stage, options: Namespace) -> Summary:
    """Reads before writes, so that pages are read from the table that was loaded."""
    deep = measure.deep(load, full, options) if "deep" in options.operations else []
    scale = measure.scale(load, full, options) if "scale" in options.operations else {}
    return Summary(
        runs=[*measure.compare(load, full, options), *deep],
        scale=scale,
        start_seconds={server.name: server.start_seconds for server in full.servers},
    )


def described(options: Namespace, database: Database | None) -> dict[str, object]:
    return machine.description() | {
        "postgresql": database.version if database else "no PostgreSQL",
        "appointments": options.appointments,
        "seconds": options.seconds,
        "repeats": options.repeats,
    }


if __name__ == "__main__":
    sys.exit(main())
