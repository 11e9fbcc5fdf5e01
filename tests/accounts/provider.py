"""A small OpenID Connect provider, as strict as a real one, that says what a test wants it to say."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID = "chorus"
CLIENT_SECRET = "a secret between the provider and us"


@cache
def _key(name: str) -> RSAKey:
    """Return a key, the same for every provider of the tests: two large primes are not found at once."""
    return RSAKey.generate_key(2048, {"kid": name})


class Provider:
    """Serves discovery, keys and tokens. `app` is the WSGI app; set `issuer` to the address it is served at."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = _key("one")
        self.algorithms = ["RS256"]
        self.faults: list[str] = []
        self._codes: dict[str, dict[str, Any]] = {}
        self.app = Flask("provider")
        self.app.get("/.well-known/openid-configuration")(self._discovery)
        self.app.get("/keys")(self._keys)
        self.app.post("/token")(self._token)

    def _discovery(self) -> Response:
        return jsonify(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            jwks_uri=f"{self.issuer}/keys",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=self.algorithms,
            code_challenge_methods_supported=["S256"],
        )

    def _keys(self) -> Response:
        return jsonify(keys=[self.key.as_dict(private=False)])

    def signs_in(self, asked: str, **claims: Any) -> str:
        """Return what the browser brings back, code and state, after someone signed in where `asked` led.

        claims stand in the token beside, or instead of, those of a good one; None leaves one out. `_key`, `_alg` and
        `_no_token` are for tokens that are wrong otherwise.
        """
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert len(query["state"]) >= 20
        assert len(query["nonce"]) >= 20
        assert set(query["scope"].split()) == {"openid", "email"}
        code = secrets.token_urlsafe(16)
        self._codes[code] = {**query, "claims": claims}
        return f"code={code}&state={query['state']}"

    def _token(self) -> Any:
        held = self._codes.pop(request.form.get("code", ""), None)
        verifier = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if held is None or request.headers.get("Authorization") not in (f"Basic {basic}", _quoted()):
            return jsonify(error="invalid_grant"), 400
        if held["code_challenge"] != challenge or held["redirect_uri"] != request.form.get("redirect_uri"):
            self.faults.append("the code was stolen")
            return jsonify(error="invalid_grant"), 400
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 300}
        if "_no_token" not in held["claims"]:
            answer["id_token"] = self._signed(held)
        return jsonify(answer)

    def _signed(self, held: dict[str, Any]) -> str:
        more = dict(held["claims"])
        key, algorithm = more.pop("_key", self.key), more.pop("_alg", "RS256")
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "u-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": held["nonce"],
            "email": "ann@example.org",
            "email_verified": True,
            **more,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


def _quoted() -> str:
    """Return the client's name and secret as RFC 6749 would have them: each quoted first."""
    from urllib.parse import quote_plus

    pair = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


SHARED = OctKey.import_key(CLIENT_SECRET.encode().ljust(32, b"."), {"kid": "one"})
