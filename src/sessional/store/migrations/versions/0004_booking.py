"""Languages of therapists, codes of why a session was cancelled."""

from sessional.store.migrate import run_step

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_step(revision)
