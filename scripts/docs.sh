#!/bin/sh
# Makes the reference of the public headers: scripts/docs.sh [FOLDER], the default is build/docs. Fails on every warning of doxygen.
set -eu
cd "$(dirname "$0")/.."
if ! command -v doxygen >/dev/null; then
  echo "docs: doxygen is missing; install it: apt-get install doxygen" >&2
  exit 2
fi
folder="${1:-build/docs}"
mkdir -p "$folder"
{ cat docs/reference/Doxyfile; echo "OUTPUT_DIRECTORY = $folder"; } | doxygen -
echo "$folder/html/index.html"
