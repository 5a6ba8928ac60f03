#!/bin/sh
# Fits the same features with Lookalike and with scikit-learn and prints both times; fails above 3 times scikit-learn's.
# scikit-learn comes by a pinned, hashed pip install into .runtime-bench, once.
set -eu

cd -- "$(dirname -- "$0")/../.."
python=${PYTHON:-python3}
target=.runtime-bench
if ! cmp -s bench/requirements.txt "$target/.recipe"; then
	rm -rf "$target"
	PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 "$python" -m pip install --quiet --target "$target" \
		--require-hashes --no-deps --only-binary=:all: -r bench/requirements.txt
	cp bench/requirements.txt "$target/.recipe"
fi
export PYTHONPATH="$PWD/$target"
exec "${GO:-go}" run ./bench/pca -python "$python" "$@"
