"""YAML → Questionnaire and Study objects: what an author writes, checked and given meaning."""
