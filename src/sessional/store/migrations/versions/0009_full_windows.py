"""An index that alone tells which windows of many diaries are full."""

from sessional.store.migrate import run_step

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_step(revision)
