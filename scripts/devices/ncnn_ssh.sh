#!/bin/sh
# Times a network with ncnn's benchncnn on a board: --device command:'sh scripts/devices/ncnn_ssh.sh {onnx} {threads}'. Not tried: written from the
# documentation of pnnx and of the tool ("benchncnn LOOPS THREADS POWERSAVE GPU COOLING param=FILE shape=[W,H,C]", which prints min, max and avg in ms).
# Needs HASSE_BOARD (a name for ssh), benchncnn in the home folder there, and pnnx and python3 with onnx here.
if [ "$1" = --describe ]; then
  printf '{"name": "%s", "library": "ncnn", "features": "%s"}\n' "$HASSE_BOARD" "$(ssh "$HASSE_BOARD" uname -m)"
  exit
fi
made=$(mktemp -d) || exit 1
trap 'rm -rf "$made"' EXIT
cp "$1" "$made/net.onnx"
shape=$(python3 -c 'import onnx, sys
n, c, h, w = (each.dim_value for each in onnx.load(sys.argv[1]).graph.input[0].type.tensor_type.shape.dim)
print(f"{n},{c},{h},{w} {w},{h},{c}")' "$1") || exit 1
(cd "$made" && pnnx net.onnx "inputshape=[${shape% *}]" >&2) || { echo '{"refused": "pnnx does not convert it"}'; exit; }
scp -q "$made/net.ncnn.param" "$HASSE_BOARD:hasse.param" || exit 1
ssh "$HASSE_BOARD" ./benchncnn 50 "${2:-1}" 0 -1 0 param=hasse.param "shape=[${shape#* }]" 2>&1 | sed -n 's/.*min = *\([0-9.]*\).*/\1/p' | tail -n 1
