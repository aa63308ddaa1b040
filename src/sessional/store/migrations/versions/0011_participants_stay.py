"""Who takes part in a session is never rewritten."""

from sessional.store.migrate import run_step

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_step(revision)
