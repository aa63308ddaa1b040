"""On record: who did what to which object, chained, and never changed."""

from sessional.store.migrate import run_step

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_step(revision)
