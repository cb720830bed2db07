"""Compares an exported ONNX file in ONNX Runtime with what hasse_evaluate --dump wrote: logits and accuracy.

usage: onnx_check.py NETWORK.batch.onnx DUMP_FOLDER     (needs onnxruntime and numpy)
"""
import pathlib
import sys

import numpy
import onnxruntime

network, folder = sys.argv[1], pathlib.Path(sys.argv[2])
images, labels, ours = (numpy.load(folder / f"{name}.npy") for name in ("images", "labels", "logits"))
session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
theirs = numpy.concatenate([session.run(None, {"images": images[at:at + 100]})[0] for at in range(0, len(images), 100)])
largest = numpy.abs(theirs - ours).max()
accuracy = [100 * (logits.argmax(1) == labels).mean() for logits in (ours, theirs)]
print(f"onnxruntime {onnxruntime.__version__}: {len(images)} images, largest difference of a logit {largest:.2e} "
      f"(relative to the largest logit {largest / numpy.abs(ours).max():.2e}), accuracy {accuracy[0]:.2f} % here, {accuracy[1]:.2f} % there")
sys.exit(1 if largest > 1e-4 * max(1.0, numpy.abs(ours).max()) or abs(accuracy[0] - accuracy[1]) > 0.1 else 0)
