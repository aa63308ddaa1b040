"""The database's schema, step by step, run by Alembic.

A step is a file of SQL for each database under one name, and an entry in ``STEPS``. The files stay
as they were released; a change is a new step.
"""

from typing import Final

# revision -> file name, in order. The revision is what Alembic notes in the database.
STEPS: Final = {
    "0001": "0001_appointment_api",
    "0002": "0002_diary",
    "0003": "0003_waitlist",
    "0004": "0004_booking",
    "0005": "0005_outbox",
    "0006": "0006_roles",
    "0007": "0007_log_in_sessions",
    "0008": "0008_record",
    "0009": "0009_full_windows",
    "0010": "0010_api_keys",
    "0011": "0011_participants_stay",
    "0012": "0012_zone_rules",
    "0013": "0013_encryption_keys",
    "0014": "0014_privacy",
    "0015": "0015_offers_told",
    "0016": "0016_second_factor",
    "0017": "0017_client_added",
    "0018": "0018_places_held",
}
HEAD: Final = list(STEPS)[-1]
