"""An e-mail to the person named to read flagged texts: there is something to read. It has nothing of the text in it."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from survey.config import Settings
from survey.database import Engine, read, write
from survey.post import NotSent, send
from survey.problems import amount
from survey.responses.concerns import told, untold

_LETTER: Final = """Hello,

there is something for you to read in Chorus: {count}.

{address}

You are getting this e-mail because a questionnaire names you as the person who reads flagged texts. It contains nothing
of what was written.
"""


def tell_readers(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write to people who have flagged texts to read, once about each text; return how many letters were sent.

    Does nothing when no mail is set up: the texts wait on the reader's page all the same. A letter that could not be
    sent is told to the log, and tried again the next time.
    """
    if settings.mail is None:
        return 0
    with read(engine) as connection:
        waiting = untold(connection)
    sent = 0
    for email, ids in waiting.items():
        count = amount(len(ids), "text")
        text = _LETTER.format(count=count, address=f"{settings.base_url}/office/concerns")
        try:
            send(settings.mail, email, "Chorus: there is something for you to read", text)
        except NotSent as fault:
            logging.getLogger("chorus").error("%s", fault)
            continue
        with write(engine) as connection:
            told(connection, ids, now)
        sent += 1
    return sent
