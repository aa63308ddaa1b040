"""sessional migrate: bring a database's schema up to this version."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import typer

from sessional.actions.zone_rules import note_in
from sessional.cli.options import Database, database_url
from sessional.settings import shown
from sessional.store import address
from sessional.store import migrate as steps
from sessional.store.migrations import HEAD


def migrate(database: Database = None) -> None:
    """Create or upgrade the database's schema: all of it, or nothing."""
    url = database_url(database)
    place = address.parse(url)
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
    steps.migrate(place)
    asyncio.run(note_in(place, int(time.time()), unknown_alone=True))
    typer.echo(f"{shown('database', url)} has the schema {HEAD}, which this version needs.")
