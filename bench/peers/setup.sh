#!/bin/sh
# Makes the private Python environment of the peers: bench/peers/setup.sh [--cuda] [FOLDER [pip options]].
# The default folder is build/peers: all peers of the processor. With --cuda it is build/peers-cuda: PyTorch alone, for a GPU.
# PyTorch's default package brings 4 GB of CUDA along, which --cuda needs; where pip is told another --index-url, that of PyTorch's
# packages for one CUDA version serves --cuda, and that of its CPU packages (0.7 GB) the processor.
# Nothing outside FOLDER changes. Needs python3 with venv; torch.compile also needs g++ and Python's headers.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
peers=peers list=requirements.txt
if [ "${1:-}" = --cuda ]; then
  peers=peers-cuda list=requirements-cuda.txt
  shift
fi
folder="${1:-build/$peers}"
[ $# -eq 0 ] || shift
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/$list" "$@"
"$folder/bin/python" "$here/peers.py" --versions
