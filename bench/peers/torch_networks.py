"""Networks of hasse as PyTorch modules: an exported ONNX file for inference, the unfolded layers (NAME.json) for training.

Both become one list of steps (function or module, inputs, output), so that PyTorch runs the operations that hasse runs."""
import collections
import json

import numpy
import torch
from torch import nn
from torch.nn import functional


class Network(nn.Module):
    """Runs steps in a row; a value is dropped after its last reader, so that nothing lives longer than in a hand-written module."""

    def __init__(self, steps, source, result):
        super().__init__()
        readers = collections.Counter(name for _, inputs, _ in steps for name in inputs)
        self.parts = nn.ModuleList([step if isinstance(step, nn.Module) else Apply(step) for step, _, _ in steps])
        last = {name: index for index, (_, inputs, _) in enumerate(steps) for name in inputs}
        self.wiring = [(inputs, output, [name for name in dict.fromkeys(inputs) if last[name] == index and name != result])
                       for index, (_, inputs, output) in enumerate(steps)]
        self.source, self.result = source, result
        made_by = {output: index for index, (_, _, output) in enumerate(steps)}
        for index, (step, inputs, _) in enumerate(steps):  # in place where the producer keeps nothing of its output
            producer = made_by.get(inputs[0])
            if isinstance(step, (nn.ReLU, nn.ReLU6)) and producer is not None and readers[inputs[0]] == 1:
                step.inplace = isinstance(self.parts[producer], (nn.Conv2d, nn.BatchNorm2d, Apply))

    def forward(self, images):
        values = {self.source: images}
        for part, (inputs, output, done) in zip(self.parts, self.wiring):
            values[output] = part(*[values[name] for name in inputs])
            for name in done:
                del values[name]
        return values[self.result]


class Apply(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def convolution(shape, stride, pads, groups, bias):
    """`pads`: top, left, bottom, right; what is not symmetric is padded apart, as PyTorch users do for SAME."""
    symmetric = pads[:2] == pads[2:]
    conv = nn.Conv2d(shape[1] * groups, shape[0], shape[2], stride, pads[:2] if symmetric else 0, groups=groups, bias=bias)
    return conv if symmetric else nn.Sequential(nn.ZeroPad2d((pads[1], pads[3], pads[0], pads[2])), conv)


def set_tensor(target, values):
    with torch.no_grad():
        target.copy_(torch.from_numpy(numpy.array(values, numpy.float32)).reshape(target.shape))


def innermost(module):
    return module[-1] if isinstance(module, nn.Sequential) else module


def mean_pixels(x):
    return functional.adaptive_avg_pool2d(x, 1)


ACTIVATIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6, "hard_swish": nn.Hardswish, "sigmoid": nn.Sigmoid,
               "hard_sigmoid": nn.Hardsigmoid, "swish": nn.SiLU}


