#!/bin/sh
# Times a network with TensorRT's trtexec: --device command:'sh scripts/devices/trtexec.sh {onnx}'. Not tried: written from the documentation
# of trtexec ("mean"/"median" of the GPU compute time are printed in ms). HASSE_TRTEXEC names the program, HASSE_TRTEXEC_OPTIONS adds options
# such as --fp16.
trtexec=${HASSE_TRTEXEC:-trtexec}
if [ "$1" = --describe ]; then
  name=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -n 1)
  version=$("$trtexec" --help 2>&1 | sed -n 's/.*TensorRT[. ]*\(v[0-9]*\).*/\1/p' | head -n 1)
  printf '{"name": "%s", "library": "TensorRT %s", "features": "%s"}\n' "${name:-NVIDIA GPU}" "$version" "$HASSE_TRTEXEC_OPTIONS"
  exit
fi
said=$("$trtexec" --onnx="$1" --warmUp=200 --duration=1 --useSpinWait --noDataTransfers $HASSE_TRTEXEC_OPTIONS 2>&1) || {
  printf '{"refused": "%s"}\n' "$(printf %s "$said" | grep -m 1 '\[E\]' | tr -d '"\\' | cut -c 1-200)"
  exit
}
printf '%s\n' "$said" | sed -n 's/.*GPU Compute Time:.*median = \([0-9.]*\) ms.*/\1/p' | tail -n 1
