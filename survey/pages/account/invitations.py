"""Coming in by a link: an invitation, or the way back for who forgot their password."""

from __future__ import annotations

import logging
import threading
from typing import Final

from flask import abort, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as Reply

from survey import post
from survey.admission import place_in_words
from survey.database import StoreError, read, write
from survey.pages.account import entering
from survey.pages.account.checking import hashed
from survey.pages.account.datastore import Accounts
from survey.pages.account.forms import ForgottenForm, PasswordForm
from survey.pages.account.pages import account, now, page
from survey.pages.account.sessions import OFFICE
from survey.pages.store import Store, store
from survey.people import NotPossible
from survey.people.invitations import DAYS, Invited, by_token, forgotten, use

log = logging.getLogger("survey")

_LETTERS_AT_ONCE: Final = threading.BoundedSemaphore(20)
"""So many letters wait at most: anyone who asks a thousand times does not fill the server."""


def address_of(token: str) -> str:
    """Return the address of an invitation's or reset link's page."""
    return f"{store().settings.base_url}{OFFICE}/welcome/{token}"


# ---- the link --------------------------------------------------------------------------------------------


@account.get(f"{OFFICE}/welcome/<token>")
def welcome(token: str) -> ResponseReturnValue:
    """Ask for a password. Looking uses nothing up: some mail programs open links by themselves."""
    invited = _by_token(token)
    if invited is None:
        return _dead()
    return _page(invited, _form(invited))


@account.post(f"{OFFICE}/welcome/<token>")
def come_in(token: str) -> ResponseReturnValue:
    """Keep the password someone chose, and let them in; the link is used up."""
    invited = _by_token(token)
    if invited is None:
        return _dead()
    if not store().settings.passwords:
        abort(404)
    form = _form(invited)
    if not form.validate():
        return _page(invited, form)
    password_hash = hashed(form.new.data or "")
    try:
        with write(store().engine) as connection:
            account_id = use(connection, invited, password_hash, now())
    except NotPossible:
        return _dead()
    user = Accounts().find_user(id=account_id)
    if user is None:
        return _dead()
    # Who holds the link has a mailbox, not a phone: the second factor is asked for as ever.
    return entering.first_step_done(user, "link")


def _by_token(token: str) -> Invited | None:
    with read(store().engine) as connection:
        return by_token(connection, token, now())


def _form(invited: Invited) -> PasswordForm:
    return PasswordForm(invited.email, first=True)


def _page(invited: Invited, form: PasswordForm) -> Reply:
    where = place_in_words(store().engine, invited.given) if invited.given else ""
    settings = store().settings
    organisation = settings.organisation is not None
    return page(
        "account/welcome.html",
        form,
        invited=invited,
        where=where,
        passwords=settings.passwords,
        organisation=organisation,
    )


def _dead() -> Reply:
    return make_response(render_template("account/dead-link.html", kind="invitation"), 404)


# ---- a forgotten password --------------------------------------------------------------------------------


@account.get(f"{OFFICE}/sign-in/forgotten")
def forgot() -> ResponseReturnValue:
    """Ask for the address of who forgot their password; without mail, say whom to ask."""
    if not store().settings.passwords:
        abort(404)
    return page("account/forgotten.html", ForgottenForm(), mail=store().settings.mail is not None)


@account.post(f"{OFFICE}/sign-in/forgotten")
def forgetting() -> ResponseReturnValue:
    """Send a link where the address has an account. What is said, and how long it takes, is the same for every address.

    So nothing is looked up before the reply: that, and the letter, come after it.
    """
    if not store().settings.passwords or store().settings.mail is None:
        abort(404)
    form = ForgottenForm()
    if not form.validate():
        return page("account/forgotten.html", form, mail=True)
    if not _LETTERS_AT_ONCE.acquire(blocking=False):
        abort(503)
    writer = threading.Thread(target=_write_letter, args=(store(), form.email.data or ""), daemon=True)
    writer.start()
    return redirect(url_for("account.letter_sent"))


@account.get(f"{OFFICE}/sign-in/forgotten/sent")
def letter_sent() -> ResponseReturnValue:
    """Say that a letter is on its way, where there is an account."""
    return make_response(render_template("account/letter-sent.html", days=DAYS))


def _write_letter(here: Store, email: str) -> None:
    try:
        with write(here.engine) as connection:
            token = forgotten(connection, email, now())
        if token is not None and here.settings.mail is not None:
            link = f"{here.settings.base_url}{OFFICE}/welcome/{token}"
            post.send(
                here.settings.mail, email, "Chorus: choose a new password", _FORGOTTEN.format(link=link, days=DAYS)
            )
    except (StoreError, post.NotSent) as error:
        log.error("%s while sending a link for a forgotten password", type(error).__name__)
    finally:
        _LETTERS_AT_ONCE.release()


_FORGOTTEN: Final = """\
Someone, probably you, said on the Chorus sign-in page that they had forgotten their password.

Choose a new one here:
{link}

The link works once, for {days} days. If it was not you, you do not need to do anything: your password has not changed.
"""

_INVITATION: Final = """\
{inviter} invites you to Chorus as {role} ({where}).

Choose your password here:
{link}

The link works once, for {days} days. If you did not expect this, you do not need to do anything.
"""

_RESET: Final = """\
{inviter} made a link for you to choose a new password for Chorus:
{link}

The link works once, for {days} days. Your old password works until then.
"""


def invitation_letter(email: str, role: str, where: str, token: str, inviter: str) -> str | None:
    """Send an invitation, where mail is set up. Return what to tell the inviter; None when it was sent."""
    text = _INVITATION.format(inviter=inviter, role=role, where=where, link=address_of(token), days=DAYS)
    return _send(email, "An invitation to Chorus", text)


def reset_letter(email: str, token: str, inviter: str) -> str | None:
    """Send a link for a new password. Return what to tell who made it; None when it was sent."""
    text = _RESET.format(inviter=inviter, link=address_of(token), days=DAYS)
    return _send(email, "Chorus: choose a new password", text)


def _send(email: str, subject: str, text: str) -> str | None:
    mail = store().settings.mail
    if mail is None:
        return "E-mail is not set up here, so please pass on this link yourself. It is shown only once."
    try:
        post.send(mail, email, subject, text)
    except post.NotSent as fault:
        return str(fault)
    return None
