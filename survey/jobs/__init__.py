"""Long work: what takes longer than a page is asked for, done by a worker, followed, and fetched when it is ready."""
