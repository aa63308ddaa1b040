"""sessional timezones: what has to happen when the rules of a zone's clocks have changed."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from sessional.actions.zone_moves import Meeting, Move, carry_out, lock, meetings, moves_due
from sessional.actions.zone_rules import note_rules
from sessional.cli.exchange import counted, current
from sessional.cli.options import Database, loaded
from sessional.errors import InvalidArgument
from sessional.store import bulk
from sessional.store.constraints import Conflict

timezones = typer.Typer(help="When the time-zone database has changed.", no_args_is_help=True)


_LINE: Final = "{:<13}{:<11}{:<22}{:<22}{}"
_HEADING: Final = _LINE.format("appointment", "therapist", "starts at", "will start at", "on the clock")
_MEANWHILE: Final = "Somebody has changed the diaries meanwhile. Nothing was moved; look again."


@timezones.command("recompute")
def recompute(
    yes: Annotated[bool, typer.Option("--yes", help="Move them without asking.")] = False,
    database: Database = None,
) -> None:
    """Keep the wall time of future sessions where the rules of their zone's clocks have changed.

    Lists what has to move, asks, and moves all of it or nothing.
    """
    place = current(database)
    moves, against = asyncio.run(_look(place))
    if not moves:
        typer.echo("Nothing has to move.")
        return
    for line in (_HEADING, *map(_line, moves)):
        typer.echo(line)
    _refuse(moves, against)
    if not yes and not _confirmed(moves):
        typer.echo("Nothing was moved.")
        return
    mails = bool(loaded(database=database).settings.smtp_url)
    asyncio.run(_move(place, moves, mails=mails))
    typer.echo(f"Moved {counted(len(moves), 'appointment')}.")


async def _look(place: Path | str) -> tuple[list[Move], list[Meeting]]:
    """What has to move and what stands against it. Only the rules of today are written down."""
    now = int(time.time())
    async with bulk.load(place) as load:
        await note_rules(load.fetch, now)
        moves = await moves_due(load, now)
        return moves, await meetings(load, moves, now)


async def _move(place: Path | str, shown: Sequence[Move], *, mails: bool) -> None:
    """Move what was shown. Raises InvalidArgument where that is not what has to move any more."""
    now = int(time.time())
    try:
        async with bulk.load(place) as load:
            await lock(load, shown)
            if await moves_due(load, now) != shown or await meetings(load, shown, now):
                raise InvalidArgument(_MEANWHILE)
            await carry_out(load, shown, now=now, mails=mails)
    except Conflict:
        raise InvalidArgument(_MEANWHILE) from None


def _refuse(moves: Sequence[Move], against: Sequence[Meeting]) -> None:
    """Say what would meet what. Raises InvalidArgument where there is anything."""
    for one in against:
        typer.echo(_in_the_way(one))
    if against:
        kept = len({one.number for one in against})
        raise InvalidArgument(
            f"Nothing was moved: of {counted(len(moves), 'appointment')}, {kept:,} cannot keep the wall "
            "time. Move or cancel what is in the way, and try again."
        )


def _in_the_way(one: Meeting) -> str:
    which = "a hold" if one.is_hold else f"appointment {one.other}"
    stays = ", which has to move too" if one.moves_too else ""
    span = f"{_instant(one.span.starts_at)} to {_instant(one.span.ends_at)}"
    return f"Appointment {one.number} would meet {which} ({span}){stays}."


def _confirmed(moves: Sequence[Move]) -> bool:
    if not sys.stdin.isatty():
        raise InvalidArgument("There is no terminal to ask whether to move them; use --yes.")
    return typer.confirm(f"Move {counted(len(moves), 'appointment')}?", err=True)


def _line(move: Move) -> str:
    shift, session = move.shift, move.shift.session
    clock = f"{_wall(shift.shown)} {session.zone}"
    if shift.shown != shift.wall:
        clock += f", since {_wall(shift.wall)} is skipped"
    instants = (_instant(session.span.starts_at), _instant(shift.becomes.starts_at))
    return _LINE.format(session.appointment_id, session.therapist_id, *instants, clock)


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _wall(seconds: int) -> str:
    """A wall time is counted as if it were an instant."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
