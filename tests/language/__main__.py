"""Write docs/questionnaires.md: `python -m tests.language`."""

from tests.language.manual import MANUAL, manual

if __name__ == "__main__":
    MANUAL.write_text(manual(), encoding="utf-8")
