#!/bin/sh
# Installs what is missing, builds everything with warnings as errors and runs the whole suite.
# Arguments go to ctest, for instance: scripts/test.sh -L space
set -eu
cd "$(dirname "$0")/.."
scripts/install-dependencies.sh test

launcher=""
if command -v ccache >/dev/null; then
  launcher="-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
  export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS:-pch_defines,time_macros}"
fi
cmake --preset dev -B build/test -DHASSE_TEST_UNITS=ON $launcher
cmake --build build/test --parallel "$(nproc)" --target all all_verify_interface_header_sets
exec ctest --test-dir build/test --parallel "$(nproc)" --output-on-failure "$@"