def from_onnx(path):
    """The graph that onnx.hpp writes, in the form a PyTorch user would write: gate and product become one activation."""
    import onnx
    from onnx import numpy_helper
    graph = onnx.load(path).graph
    tensors = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    gates = {}
    steps = []
    for node in graph.node:
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        inputs, output, kind = [name for name in node.input if name and name not in tensors], node.output[0], node.op_type
        if kind == "Conv":
            weights = tensors[node.input[1]]
            step = convolution(weights.shape, attributes["strides"], attributes["pads"], attributes["group"], len(node.input) > 2)
            set_tensor(innermost(step).weight, weights)
            if len(node.input) > 2:
                set_tensor(innermost(step).bias, tensors[node.input[2]])
        elif kind == "Gemm":
            weights = tensors[node.input[1]]
            step = nn.Linear(weights.shape[1], weights.shape[0], bias=len(node.input) > 2)
            set_tensor(step.weight, weights)
            if len(node.input) > 2:
                set_tensor(step.bias, tensors[node.input[2]])
        elif kind in ("MaxPool", "AveragePool"):
            kernel, stride, pads = attributes["kernel_shape"], attributes["strides"], attributes["pads"]
            # A window that ends behind the last pixel is what ceil_mode makes.
            ceil = pads[:2] != pads[2:]
            step = nn.MaxPool2d(kernel, stride, pads[:2], ceil_mode=ceil) if kind == "MaxPool" else nn.AvgPool2d(
                kernel, stride, pads[:2], ceil_mode=ceil, count_include_pad=False)
        elif kind == "Resize":
            scales = [float(each) for each in tensors[node.input[2]][2:]]
            step = lambda x, scales=scales: functional.interpolate(x, scale_factor=scales, mode="bilinear", align_corners=False)
        elif kind == "Clip":
            step = nn.ReLU6()
        elif kind in ("HardSigmoid", "Sigmoid"):
            step = nn.Hardsigmoid() if kind == "HardSigmoid" else nn.Sigmoid()
            gates[output] = (inputs[0], nn.Hardswish if kind == "HardSigmoid" else nn.SiLU)
        elif kind == "Mul" and gates.get(inputs[1], [None])[0] == inputs[0]:
            del steps[next(index for index, made in enumerate(steps) if made[2] == inputs[1])]
            step, inputs = gates[inputs[1]][1](), inputs[:1]
        else:
            step = {"Relu": nn.ReLU, "Flatten": nn.Flatten, "Identity": nn.Identity, "Add": lambda: torch.add,
                    "Mul": lambda: torch.mul, "GlobalAveragePool": lambda: mean_pixels,
                    "Unsqueeze": lambda: lambda x: x[:, :, None, None]}[kind]()
        steps.append((step, inputs, output))
    return Network(steps, graph.input[0].name, graph.output[0].name)


def from_layers(path, weights):
    """The unfolded network for training, with the weights that hasse starts from."""
    listed = json.loads(path.read_text())
    values = numpy.fromfile(weights, numpy.float32)

    def fill(target, layer, role):
        offset, size = layer["tensors"][role]
        set_tensor(target, values[offset:offset + size])

    steps = []
    for index, layer in enumerate(listed["layers"]):
        kind, inputs = layer["kind"], [layer["input"]] + ([layer["other"]] if layer["other"] >= 0 else [])
        if kind == "convolution":
            shape = (layer["out"][2], layer["in"][2] // layer["groups"], layer["kernel"])
            step = convolution(shape, layer["stride"], layer["pads"], layer["groups"], layer["bias"])
            fill(innermost(step).weight, layer, "weight")
            if layer["bias"]:
                fill(innermost(step).bias, layer, "bias")
        elif kind == "linear":
            height, width, channels = layer["in"]
            step = nn.Linear(height * width * channels, layer["out"][2], bias=layer["bias"])
            fill(step.weight, layer, "weight")
            if layer["bias"]:
                fill(step.bias, layer, "bias")
            # hasse flattens H, W, C: the same bytes in channels-last.
            step = nn.Sequential(Apply(lambda x: x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x), step)
        elif kind == "batch_norm":
            step = nn.BatchNorm2d(layer["out"][2], eps=layer["epsilon_millionths"] * 1e-6, momentum=1 - layer["keep_percent"] / 100)
            for target, role in ((step.weight, "scale"), (step.bias, "shift"), (step.running_mean, "running_mean"),
                                 (step.running_var, "running_variance")):
                fill(target, layer, role)
        elif kind == "activation":
            step = ACTIVATIONS[layer["act"]]()
        elif kind in ("max_pool", "average_pool"):
            ceil = layer["pads"][:2] != layer["pads"][2:]
            make = nn.MaxPool2d if kind == "max_pool" else lambda *how, **more: nn.AvgPool2d(*how, **more, count_include_pad=False)
            step = make(layer["kernel"], layer["stride"], layer["pads"][0], ceil_mode=ceil)
        elif kind == "resize":
            step = lambda x, size=tuple(layer["out"][:2]): functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
        else:
            step = {"add": torch.add, "scale": torch.mul, "global_average_pool": mean_pixels}[kind]
        steps.append((step, inputs, index + 1))
    return Network(steps, 0, len(listed["layers"]))
