"""Somebody with an account, and the devices on which they are logged in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.contract.conftest import Place
from tests.support.api import LOG_IN, Api

REFRESH = "mutation($t: String) { refresh(refreshToken: $t) { newToken refreshToken } }"
FIRST_REFRESH = "mutation($t: String) { refresh(refreshToken: $t) { newToken } }"
WHO = "{ viewer { username } }"
SESSIONS = """{ viewer { sessions { totalCount edges { node {
    logInSessionId device createdAt lastUsedAt expiresAt current } } } } }"""
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"


@dataclass
class Device:
    """One log-in."""

    api: Api
    refresh_token: str

    def refresh(self, document: str = REFRESH) -> dict[str, Any]:
        """Obtain new tokens and keep them; answers what was said."""
        answer = self.api.ask(document, {"t": self.refresh_token})
        if found := answer["data"]["refresh"]:
            self.api.token = found["newToken"]
            self.refresh_token = found.get("refreshToken", self.refresh_token)
        return answer

    @property
    def is_in(self) -> bool:
        answer = self.api.ask(WHO)
        if answer["data"]["viewer"] is not None:
            return True
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        return False

    def sessions(self) -> list[dict[str, Any]]:
        page = self.api.data(SESSIONS)["viewer"]["sessions"]
        assert page["totalCount"] == len(page["edges"])
        return [edge["node"] for edge in page["edges"]]

    @property
    def number(self) -> str:
        (mine,) = [each["logInSessionId"] for each in self.sessions() if each["current"]]
        return str(mine)


@dataclass
class Person:
    place: Place
    username: str
    password: str

    def log_in(self, user_agent: str = FIREFOX) -> Device:
        api = self.place.stranger()
        variables = {"u": self.username, "p": self.password}
        answer = api.send(LOG_IN, variables, **{"User-Agent": user_agent}).json()
        assert "errors" not in answer, answer
        api.token = answer["data"]["auth"]["accessToken"]
        return Device(api, answer["data"]["auth"]["refreshToken"])

    def row(self) -> tuple[Any, ...]:
        """The row of the one session that there is: why it was revoked, and what is kept of its token."""
        (found,) = self.place.database.rows(
            "SELECT s.revoked_for, s.refresh_hash, s.previous_hash, s.revoked_at FROM log_in_session s"
            " JOIN account a ON a.account_id = s.account_id WHERE a.username = ?",
            self.username,
        )
        return found
