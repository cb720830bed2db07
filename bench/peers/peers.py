#!/usr/bin/env python3
"""One contestant as a long-lived process: peers.py CONTESTANT FOLDER THREADS, driven by lines (bench/peers/run.py sends them).

  networks NET MS          batch-1 inference of FOLDER/NET.onnx for MS milliseconds
  training NET BATCH MS    training steps of FOLDER/NET.json

Each line is answered by one line of JSON: {"ns": [...]} and, the first time, what else is known; or {"error": "..."}.
peers.py --versions prints what is installed. CONTESTANT is one of the keys of CONTESTANTS below.
"""
import importlib.metadata
import json
import os
import pathlib
import sys
import time

import numpy

CLASSES_STEP = 7  # label of image n: CLASSES_STEP n modulo classes, in hasse_bench too


def contestant_versions(packages=("numpy", "onnx", "onnxruntime", "openvino", "torch")):
    return {name: importlib.metadata.version(name) for name in packages}


class OnnxRuntime:
    """All graph optimisations, fixed input and output memory; `spinning`: whether waiting threads burn their core."""

    def __init__(self, path, images, threads, spinning):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spinning else "0")
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        self.images = onnxruntime.OrtValue.ortvalue_from_numpy(images)
        self.binding.bind_ortvalue_input(self.session.get_inputs()[0].name, self.images)
        self.binding.bind_output(self.session.get_outputs()[0].name)
        self.run()
        self.logits = self.binding.get_outputs()[0]
        self.binding.bind_ortvalue_output(self.session.get_outputs()[0].name, self.logits)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def result(self):
        return self.logits.numpy()


class OpenVino:
    """Latency hint, one stream, fp32 (the default may be bf16 where the processor has it)."""

    def __init__(self, path, images, threads):
        import openvino
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(path), "CPU", {
            "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "f32", "EXECUTION_MODE_HINT": "PERFORMANCE", "ENABLE_CPU_PINNING": False,
            "ENABLE_HYPER_THREADING": False})
        self.request = compiled.create_infer_request()
        self.images = images
        self.request.set_input_tensor(openvino.Tensor(self.images, shared_memory=True))
        self.run = self.request.infer

    def result(self):
        return self.request.get_output_tensor().data


class Torch:
    """Channels-last; `mode`: eager, script (traced, frozen, optimised for inference) or compile (inductor, frozen weights)."""

    def __init__(self, path, images, threads, mode):
        import torch
        import torch_networks
        self.torch = torch
        network = torch_networks.from_onnx(path).eval().to(memory_format=torch.channels_last)
        self.images = torch.from_numpy(images).to(memory_format=torch.channels_last)
        with torch.no_grad():
            if mode == "script":
                network = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, self.images)))
            if mode == "compile":
                import torch._inductor.config
                torch._inductor.config.freezing = True
                network = torch.compile(network, fullgraph=True, dynamic=False)
            for _ in range(3):
                network(self.images)
        self.network = network

    def run(self):
        with self.torch.no_grad():
            self.logits = self.network(self.images)

    def result(self):
        return self.logits.numpy()


class TorchTraining:
    """A step as users write it: zeroed gradients, forward, cross-entropy, backward, fused SGD with Nesterov momentum."""

    def __init__(self, folder, name, batch, mode):
        import torch
        import torch_networks
        listed = json.loads((folder / f"{name}.json").read_text())
        self.torch = torch
        self.network = torch_networks.from_layers(folder / f"{name}.json", folder / f"{name}.weights")
        self.network = self.network.train().to(memory_format=torch.channels_last)
        channels, height, width = listed["input"]
        self.images = torch.from_numpy(drawn(batch * height * width * channels).reshape(batch, height, width, channels)).permute(0, 3, 1, 2)
        self.labels = (torch.arange(batch) * CLASSES_STEP) % listed["classes"]
        depthwise = [part.weight for part in self.network.modules() if isinstance(part, torch.nn.Conv2d) and part.groups > 1
                     and part.groups == part.in_channels]
        decayed = [each for each in self.network.parameters() if each.dim() > 1 and not any(each is other for other in depthwise)]
        rest = [each for each in self.network.parameters() if not any(each is other for other in decayed)]
        self.descent = torch.optim.SGD([{"params": decayed, "weight_decay": 1e-4}, {"params": rest, "weight_decay": 0.0}],
                                       lr=0.01, momentum=0.9, nesterov=True, fused=True)
        if mode == "compile":
            self.network = torch.compile(self.network, fullgraph=True, dynamic=False)

    def run(self):
        self.descent.zero_grad(set_to_none=True)
        loss = self.torch.nn.functional.cross_entropy(self.network(self.images), self.labels)
        loss.backward()
        self.descent.step()
        self.loss = loss.item()


