"""Sending mail: short plain letters to people who sign in. Respondents never get any: no one has their addresses."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final
from urllib.parse import unquote, urlsplit

from survey.config import Mail

_PATIENCE: Final = 15.0
"""Seconds the mail server has for each answer."""

_HERE: Final = ("localhost", "127.0.0.1", "::1")


class NotSent(RuntimeError):
    """A letter was not taken by the mail server. Its text is a sentence without an address in it."""


def send(mail: Mail, to: str, subject: str, text: str) -> None:
    """Hand one letter to the mail server.

    Raises NotSent, with a sentence for the person who wrote, when the server cannot be reached or refuses it.
    """
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = mail.sender, to, subject
    letter["Date"] = formatdate(localtime=False)
    letter["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    letter["Auto-Submitted"] = "auto-generated"  # no holiday replies, please
    letter.set_content(text)
    try:
        with _server(mail) as server:
            server.send_message(letter)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        # Only the kind of the fault: its words hold addresses.
        raise NotSent(
            f"The e-mail could not be sent ({type(error).__name__}). Pass on the link yourself, or try again later."
        ) from None


def _server(mail: Mail) -> smtplib.SMTP:
    parts = urlsplit(mail.server)
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=_PATIENCE, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=_PATIENCE)
    try:
        _greet(server, parts.scheme == "smtps", host)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _greet(server: smtplib.SMTP, secured: bool, host: str) -> None:
    """Let the line be encrypted. A link opens an account, so it goes in the clear to this machine only."""
    server.ehlo()
    if secured:
        return
    if server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    elif host not in _HERE:
        raise smtplib.SMTPNotSupportedError("The server offers no encryption.")
