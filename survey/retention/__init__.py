"""How long data are kept: deletion on the day, the register of what was thrown away, backups."""
