"""Keys of machines."""

from sessional.store.migrate import run_step

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_step(revision)
