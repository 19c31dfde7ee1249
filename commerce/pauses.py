"""How long to wait before the next attempt, the same for whoever tries again.

Twice as long after every failure, and never the same for two who failed at once: half of a pause is certain, the other
half is chance. Devices have a rule of their own (``terminal.devices.runner``): there is one of each.
"""

import random
from collections.abc import Callable

_MOST_DOUBLINGS = 30


def pause_ms(failures: int, first_ms: int, longest_ms: int, chance: Callable[[int], int] = random.randrange) -> int:
    """Return the pause after so many failures before this one; ``chance(n)`` is one of 0 … n-1."""
    most = min(first_ms << min(failures, _MOST_DOUBLINGS), longest_ms)
    return most - chance(most // 2 + 1)
