#!/bin/bash
# Installs what tests use from Debian, as root and only when asked (CI or INSTALL=1); else says what is missing.
set -euo pipefail

wanted=()
command -v chromium >/dev/null || command -v google-chrome >/dev/null || wanted+=(chromium fonts-dejavu-core)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
command -v gcc >/dev/null || wanted+=(gcc libc6-dev)
command -v systemd-analyze >/dev/null || wanted+=(systemd)
command -v bwrap >/dev/null || wanted+=(bubblewrap libseccomp2)
command -v curl >/dev/null && command -v jq >/dev/null || wanted+=(curl jq)
if [ "${#wanted[@]}" -eq 0 ]; then
    echo "System packages: Chromium, PostgreSQL, a C compiler and what imitates systemd's units are here."
    exit 0
fi
if [ -n "${CI:-}${INSTALL:-}" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "System packages: installing ${wanted[*]}; this takes a minute or two."
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null; then
        exit 0
    fi
    echo "System packages: apt-get could not install them (see above); the tests that need them are skipped."
    exit 0
fi
echo "System packages: not here: ${wanted[*]}; tests that need them are skipped (INSTALL=1 as root installs them)."
