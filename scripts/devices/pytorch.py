#!/usr/bin/env python3
"""Not tried. Times a network in PyTorch: --device command:'python3 scripts/devices/pytorch.py {onnx} {threads}'. Needs the packages torch and
onnx. HASSE_TORCH_DEVICE names another device than cpu, such as cuda."""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != here]
import onnx
import torch
from onnx import numpy_helper

sys.path.append(here)
import timing

device = os.environ.get("HASSE_TORCH_DEVICE", "cpu")


def describe():
    name = timing.processor() if device == "cpu" else torch.cuda.get_device_name(device)
    return {"name": name, "library": f"PyTorch {torch.__version__}, eager", "features": device}


def padded(values, pads, with_what=0.0):
    """ONNX says top, left, bottom, right; PyTorch left, right, top, bottom."""
    if not any(pads):
        return values
    return torch.nn.functional.pad(values, (pads[1], pads[3], pads[0], pads[2]), value=with_what)


def step_of(node, constants):
    """One operation as a function of its inputs."""
    functional = torch.nn.functional
    has = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    pads, strides = has.get("pads", [0, 0, 0, 0]), has.get("strides", [1, 1])
    kind = node.op_type
    if kind == "Conv":
        same = pads[0] == pads[2] and pads[1] == pads[3]
        return lambda values, weights, bias=None: functional.conv2d(
            values if same else padded(values, pads), weights, bias, strides, pads[:2] if same else 0, has.get("dilations", [1, 1]), has.get("group", 1))
    if kind == "Gemm":
        return lambda values, weights, bias=None: functional.linear(values, weights if has.get("transB", 0) else weights.t(), bias)
    if kind == "MaxPool":
        return lambda values: functional.max_pool2d(padded(values, pads, float("-inf")), has["kernel_shape"], strides)
    if kind == "AveragePool":
        if any(pads) and not has.get("count_include_pad", 0):
            if pads[0] != pads[2] or pads[1] != pads[3]:
                raise ValueError("an average pool with uneven padding is not known to this script")
            return lambda values: functional.avg_pool2d(values, has["kernel_shape"], strides, pads[:2], count_include_pad=False)
        return lambda values: functional.avg_pool2d(padded(values, pads), has["kernel_shape"], strides)
    if kind == "Clip":
        return lambda values, least=None, most=None: torch.clamp(values, least, most)
    if kind == "Reshape":
        return lambda values, shape: values.reshape([values.shape[at] if size == 0 else size for at, size in enumerate(shape.tolist())])
    simple = {
        "Relu": functional.relu, "Add": torch.add, "Mul": torch.mul, "Sigmoid": torch.sigmoid, "HardSwish": functional.hardswish,
        "HardSigmoid": functional.hardsigmoid, "GlobalAveragePool": lambda values: values.mean((2, 3), keepdim=True),
        "Flatten": lambda values: values.flatten(has.get("axis", 1)), "Identity": lambda values: values,
        "Concat": lambda *values: torch.cat(values, has["axis"])}
    if kind in simple:
        return simple[kind]
    raise ValueError(f"the operation {kind} is not known to this script")


def prepare(path, threads):
    torch.set_num_threads(threads)
    graph = onnx.load(path).graph
    constants = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()).to(device) for each in graph.initializer}
    shape = [each.dim_value for each in graph.input[0].type.tensor_type.shape.dim]
    images = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(device)
    steps = [(step_of(node, constants), node) for node in graph.node]

    def run():
        values = dict(constants)
        values[graph.input[0].name] = images
        with torch.inference_mode():
            for step, node in steps:
                values[node.output[0]] = step(*[values[name] if name else None for name in node.input])
        if device != "cpu":
            torch.cuda.synchronize()

    return run


timing.main(describe, prepare)
