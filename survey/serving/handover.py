"""How granian hands requests over: to the gateway, in granian's own thread, and not through an event loop.

By RSGI each request becomes a coroutine in a loop, where it waits for its body and then for a thread that answers it.
The loop has to take turns with the threads that make pages, two to four times a request, and that costs a quarter of
the processor time of a page (docs/decisions/0002). granian has no setting for this, so one function of its own is
replaced: pyproject.toml says which versions may be used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

from granian import loops
from granian._granian import CallbackScheduler
from granian.server import mp

from survey.serving.gateway import Arrival, Gateway

_Args = TypeVarTuple("_Args")


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that a body does not go through when it has come."""

    def call_soon_threadsafe(
        self, callback: Callable[[*_Args], object], *args: *_Args, context: Context | None = None
    ) -> asyncio.Handle:
        """Call an `Arrival` at once, in granian's thread; anything else in the loop."""
        if not isinstance(callback, Arrival):
            return super().call_soon_threadsafe(callback, *args, context=context)
        callback(*args)
        return asyncio.Handle(callback, args, self, context)


class _Straight(CallbackScheduler):
    """Gives each request to a gateway."""

    def __init__(self, *_: object) -> None:
        super().__init__()

    def gives_to(self, gateway: Gateway) -> _Straight:
        """Return itself."""
        self._schedule_fn = lambda request: gateway.take(request.scope, request.proto)
        return self


def straighten_loops() -> None:
    """Let granian use our loop in each process that it starts."""

    @loops.register("auto")
    def _build() -> asyncio.AbstractEventLoop:
        loop = _Loop()
        asyncio.set_event_loop(loop)
        return loop


def hand_over_to(gateway: Gateway) -> None:
    """Let granian give the requests of this process to `gateway`. To be called before it begins to serve."""

    def scheduler(loop: Any, _callback: object, impl_asyncio: bool = False) -> _Straight:
        return _Straight(loop, None, None, None, None).gives_to(gateway)

    mp._new_cbscheduler = scheduler  # type: ignore[attr-defined]
