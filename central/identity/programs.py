"""What a browser or program says of itself, as people know it: "Firefox on Linux" and no line of versions."""

import re

from commerce.texts import N_, Translator

# In this order: most of them claim to be those below them too.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
             ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
            ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip
_PROGRAM = re.compile(r"[A-Za-z][\w.+-]*")
_ON = N_("{browser} on {system}")
UNKNOWN = N_("unknown program")


def show_program(agent: str, words: Translator) -> str:
    """Return what stands behind a ``User-Agent``; the first word of what is no browser, such as ``curl``."""
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return words.t(_ON, browser=browser, system=system)
    found = _PROGRAM.match(agent)
    return browser or (found[0] if found else words.t(UNKNOWN))
