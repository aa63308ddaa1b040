"""A place in a group can be held."""

from sessional.store.migrate import run_step

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_step(revision)
