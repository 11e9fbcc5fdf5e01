"""Many people: what their scores say, and how far they can be trusted. Arrays in, results out."""
