#!/usr/bin/env python3
"""Times a network in ONNX Runtime on this processor: --device command:'python3 scripts/devices/onnxruntime.py {onnx} {threads}'.
Needs the packages onnxruntime and numpy."""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != here]  # this file has the package's name
import numpy
import onnxruntime

sys.path.append(here)
import timing


def describe():
    return {"name": timing.processor(), "library": f"ONNX Runtime {onnxruntime.__version__}", "features": "CPUExecutionProvider"}


def prepare(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    images = session.get_inputs()[0]
    values = {images.name: numpy.random.default_rng(1).standard_normal(images.shape).astype(numpy.float32)}
    return lambda: session.run(None, values)


timing.main(describe, prepare)
