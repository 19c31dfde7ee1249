"""A till's documented HTTP API as a program on the same machine uses it."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any

JSON = {"Content-Type": "application/json"}


class TillGoneError(Exception):
    """No answer: nobody knows whether the till did it."""


@dataclass(frozen=True)
class Answer:
    """What the till said."""

    status: int
    values: dict[str, Any]

    @property
    def code(self) -> str:
        """The stable code of a refusal, empty when it is none."""
        return "" if self.status == 200 else str(self.values["code"])


class TillApi:
    """Asks one till; tokens are fetched as needed."""

    def __init__(self, port: int, language: str = "en") -> None:
        self._port = port
        self._language = language
        self._connection: http.client.HTTPConnection | None = None
        self._token: str | None = None

    def state(self) -> dict[str, Any]:
        """Return the whole view."""
        return self._ask("GET", "/api/v1/state").values

    def act(self, path: str, body: dict[str, Any]) -> Answer:
        """Send an act."""
        if self._token is None:
            self._token = self._ask("POST", "/api/v1/tokens", {}).values["token"]
        return self._ask("POST", f"/api/v1/{path}", body)

    def get(self, path: str) -> Answer:
        """Ask for something."""
        return self._ask("GET", path)

    def speak(self, language: str) -> None:
        """Ask for answers in this language from now on."""
        self._language = language

    def forget(self) -> None:
        """Let go of connection and token: the till has been started anew."""
        self._token = None
        if self._connection:
            self._connection.close()
            self._connection = None

    def wait_until_up(self, deadline_s: float = 30) -> None:
        """Return when the till answers."""
        end = time.monotonic() + deadline_s
        while True:
            try:
                self._ask("GET", "/health")
            except TillGoneError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        headers = {"Accept-Language": self._language, **JSON, **({"X-Till-Token": self._token} if self._token else {})}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = self._connection.getresponse()
            return Answer(response.status, json.loads(response.read()))
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.forget()
            raise TillGoneError(path) from error
