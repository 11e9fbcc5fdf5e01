"""The website as it is served: the server listens, the gateway lets a thread answer, and the worker runs beside them.

Nothing is imported here: what listens can serve another app, and does not wait for Chorus to load then.
"""
