"""The units say what the daemons need, checked by systemd itself where it is."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.prerequisites import missing
from tests.under_unit import UNITS, section

if TYPE_CHECKING:
    from pathlib import Path

DAEMONS = ("cassaforte-till", "cassaforte-central")
ALL = (*DAEMONS, "cassaforte-kiosk")
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "ProtectKernelModules": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RestrictSUIDSGID": "yes",
    "CapabilityBoundingSet": "",
    "DevicePolicy": "closed",
}


@pytest.mark.parametrize("name", ALL)
def test_systemd_finds_nothing_wrong_with_the_unit(name: str, tmp_path: Path) -> None:
    assert verify(installed(name, tmp_path)) == ""


@pytest.mark.parametrize(
    "fault", ["Type=notifies", "WatchdogSec=often", "SystemCallFilter=@no-such-set", "NoSuchSetting=yes"]
)
def test_a_planted_fault_is_found(fault: str, tmp_path: Path) -> None:
    unit = installed("cassaforte-till", tmp_path)
    unit.write_text(unit.read_text().replace("[Service]\n", f"[Service]\n{fault}\n"))

    assert verify(unit) != ""


@pytest.mark.parametrize("name", DAEMONS)
def test_a_daemon_reports_readiness_and_is_watched(name: str) -> None:
    service = section(name)

    assert service["Type"] == ["notify"]
    assert re.fullmatch(r"\d+", service["WatchdogSec"][0])
    assert service["Restart"] == ["always"]


@pytest.mark.parametrize("name", ALL)
def test_each_unit_runs_as_its_own_declared_user(name: str) -> None:
    declared = re.findall(r"^u\s+(\S+)", (UNITS / "sysusers.d" / "cassaforte.conf").read_text(), re.MULTILINE)

    assert section(name)["User"] == [name]
    assert name in declared


@pytest.mark.parametrize("name", DAEMONS)
def test_a_daemon_is_hardened(name: str) -> None:
    service = section(name)

    assert {key: service.get(key, ["missing"])[0] for key in HARDENED} == HARDENED


def test_the_till_reaches_its_devices() -> None:
    service = section("cassaforte-till")

    assert service["SupplementaryGroups"] == ["input lp dialout"]
    assert {"char-input rw", "char-usb_device rw", "char-ttyUSB rw", "char-ttyACM rw"} <= set(service["DeviceAllow"])


def test_the_till_waits_for_no_network() -> None:
    unit = section("cassaforte-till", "Unit")

    assert "network" not in " ".join(unit.get("After", []) + unit.get("Wants", []) + unit.get("Requires", []))


@pytest.mark.parametrize("name", DAEMONS)
def test_systemd_rates_a_daemon_as_little_exposed(name: str, tmp_path: Path) -> None:
    require_systemd()
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(installed(name, tmp_path))]

    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout[-400:] + done.stderr


def installed(name: str, folder: Path) -> Path:
    """Copy a unit as it would stand where its programs exist."""
    text = (UNITS / f"{name}.service").read_text()
    unit = folder / f"{name}.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text))
    if name == "cassaforte-kiosk":
        installed("cassaforte-till", folder)
    return unit


def verify(unit: Path) -> str:
    require_systemd()
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    return subprocess.run(command, check=False, capture_output=True, text=True).stderr


def require_systemd() -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd", "install the package systemd")
