"""Two clocks on one stretch of work: the device's own events, and the processor's clock around them. Pure."""

from __future__ import annotations

import math

SLACK_SECONDS = 50e-6
"""Error of both clocks together: events have a resolution of about 1 us, waking up takes tens."""
FREE_SECONDS = 2e-3
"""What submitting and waking up may add to the outside time at most, on a busy machine."""
LEAST_SHARE = 0.5
"""Less than this part of the outside time (beyond the free time) cannot have been the whole work."""


class Disagreement(Exception):
    """The clocks contradict each other; neither is believed."""


def agreed(events: float, outside: float) -> float:
    """The events' seconds, if the outside clock bears them out. Raises Disagreement.

    Work cannot have taken longer on the device than the outside clock ran; and where nearly all of the outside time is
    missing on the device's clock, the work was done where the events do not see it.
    """
    if not (math.isfinite(events) and math.isfinite(outside) and events >= 0 and outside > 0):
        raise Disagreement(f"no times: {events!r} s by events, {outside!r} s outside")
    if events > outside + SLACK_SECONDS:
        raise Disagreement(f"{events * 1e6:.0f} us by events are more than the {outside * 1e6:.0f} us that passed")
    if events < LEAST_SHARE * (outside - FREE_SECONDS):
        raise Disagreement(f"{events * 1e6:.0f} us by events explain too little of {outside * 1e6:.0f} us outside")
    return events
