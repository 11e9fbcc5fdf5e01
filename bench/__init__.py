"""Figures, never pass or fail: each beside a baseline measured in the same run, because machines differ."""
