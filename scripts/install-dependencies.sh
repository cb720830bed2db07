#!/bin/sh
# Installs the Debian packages that are missing: scripts/install-dependencies.sh [run|test], the default is test.
set -eu
run="g++ cmake ninja-build python3 libeigen3-dev libboost-dev libdnnl-dev libturbojpeg0-dev libpng-dev libwebp-dev
     zlib1g-dev nlohmann-json3-dev libyaml-cpp-dev libcli11-dev"
test="ccache clang-14 libclang-rt-14-dev libomp-14-dev catch2 libbenchmark-dev python3-onnx doxygen locales g++-aarch64-linux-gnu qemu-user"

case "${1:-test}" in
  run) wanted="$run" ;;
  test) wanted="$run $test" ;;
  *) echo "install-dependencies: '$1' is neither run nor test" >&2; exit 2 ;;
esac

missing=""
for package in $wanted; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "hasse needs these Debian packages, and this machine has no apt-get to install them:$missing" >&2
  exit 2
fi
root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "hasse needs these Debian packages; run as root, or install them yourself: apt-get install$missing" >&2
    exit 2
  fi
  root="sudo"
fi
echo "Installing:$missing"
$root apt-get update -qq
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
