#!/bin/sh
# Makes the private Python environment of the peers: bench/peers/setup.sh [FOLDER [pip options]], the default is build/peers.
# Nothing outside FOLDER changes. PyTorch's default package brings 4 GB of CUDA along; with --index-url (pip) of its CPU packages
# it is 0.7 GB. Needs python3 with venv; torch.compile also needs g++ and Python's headers.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
folder="${1:-build/peers}"
[ $# -eq 0 ] || shift
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" "$@"
"$folder/bin/python" "$here/peers.py" --versions
