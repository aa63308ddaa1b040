"""A sign-in that is under way: what the browser keeps meanwhile, sealed, so that any worker can go on."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import jwt

FLOW_SECONDS: Final = 600
_ALGORITHM: Final = "HS256"
# The seal has a key of its own, so that it can never be taken for a token or the other way round.
_PURPOSE: Final = b"sessional sign-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What binds the way back to the way there: to the browser, to the ID token, to the code."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (RFC 7636, S256)."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def new_flow(new_text: Callable[[], str]) -> Flow:
    """A new one; ``new_text`` draws a text of 43 to 128 letters that nobody can guess."""
    return Flow(state=new_text(), nonce=new_text(), verifier=new_text())


class Seals:
    """Flows as texts that nobody else can make. New ones use the first secret; every secret opens."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [hmac.digest(secret.encode("utf-8"), _PURPOSE, "sha256") for secret in secrets]

    def seal(self, flow: Flow, *, now: int) -> str:
        claims = {**asdict(flow), "exp": now + FLOW_SECONDS}
        return jwt.encode(claims, self._keys[0], algorithm=_ALGORITHM)

    def open(self, sealed: str, *, now: int) -> Flow | None:
        """The flow, or None where the text is not ours or has ended."""
        for key in self._keys:
            try:
                claims = jwt.decode(sealed, key, algorithms=[_ALGORITHM], options={"verify_exp": False})
            except jwt.InvalidTokenError:
                continue
            if now >= claims["exp"]:
                return None
            return Flow(state=claims["state"], nonce=claims["nonce"], verifier=claims["verifier"])
        return None
