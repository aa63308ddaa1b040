"""The second factor of an account: codes of the time (TOTP, RFC 6238) and recovery codes.

By the library `pyotp`. Knows no database and no request; time and chance arrive as arguments.
"""

from __future__ import annotations

from base64 import b32encode
from typing import Final

import pyotp
from pyotp.exceptions import OTPVerificationError

from sessional.credentials import fingerprint

# As long as SHA-1's own result, which RFC 4226 (section 4, R6) recommends.
SECRET_BYTES: Final = 20
# 80 bits: too many to guess, so that a plain hash of a code is enough to know it again.
RECOVERY_BYTES: Final = 10
RECOVERY_CODES: Final = 10
# Clocks may differ by a step of 30 seconds, before or after (RFC 6238, section 5.2).
SKEW_STEPS: Final = 1
LONGEST_CODE: Final = 64
_DIGITS: Final = 6
_LETTERS_TOGETHER: Final = 4
# What an app on a phone shows beside the account's name.
_ISSUER: Final = "Sessional"


def secret_of(chance: bytes) -> str:
    """A secret as people can type it: base 32."""
    return b32encode(chance).decode()


def uri_of(secret: str, username: str) -> str:
    """What an app reads from a picture of it (otpauth://totp/…)."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=_ISSUER)


def is_of_the_time(code: str) -> bool:
    """Whether a code has the form of those that an app shows; else it may be a recovery code."""
    digits = _plain(code)
    return len(digits) == _DIGITS and digits.isascii() and digits.isdecimal()


def step_of(secret: str, code: str, *, now: int) -> int | None:
    """Of which step of time a code is; None where it is of none that is near."""
    if not is_of_the_time(code):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            _plain(code), for_time=now, valid_window=SKEW_STEPS
        )
    except OTPVerificationError:
        return None


def recovery_code_of(chance: bytes) -> str:
    """A code for the drawer: ABCD-EFGH-IJKL-MNOP."""
    letters = b32encode(chance).decode()
    starts = range(0, len(letters), _LETTERS_TOGETHER)
    return "-".join(letters[start : start + _LETTERS_TOGETHER] for start in starts)


def recovery_hash(account_id: int, code: str) -> str:
    """What is kept of a recovery code, however it is typed. It is good for its own account alone."""
    return fingerprint(f"{account_id} {_plain(code).upper()}")


def _plain(code: str) -> str:
    """A code without what people put between its signs."""
    return "".join(code[:LONGEST_CODE].split()).replace("-", "")
