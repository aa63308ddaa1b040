"""What the rules of time zones were, and since when."""

from sessional.store.migrate import run_step

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_step(revision)
