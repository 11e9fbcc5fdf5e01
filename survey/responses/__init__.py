"""What people answered: beginning, saving a page, finishing, and reading it all again."""

from survey.responses.begin import (
    ComingIn,
    Occasion,
    Ticket,
    UnknownDoor,
    begin,
    facts_at_door,
    facts_at_start,
    occasion_at,
    seed_of,
    take_up,
)
from survey.responses.bulk import PastChild, PastResponse, PastSave, insert_responses
from survey.responses.finishing import Done, SaveKey, assent, finish, speak, stop
from survey.responses.reading import Record, Snapshot, count, earlier, load, stream
from survey.responses.saving import LAYOUTS, STRIDE, Saved, SavedPage, kept_by_device, note_waiting, save
from survey.responses.withdrawing import WithdrawalCertificate, erase, withdraw

__all__ = [
    "LAYOUTS",
    "STRIDE",
    "ComingIn",
    "Done",
    "Occasion",
    "PastChild",
    "PastResponse",
    "PastSave",
    "Record",
    "SaveKey",
    "Saved",
    "SavedPage",
    "Snapshot",
    "Ticket",
    "UnknownDoor",
    "WithdrawalCertificate",
    "assent",
    "begin",
    "count",
    "earlier",
    "erase",
    "facts_at_door",
    "facts_at_start",
    "finish",
    "insert_responses",
    "kept_by_device",
    "load",
    "note_waiting",
    "occasion_at",
    "save",
    "seed_of",
    "speak",
    "stop",
    "stream",
    "take_up",
    "withdraw",
]
