"""An OpenID provider on loopback: real HTTP, real keys, and every mistake that a test asks for."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT_ID, CLIENT_SECRET = "sessional", "a secret: with %signs/of+its own"


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def shown(kid: str, key: Any, **more: Any) -> dict[str, Any]:
    """The public half, as a key set shows it."""
    maker = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**maker.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", **more}


def public_text(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa_key(), algorithm="RS256", headers={"kid": "first"})


@dataclass
class Provider:
    """What it does is what its fields say; ``reset`` makes it honest again."""

    url: str = ""
    # Who is signed in there.
    person: dict[str, Any] = field(default_factory=dict)
    # What is otherwise in the ID token; None leaves a claim out.
    twisted: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] = signed
    keys: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    # Path -> an answer of another kind: status, headers, body.
    instead: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    # Path -> what is waited for before it is answered.
    waits: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)

    def reset(self, username: str = "ann") -> None:
        self.person = {"sub": f"id-of-{username}", "preferred_username": username}
        self.twisted, self.metadata, self.instead, self.waits, self.back = {}, {}, {}, {}, {}
        self.sign, self.keys, self.asked = signed, [shown("first", rsa_key())], []

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            **self.metadata,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """The way back: whoever comes is signed in already."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], **self.back})}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """An ID token for a code, once."""
        if not self._knows(form, authorization):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.person | self.twisted
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": token}

    def _knows(self, form: dict[str, str], authorization: str) -> bool:
        if "client_secret_basic" not in self.metadata.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        ):
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        pair = b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        return [unquote_plus(part) for part in pair] == [CLIENT_ID, CLIENT_SECRET]


@contextmanager
def running() -> Iterator[Provider]:
    """A provider until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])).decode())

        def _answer(self, body: str) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path in provider.waits:
                provider.waits[parts.path].wait(20)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, headers, content = provider.instead.get(parts.path) or self._usual(
                parts.path, query, form
            )
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def _usual(
            self, path: str, query: dict[str, str], form: dict[str, str]
        ) -> tuple[int, dict[str, str], bytes]:
            if path == "/authorize":
                return 303, {"location": provider.authorize(query)}, b""
            status, found = 200, {"keys": provider.keys} if path == "/keys" else provider.document()
            if path == "/token":
                status, found = provider.redeem(form, self.headers.get("authorization", ""))
            return status, {"content-type": "application/json"}, json.dumps(found).encode()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_port}"
    provider.reset()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
