#!/bin/sh
# Makes .venv from requirements.lock, once: a second call with nothing changed only reads two checksums.
# Usage: workflow/envs/make_environment.sh        (PYTHON=/path/to/python3.13 chooses the interpreter)
set -eu
cd "$(dirname "$0")/../.."
unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE || true

venv=.venv
stamp=$venv/made-from
started=$(date +%s)

say() { printf '[%3d s] %s\n' "$(($(date +%s) - started))" "$*"; }

# Runs a command silently; shows the end of what it said only where it failed.
quietly() {
    if ! "$@" >"$venv/setup.log" 2>&1; then
        tail -n 25 "$venv/setup.log" >&2
        echo "Setting up failed at: $*" >&2
        exit 1
    fi
}

# "3.13 /path/to/python" for every interpreter that runs, can make environments, and is a version the lock covers.
usable_pythons() {
    while read -r candidate; do
        [ -x "$candidate" ] || continue
        "$candidate" -c 'import sys, venv, ensurepip
version = sys.version_info[:2]
if (3, 12) <= version <= (3, 14): print("%d.%d" % version, sys._base_executable)' 2>/dev/null || true
    done
}

on_path() { for name; do command -v "$name" || true; done; }

in_folders_of_version_managers() {
    for pattern in \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[234]*/bin/python \
        "${UV_PYTHON_INSTALL_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/uv/python}"/*3.1[234]*/bin/python3 \
        "${ASDF_DATA_DIR:-$HOME/.asdf}"/installs/python/3.1[234]*/bin/python \
        "${MISE_DATA_DIR:-$HOME/.local/share/mise}"/installs/python/3.1[234]*/bin/python \
        "${CONDA_PREFIX:-$HOME/miniconda3}"/bin/python \
        "$HOME"/mini*/bin/python "$HOME"/mini*/envs/*/bin/python \
        "$HOME"/mamba*/bin/python "$HOME"/mamba*/envs/*/bin/python \
        "${MAMBA_ROOT_PREFIX:-$HOME/micromamba}"/envs/*/bin/python \
        "$HOME"/anaconda3/bin/python "$HOME"/anaconda3/envs/*/bin/python; do
        echo "$pattern"
    done
}

found_by_uv() { command -v uv >/dev/null && uv python find '>=3.12,<3.15' 2>/dev/null || true; }

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        found=$(command -v "$PYTHON" | usable_pythons)
    else
        found=$({
            on_path python3.13 python3.12 python3.14 python3 python
            in_folders_of_version_managers
            found_by_uv
        } | usable_pythons)
    fi
    for version in 3.13 3.12 3.14; do
        chosen=$(printf '%s\n' "$found" | sed -n "s/^$version //p" | head -n 1)
        [ -z "$chosen" ] || { echo "$chosen"; return; }
    done
    echo "Securebase needs Python 3.12, 3.13 or 3.14 and ${PYTHON:-none was found on this computer}${PYTHON:+ is not one}:" \
        "get one (\"uv python install 3.13\", \"conda create -n python313 python=3.13\", or https://www.python.org/downloads)" \
        "and name it if it is not found by itself, as in \"make demo PYTHON=/path/to/python3.13\"." >&2
    exit 1
}

install_locked_packages() {
    # uv is five times faster, but does not know an index that only pip is configured for
    command -v uv >/dev/null &&
        uv pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements.lock >/dev/null 2>&1 ||
        quietly "$venv/bin/python" -m pip install --no-compile --disable-pip-version-check --require-hashes -r requirements.lock
}

# An uncompiled installation makes every later start three times slower. Left out is what no run imports.
byte_compile() {
    "$venv/bin/python" -m compileall -qq -j 0 \
        -x 'site-packages/(.*/tests?/|pip/|setuptools/|mypyc?/|fontTools/|docutils/)' "$venv/lib" || true
}

install_securebase() {
    quietly "$venv/bin/python" -m pip install --no-deps --no-build-isolation --disable-pip-version-check -e .
    quietly "$venv/bin/python" -m compileall -q models
}

warm_up() {
    if [ -f models/securebase/warm.py ]; then
        say "compiling the likelihood"
        quietly "$venv/bin/python" -m securebase.warm
    fi
}

# The folder is part of the stamp: an environment that was moved or copied points at another checkout.
packages="$(cksum <requirements.lock) in $PWD"
package="$(cksum <pyproject.toml)"

if [ "$(sed -n 1p "$stamp" 2>/dev/null)" != "$packages" ]; then
    python=$(choose_python)
    [ ! -d "$venv" ] || say "$venv is unfinished or was made from another lock: making it anew"
    rm -rf "$venv"
    say "making $venv with $("$python" --version)"
    "$python" -m venv "$venv"
    say "installing $(grep -c '^[a-z0-9].*==' requirements.lock) packages from requirements.lock (about a minute)"
    install_locked_packages
    say "byte-compiling"
    byte_compile
fi
if [ "$(sed -n 2p "$stamp" 2>/dev/null)" != "$package" ]; then
    say "installing securebase"
    install_securebase
    warm_up
    printf '%s\n' "$packages" "$package" >"$stamp"
    say "the environment is ready"
fi
