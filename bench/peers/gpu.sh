#!/bin/sh
# All figures of a GPU beside PyTorch on the same card: bench/peers/gpu.sh [DEVICE [options of run.py]], the first GPU by default.
# Builds, makes PyTorch's environment unless PEERS names one that is there, measures, and writes the tables of docs/benchmarks.md.
# Stop it at any moment: the same command goes on with what is missing. PEERS=FOLDER and RESULT=FILE are what it takes and leaves;
# ARCHITECTURES=90 builds for such GPUs instead of the one at hand.
set -eu
cd "$(dirname "$0")/../.."
device="${1:-cuda}"
[ $# -eq 0 ] || shift
peers="${PEERS:-build/peers-cuda}" result="${RESULT:-bench/results/gpu.json}"
cmake --preset release -DHASSE_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES="${ARCHITECTURES:-native}"
cmake --build --preset release --target hasse_bench
[ -x "$peers/bin/python" ] || bench/peers/setup.sh --cuda "$peers"
python3 bench/peers/run.py --device "$device" --peers "$peers" --out "$result" "$@"
python3 bench/peers/tables.py "$result"
