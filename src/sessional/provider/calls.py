"""Calls to the provider: bounded in time, in size and in number, and never led elsewhere."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx
import orjson

from sessional.errors import ProviderUnavailable

SECONDS: float = 5
MOST_BYTES: Final = 262_144
MOST_AT_ONCE: Final = 10
# What is compressed may be a thousand times as long as it looks.
_HEADERS: Final = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "sessional"}


class Calls:
    """Answers status and JSON object. Raises ProviderUnavailable for whatever is no such answer."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(
            headers=_HEADERS,
            verify=ssl.create_default_context(),
            timeout=SECONDS,
            limits=httpx.Limits(max_connections=MOST_AT_ONCE),
            follow_redirects=False,
            trust_env=False,
        )

    async def get(self, address: str) -> Mapping[str, Any]:
        """A document that has to be there."""
        status, answer = await self._send(self._client.build_request("GET", address))
        if status != 200:
            raise ProviderUnavailable(f"a document of it was answered with {status}")
        return answer

    async def post(
        self, address: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, Any]]:
        return await self._send(self._client.build_request("POST", address, data=form, headers=headers))

    async def _send(self, request: httpx.Request) -> tuple[int, Mapping[str, Any]]:
        try:
            async with asyncio.timeout(SECONDS):
                response = await self._client.send(request, stream=True)
                try:
                    if response.status_code >= 500 or response.status_code == 429:
                        raise ProviderUnavailable(f"it answered {response.status_code}")
                    body = b"".join([chunk async for chunk in _bounded(response)])
                finally:
                    await response.aclose()
        except TimeoutError:
            raise ProviderUnavailable("it did not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(f"it cannot be reached ({type(error).__name__})") from None
        return response.status_code, _object(body)

    async def close(self) -> None:
        await self._client.aclose()


async def _bounded(response: httpx.Response) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MOST_BYTES:
            raise ProviderUnavailable(f"it answered more than {MOST_BYTES:,} bytes")
        yield chunk


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ProviderUnavailable("it answered something that is no JSON object")
    return found
