"""The till's side of the wire: one HTTP client that turns every failure into what the caller must do next.

No answer, half an answer, an answer nobody can read and every 5xx are ``CentralUnreachableError``: they say nothing
about what central did, so the caller keeps what it has and asks again.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
import orjson
import zstandard
from pydantic import BaseModel, ValidationError

from commerce.errors import (
    BadInputError,
    CentralFailedError,
    CentralUnreachableError,
    ForbiddenError,
    MessageRejectedError,
    PosError,
)
from commerce.wire import (
    CATALOGUE_SIGNATURE,
    EnrolAnswer,
    EnrolRequest,
    ErrorAnswer,
    GapAnswer,
    HeadsAnswer,
    PushAnswer,
    PushRequest,
)

Model = TypeVar("Model", bound=BaseModel)

_ANSWER_LIMIT = 64 * 1024 * 1024
_COMPRESS_ABOVE = 16 * 1024  # what one flight of TCP carries anyway


@dataclass(frozen=True, slots=True)
class CentralAddress:
    """Where central is. ``ca_file`` names the authority of a company that runs its own."""

    url: str
    token: str | None = None
    ca_file: Path | None = None
    timeout_s: int = 20


def check_url(url: str) -> None:
    """Refuse an address that would carry sales in the clear: TLS unless central is on loopback."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        raise BadInputError("central.tls_required", url=url)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class CentralClient:
    """Talks to central. Open it with ``async with``; one till uses one."""

    def __init__(self, address: CentralAddress) -> None:
        check_url(address.url)
        self._address = address
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "CentralClient":
        headers = {"Accept-Encoding": "zstd"}
        if self._address.token:
            headers["Authorization"] = f"Bearer {self._address.token}"
        tls = ssl.create_default_context(cafile=self._address.ca_file) if self._address.ca_file else True
        self._session = aiohttp.ClientSession(
            self._address.url.rstrip("/") + "/",
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=self._address.timeout_s),
            connector=aiohttp.TCPConnector(ssl=tls, limit=4),
            auto_decompress=False,
            trace_configs=[_no_redirections()],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Give the one-time code; ForbiddenError when it is wrong, used or too old."""
        return await self._ask("POST", "sync/v1/enrol", EnrolAnswer, request)

    async def heads(self) -> HeadsAnswer:
        """Ask what central holds of this till."""
        return await self._ask("GET", "sync/v1/heads", HeadsAnswer)

    async def push(self, request: PushRequest) -> PushAnswer | GapAnswer:
        """Send entries; a gap is an answer, not an error."""
        answer = await self._exchange("POST", "sync/v1/ledger", _encode(request))
        if answer.status == 409:
            return _read(GapAnswer, answer.body)
        answer.check()
        return _read(PushAnswer, answer.body)

    async def changes(self, feed: str, after: str) -> AsyncIterator[object]:
        """Yield the lines of the feed as JSON values: lists of changes, then the trailer; line by line as they come."""
        path = f"sync/v1/changes?feed={feed}&after={after}"
        async with self._streamed(path) as response:
            async for line in _lines(response):
                yield _json(line)

    async def download_snapshot(self, target: Path) -> str:
        """Fetch the ready catalogue file into ``target``, whole unless an error is raised; return its signature."""
        async with self._streamed("sync/v1/snapshot") as response:
            with await asyncio.to_thread(target.open, "wb") as file:
                async for chunk in _plain_chunks(response):
                    await asyncio.to_thread(file.write, chunk)
            return str(response.headers.get(CATALOGUE_SIGNATURE, ""))

    @asynccontextmanager
    async def live(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open the live channel."""
        try:
            close = aiohttp.ClientWSTimeout(ws_close=5)
            async with self._open.ws_connect("sync/v1/live", heartbeat=20, timeout=close) as socket:
                yield socket
        except aiohttp.WSServerHandshakeError as error:
            raise _refusal(error.status, b"", error.headers or {}) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CentralUnreachableError(reason=type(error).__name__) from error

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is not open")
        return self._session

    async def _ask(self, method: str, path: str, answer: type[Model], request: BaseModel | None = None) -> Model:
        answered = await self._exchange(method, path, None if request is None else _encode(request))
        answered.check()
        return _read(answer, answered.body)

    async def _exchange(self, method: str, path: str, encoded: bytes | None) -> "_Answer":
        headers = {"Content-Type": "application/json"}
        if encoded and len(encoded) > _COMPRESS_ABOVE:
            encoded, headers["Content-Type"] = zstandard.compress(encoded, 1), "application/zstd"
        try:
            async with self._open.request(method, path, data=encoded, headers=headers) as response:
                return _Answer(response.status, await _whole(response), response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError, zstandard.ZstdError) as error:
            raise CentralUnreachableError(reason=type(error).__name__) from error

    @asynccontextmanager
    async def _streamed(self, path: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """A stream may take as long as it likes, but not stop."""
        patience = aiohttp.ClientTimeout(total=None, sock_read=self._address.timeout_s)
        try:
            async with self._open.get(path, timeout=patience) as response:
                if response.status != 200:
                    raise _refusal(response.status, await _whole(response), response.headers)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError, zstandard.ZstdError) as error:
            raise CentralUnreachableError(reason=type(error).__name__) from error