def drawn(count):
    """Numbers in [-1, 1) that hasse_bench draws too."""
    return ((numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761)).astype(numpy.float64) / 2.0 ** 31 - 1).astype(numpy.float32)


CONTESTANTS = {
    "onnxruntime": lambda path, images, threads: OnnxRuntime(path, images, threads, True),
    "onnxruntime-no-spinning": lambda path, images, threads: OnnxRuntime(path, images, threads, False),
    "openvino": OpenVino,
    "torch-eager": lambda path, images, threads: Torch(path, images, threads, "eager"),
    "torch-script": lambda path, images, threads: Torch(path, images, threads, "script"),
    "torch-compile": lambda path, images, threads: Torch(path, images, threads, "compile"),
}


def load_torch_code():
    """A step of a tiny network, so that code that PyTorch loads late is not counted as memory of the measured one."""
    import torch
    network = torch.nn.Sequential(torch.nn.Conv2d(16, 16, 3), torch.nn.BatchNorm2d(16), torch.nn.ReLU6(), torch.nn.Flatten(),
                                  torch.nn.Linear(16 * 36, 10)).to(memory_format=torch.channels_last)
    loss = torch.nn.functional.cross_entropy(network(torch.ones(4, 16, 8, 8)), torch.zeros(4, dtype=torch.long))
    loss.backward()
    torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True, fused=True).step()


def memory(field):
    """Kilobytes of this process: VmRSS now, VmHWM at most."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])


def timed(run, milliseconds):
    """Nanoseconds of each run: three at least, then until the time is over."""
    samples, end = [], time.perf_counter() + milliseconds / 1000
    while len(samples) < 3 or time.perf_counter() < end:
        begin = time.perf_counter_ns()
        run()
        samples.append(time.perf_counter_ns() - begin)
    return samples


class Worker:
    def __init__(self, contestant, folder, threads):
        self.contestant, self.folder, self.threads = contestant, folder, threads
        self.loaded = {}

    def networks(self, name, milliseconds):
        facts = {}
        if name not in self.loaded:
            shape = [1, *json.loads((self.folder / f"{name}.json").read_text())["input"]]
            images = numpy.fromfile(self.folder / f"{name}.input", numpy.float32).reshape(shape)
            expected = numpy.fromfile(self.folder / f"{name}.output", numpy.float32)
            begin = time.perf_counter()
            one = CONTESTANTS[self.contestant](self.folder / f"{name}.onnx", images, self.threads)
            one.run()
            difference = numpy.abs(one.result().ravel() - expected).max() / max(1.0, numpy.abs(expected).max())
            facts = {"difference": float(difference), "seconds_to_load": round(time.perf_counter() - begin, 2)}
            self.loaded = {name: one}
            timed(one.run, 100)
        self.loaded[name].run()
        return {"ns": timed(self.loaded[name].run, float(milliseconds)), **facts}

    def training(self, name, batch, milliseconds):
        facts = {}
        if (name, batch) not in self.loaded:
            load_torch_code()
            pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
            before = memory("VmRSS")
            one = TorchTraining(self.folder, name, int(batch), self.contestant.removeprefix("torch-"))
            losses = []
            for _ in range(3):
                one.run()
                losses.append(one.loss)
            self.loaded = {(name, batch): one}
            facts = {"losses": losses, "megabytes": round((memory("VmHWM") - before) / 1024, 1)}
        return {"ns": timed(self.loaded[name, batch].run, float(milliseconds)), **facts}


def main():
    if sys.argv[1:] == ["--versions"]:
        return print(json.dumps(contestant_versions()))
    contestant, folder, threads = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print does not disturb the answers
    if contestant.startswith("torch"):
        import torch
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
    worker = Worker(contestant, folder, threads)
    print(json.dumps({"versions": contestant_versions()}), file=answers, flush=True)
    for line in sys.stdin:
        what, *arguments = line.split()
        try:
            answer = {"networks": worker.networks, "training": worker.training}[what](*arguments)
        except Exception as problem:  # a contestant that cannot do something says so and stays in the race
            answer = {"error": f"{type(problem).__name__}: {problem}"[:500]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
