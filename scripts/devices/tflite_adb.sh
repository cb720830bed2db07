#!/bin/sh
# Times a network with TensorFlow Lite's benchmark_model on a phone: --device command:'sh scripts/devices/tflite_adb.sh {onnx} {threads}'. Not
# tried: written from the documentation of onnx2tf and of the tool, which prints "Inference timings in us: ... Inference (avg): N".
# Needs adb with one device, /data/local/tmp/benchmark_model there, and the package onnx2tf here.
on_phone=/data/local/tmp
if [ "$1" = --describe ]; then
  name=$(adb shell getprop ro.product.model | tr -d '\r"\\')
  printf '{"name": "%s", "library": "TensorFlow Lite", "features": "%s"}\n' "$name" "$(adb shell getprop ro.board.platform | tr -d '\r"\\')"
  exit
fi
made=$(mktemp -d) || exit 1
trap 'rm -rf "$made"' EXIT
onnx2tf -i "$1" -o "$made" -n >&2 || { echo '{"refused": "onnx2tf does not convert it"}'; exit; }
adb push "$made"/*_float32.tflite $on_phone/hasse.tflite >&2 || exit 1
adb shell $on_phone/benchmark_model --graph=$on_phone/hasse.tflite --num_threads="${2:-1}" --warmup_runs=10 --num_runs=50 2>&1 | tr -d '\r' |
  sed -n 's/.*Inference (avg): \([0-9.e+]*\).*/\1/p' | awk 'END { if ($1 > 0) print $1 / 1000 }'
