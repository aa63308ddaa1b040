"""Clients are told of what they are offered from the waitlist."""

from sessional.store.migrate import run_step

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_step(revision)
