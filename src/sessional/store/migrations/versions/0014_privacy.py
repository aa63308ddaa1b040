"""Clients are erased, and old entries of the record are removed from its beginning."""

from sessional.store.migrate import run_step

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_step(revision)
