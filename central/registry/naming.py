"""What records of the small registries are called: their code and their name."""

from typing import Any


def coded(card: Any) -> str:  # noqa: ANN401 - any card with a code and a name
    """Return code and name; of several languages the first."""
    name = getattr(card, "name", "") or next(iter(getattr(card, "names", {}).values()), "")
    return " · ".join(filter(None, (card.code, name)))
