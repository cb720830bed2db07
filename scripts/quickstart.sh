#!/bin/sh
# Installs what is missing, builds hasse_boundary and searches the speed/accuracy boundary of this machine into run/.
# A second start goes on where the first stopped. Arguments go to hasse_boundary, for instance: scripts/quickstart.sh --help
# With --device cuda or --train-on cuda it also builds what runs on a GPU, which needs the CUDA Toolkit.
set -eu
cd "$(dirname "$0")/.."
scripts/install-dependencies.sh run

case " $* " in
  *" --device cuda"* | *" --device=cuda"* | *" --train-on cuda"* | *" --train-on=cuda"*) cuda=ON ;;
  *) cuda=OFF ;;
esac
cmake --preset release -DHASSE_BUILD_BENCH=OFF -DHASSE_CUDA=$cuda
cmake --build build/release --parallel "$(nproc)" --target hasse_boundary

# libgomp reads these when it is loaded: waiting threads must sleep, and threads must stay where they are.
export OMP_WAIT_POLICY=passive OMP_PROC_BIND=true
exec build/release/examples/hasse_boundary "$@"