def _encode(message: BaseModel) -> bytes:
    return orjson.dumps(message.model_dump())


def _read(model: type[Model], raw: bytes) -> Model:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise CentralUnreachableError("sync.answer_unreadable") from error


def _json(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise CentralUnreachableError("sync.answer_unreadable") from error


def _no_redirections() -> aiohttp.TraceConfig:
    """Sales and token go to the address that was set and nowhere else."""

    async def refuse(_: object, __: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
        wait_s = _retry_after_s(redirect.response.headers.get("Retry-After", ""))
        redirect.response.close()
        raise CentralUnreachableError(reason=f"http.{redirect.response.status}", wait_s=wait_s)

    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(refuse)
    return tracing


@dataclass(frozen=True, slots=True)
class _Answer:
    """A whole answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def check(self) -> None:
        """Raise what an answer other than 200 means."""
        if self.status != 200:
            raise _refusal(self.status, self.body, self.headers)


def _refusal(status: int, raw: bytes, headers: Mapping[str, str]) -> PosError:
    """Return what the caller must do; ``wait_s`` is how long central asked to be left alone."""
    try:
        answer = ErrorAnswer.model_validate_json(raw)
    except ValidationError:
        answer = ErrorAnswer(code=f"http.{status}")
    wait_s = _retry_after_s(headers.get("Retry-After", ""))
    if status in (401, 403):
        return ForbiddenError(answer.code, wait_s=wait_s)
    if status == 500:
        return CentralFailedError(reason=answer.code, wait_s=wait_s)
    if not 400 <= status < 500 or status in (408, 425, 429) or answer.code == f"http.{status}":
        return CentralUnreachableError(reason=answer.code, wait_s=wait_s)
    return MessageRejectedError(answer.code, wait_s=wait_s)


def _retry_after_s(text: str) -> int:
    """Read ``Retry-After``: seconds or a date; 0 where there is none or it makes no sense."""
    if text.isascii() and text.strip().isdigit():
        return int(text.strip()[:9])
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0
    return max(int((until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()), 0)


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """Return a short answer; one that unpacks beyond the limit is no answer."""
    whole = bytearray()
    async for chunk in _plain_chunks(response):
        whole += chunk
        if len(whole) > _ANSWER_LIMIT:
            raise CentralUnreachableError("sync.answer_too_large")
    return bytes(whole)


async def _plain_chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield the decompressed body; a body that ends early is an error."""
    compressed = response.headers.get("Content-Encoding") == "zstd"
    decompressor = zstandard.ZstdDecompressor().decompressobj() if compressed else None
    async for chunk in response.content.iter_chunked(65536):
        plain = decompressor.decompress(chunk) if decompressor else chunk
        if plain:
            yield plain
    if decompressor and not decompressor.eof:
        raise CentralUnreachableError("sync.answer_cut_off")


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in _plain_chunks(response):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line:
                yield line
    if rest:
        yield rest
