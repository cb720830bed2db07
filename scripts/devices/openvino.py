#!/usr/bin/env python3
"""Times a network in OpenVINO: --device command:'python3 scripts/devices/openvino.py {onnx} {threads}'. Needs the packages openvino and
numpy. HASSE_OPENVINO_DEVICE names another device than CPU, such as GPU or NPU."""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != here]  # this file has the package's name
import numpy
import openvino

sys.path.append(here)
import timing

device = os.environ.get("HASSE_OPENVINO_DEVICE", "CPU")


def describe():
    return {"name": openvino.Core().get_property(device, "FULL_DEVICE_NAME"), "library": f"OpenVINO {openvino.__version__}", "features": device}


def prepare(path, threads):
    core = openvino.Core()
    options = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1"}
    if device == "CPU":
        options["INFERENCE_NUM_THREADS"] = threads
        options["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = core.compile_model(path, device, options)
    request = compiled.create_infer_request()
    shape = compiled.input(0).shape
    values = numpy.random.default_rng(1).standard_normal(tuple(shape)).astype(numpy.float32)
    return lambda: request.infer([values])


timing.main(describe, prepare)
