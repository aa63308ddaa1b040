"""The waitlist: who waits for what, in turn, and what they are offered."""

from sessional.store.migrate import run_step

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_step(revision)
