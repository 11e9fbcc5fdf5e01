"""How long data are kept: deletion on the day, the register of what was deleted, backups."""

from survey.retention.applying import Applied, apply_register
from survey.retention.backup import Backup, CannotBackUp, back_up, kept_too_long, restore
from survey.retention.daily import keep_promises, keep_watch
from survey.retention.dates import WARNING, DeletionDay, day_of, days
from survey.retention.deletion import DeletionCertificate, certificate, counted, delete_study, empty_files
from survey.retention.register import Erasure, Register, RegisterDamaged, RegisterUnwritable, watch, write_down

__all__ = [
    "WARNING",
    "Applied",
    "Backup",
    "CannotBackUp",
    "DeletionCertificate",
    "DeletionDay",
    "Erasure",
    "Register",
    "RegisterDamaged",
    "RegisterUnwritable",
    "apply_register",
    "back_up",
    "certificate",
    "counted",
    "day_of",
    "days",
    "delete_study",
    "empty_files",
    "keep_promises",
    "keep_watch",
    "kept_too_long",
    "restore",
    "watch",
    "write_down",
]
