"""The demo's processes: started in a group of their own, started again when they die, stopped in order."""

import asyncio
import contextlib
import signal
import urllib.request
from pathlib import Path

from tools.demo_place import Place, bin_path

ANSWER_S = 60.0
STOP_S = 15.0
_PAUSES_S = (1.0, 2.0, 5.0, 10.0)
_STEADY_S = 30.0  # a program that ran as long as this starts again without growing pauses
_TAIL = 5
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never behind a proxy


class NotReadyError(Exception):
    """A program ended, or does not answer; the text says which, and what it wrote last."""


class Program:
    """One of the demo's processes; what it complains of goes to a file."""

    def __init__(self, name: str, command: list[str], port: int, log: Path) -> None:
        self.name = name
        self.port = port
        self._command = command
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Return the process id, for those who want to kill it."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start it in a group of its own, so that Ctrl-C reaches the demo first, and wait until it answers."""
        await asyncio.to_thread(self._log.parent.mkdir, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, start_new_session=True, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(ANSWER_S):
                while not await asyncio.to_thread(self._answers):
                    if self._process.returncode is not None:
                        raise NotReadyError(f"{self.name} ended at once.\n{self.last_words()}")
                    await asyncio.sleep(0.1)
        except TimeoutError as error:
            raise NotReadyError(f"{self.name} does not answer on port {self.port}.\n{self.last_words()}") from error

    async def wait(self) -> int:
        """Wait for its end."""
        return await self._process.wait() if self._process else 0

    async def stop(self) -> None:
        """Ask it to stop, and make it after a while."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGCONT)  # a paused one could not stop
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def last_words(self) -> str:
        """Return the end of what it wrote, and where the rest is."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
        return "\n".join([*(f"    {line}" for line in lines), f"    (all of it: {self._log})"])

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2):
                return True
        except OSError:
            return False


def programs_of(place: Place) -> list[Program]:
    """Return central and the tills, in the order in which they start."""
    log = place.folder / "log"
    central = Program("central", _command("central", place.central_config), place.central_port, log / "central.log")
    tills = [
        Program(f"till {index}", _command("till", place.till_config(index)), port, log / f"till-{index}.log")
        for index, port in enumerate(place.till_ports, start=1)
    ]
    return [central, *tills]


async def supervise(programs: list[Program], stop: asyncio.Event) -> None:
    """Start again what dies, as systemd would, until told to stop."""
    keepers = [asyncio.ensure_future(_keep(program)) for program in programs]
    await stop.wait()
    for keeper in keepers:
        keeper.cancel()
    await asyncio.gather(*keepers, return_exceptions=True)


async def stop_all(programs: list[Program]) -> None:
    """Stop the tills, which then still reach central, and central after them."""
    await asyncio.gather(*(program.stop() for program in programs[1:]))
    await programs[0].stop()


async def _keep(program: Program) -> None:
    deaths, clock = 0, asyncio.get_running_loop().time
    while True:
        started = clock()
        code = await program.wait()
        deaths = deaths + 1 if clock() - started < _STEADY_S else 0
        print(f"{program.name} {_end(code)}; it is started again …", flush=True)
        await asyncio.sleep(_PAUSES_S[min(deaths, len(_PAUSES_S) - 1)])
        try:
            await program.start()
        except NotReadyError as error:
            print(error, flush=True)
            await program.stop()
        else:
            print(f"{program.name} runs again, process {program.pid}.", flush=True)


def _end(code: int) -> str:
    if code >= 0:
        return f"ended with status {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


def _command(program: str, config: Path) -> list[str]:
    return [str(bin_path(program)), "run", "--config", str(config)]
