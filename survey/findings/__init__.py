"""A study analysed as its plan says: each finding says its n, its interval, its notes and its sentence."""
