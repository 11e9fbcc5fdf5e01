"""Signing in with the organisation: OpenID Connect, the code flow with PKCE, state and nonce.

Comes in only who has an account or an open invitation here, by an address the provider says it has verified.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, abort, current_app, make_response, render_template, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from werkzeug.wrappers import Response as Reply

from survey.admission import tidy
from survey.config import Settings
from survey.database import write
from survey.pages.account import entering
from survey.pages.account.datastore import Accounts, FlaskUser
from survey.pages.account.pages import account, now
from survey.pages.account.sessions import OFFICE
from survey.pages.store import store
from survey.people.accounts import bind
from survey.people.invitations import invitation_for, token_hash, use

log = logging.getLogger("survey")

_NAME: Final = "organisation"
_NEXT: Final = "next"
_PATIENCE: Final = 10
"""Seconds the provider has for each answer."""

_SIGNED_WITH: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that only the provider can make: none with a shared secret, and never none at all."""

_LATE: Final = 60
"""Seconds by which the provider's clock may differ from ours."""

_UNKNOWN: Final = (
    "Your organisation knows you, but no one has invited you here with this e-mail address. Ask the person who runs "
    "the study to invite you."
)
_UNVERIFIED: Final = (
    "Your organisation has not confirmed your e-mail address, so we cannot tell who you are. Please ask its helpdesk."
)
_SOMEBODY_ELSE: Final = (
    "This e-mail address used to belong to another person at your organisation. Please ask your administrator."
)
_FAILED: Final = "Signing in with your organisation did not work. Please try again; nothing was changed."
_SILENT: Final = "Your organisation's sign-in is not answering. Please try again in a few minutes."


def connect(app: Flask, settings: Settings) -> None:
    """Let people of the organisation in the settings sign in to `app`. Nothing is asked of the provider yet."""
    organisation = settings.organisation
    if organisation is None:
        return
    providers = OAuth(app)
    providers.register(
        _NAME,
        client_id=organisation.client_id,
        client_secret=organisation.client_secret,
        server_metadata_url=f"{organisation.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "default_timeout": _PATIENCE},
    )


@account.get(f"{OFFICE}/sign-in/organisation")
def organisation() -> ResponseReturnValue:
    """Send someone to their organisation's sign-in page."""
    provider = _provider()
    back = entering.way_back()
    session.clear()
    if back:
        session[_NEXT] = back
    try:
        _use_safe_signatures(provider)
        there: Reply = provider.authorize_redirect(f"{store().settings.base_url}{url_for('account.from_organisation')}")
    except (requests.RequestException, OAuthError, ValueError, RuntimeError) as error:
        return _refused(_SILENT, error, 503)
    return there


@account.get(f"{OFFICE}/sign-in/organisation/back")
def from_organisation() -> ResponseReturnValue:
    """Let in who the organisation says this is, when they have a place here."""
    provider = _provider()
    back = session.get(_NEXT)
    try:
        _use_safe_signatures(provider)
        token = provider.authorize_access_token(claims_options=_claims(provider), leeway=_LATE)
    except requests.RequestException as error:
        return _refused(_SILENT, error, 503)
    except (OAuthError, JoseError, ValueError, KeyError, TypeError, RuntimeError) as error:
        return _refused(_FAILED, error)
    claims = token.get("userinfo")
    if not claims:  # the answer held no signed token at all
        return _refused(_FAILED)
    return _enter(dict(claims), back)


def _enter(claims: dict[str, Any], back: str | None) -> Reply:
    email = tidy(str(claims.get("email") or ""))
    if not email or claims.get("email_verified") is not True:
        return _refused(_UNVERIFIED)
    user = Accounts().find_user(email=email)
    if user is None or not user.active:
        user = _accept(email)
    if user is None:
        return _refused(_UNKNOWN)
    with write(store().engine) as connection:
        same = bind(connection, user.id, token_hash(f"{claims['iss']} {claims['sub']}"))
    if not same:
        return _refused(_SOMEBODY_ELSE)
    return entering.first_step_done(user, "organisation", vouched=_asked_twice(claims), back=back)


def _accept(email: str) -> FlaskUser | None:
    """Make the account of someone with an open invitation; None for everyone else."""
    with write(store().engine) as connection:
        invited = invitation_for(connection, email, now())
        account_id = None if invited is None else use(connection, invited, None, now())
    return None if account_id is None else Accounts().find_user(id=account_id)


def _asked_twice(claims: dict[str, Any]) -> bool:
    """True when the provider says it asked for more than a password (RFC 8176)."""
    ways = claims.get("amr")
    return isinstance(ways, list) and "mfa" in ways


def _claims(provider: Any) -> dict[str, Any]:
    """Return what must stand in the token: our provider's name as it was set here, and ours alone as the audience."""
    settings = store().settings
    issuer = settings.organisation.issuer if settings.organisation else ""
    return {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "exp": {"essential": True},
        "nonce": {"essential": True},
    }


def _use_safe_signatures(provider: Any) -> None:
    metadata = provider.load_server_metadata()
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    safe = [one for one in offered if one in _SIGNED_WITH]
    if not safe:
        raise ValueError("The provider offers no signature that is its own.")
    metadata["id_token_signing_alg_values_supported"] = safe


def _provider() -> Any:
    providers = current_app.extensions.get("authlib.integrations.flask_client")
    if store().settings.organisation is None or providers is None:
        abort(404)
    return providers.create_client(_NAME)


def _refused(sentence: str, error: Exception | None = None, status: int = 403) -> Reply:
    session.clear()
    if error is not None:  # only its kind: its words may hold what the provider was asked
        log.warning("%s while signing in with the organisation", type(error).__name__)
    passwords = store().settings.passwords
    return make_response(render_template("account/not-let-in.html", sentence=sentence, passwords=passwords), status)
