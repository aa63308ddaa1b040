"""Accounts of staff may have a second factor."""

from sessional.store.migrate import run_step

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_step(revision)
