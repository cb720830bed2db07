#!/usr/bin/env python3
"""One contestant as a long-lived process, driven by lines (bench/peers/run.py sends them):
peers.py CONTESTANT FOLDER THREADS [NUMBER [DEVICE]]. Contestants torch-cuda-... compute in NUMBER (float, tf32, bf16, fp16) on DEVICE.

  networks NET MS          batch-1 inference of FOLDER/NET.onnx for MS milliseconds
  training NET BATCH MS    training steps of FOLDER/NET.json

Each line is answered by one line of JSON: {"ns": [...]} and, the first time, what else is known; or {"error": "..."}.
peers.py --versions prints what is installed. CONTESTANT is one of the keys of CONTESTANTS below,
or torch-cuda- with eager, graph, compile or reduce-overhead behind it.
"""
import importlib.metadata
import json
import os
import pathlib
import statistics
import sys
import time

import numpy

CLASSES_STEP = 7  # label of image n: CLASSES_STEP n modulo classes, in hasse_bench too


def contestant_versions(packages=("numpy", "onnx", "onnxruntime", "openvino", "torch")):
    """Of those that are there: a GPU's environment has PyTorch alone."""
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def device_versions(device):
    """What PyTorch computes with on a GPU."""
    import torch
    found = {"torch's CUDA": str(torch.version.cuda), "torch's cuDNN": str(torch.backends.cudnn.version())}
    if torch.cuda.is_available():
        found["torch's card"] = torch.cuda.get_device_name(device)
    return found


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


class TorchDevice:
    """On a GPU, channels-last; `mode`: eager, graph (eager, captured once as a CUDA graph), compile, reduce-overhead."""

    def __init__(self, path, images, numbers, mode):
        import torch
        import torch_networks
        self.torch, self.numbers = torch, numbers
        network = torch_networks.from_onnx(path).eval().to(numbers.device, numbers.type, memory_format=torch.channels_last)
        self.images = torch.from_numpy(images).to(numbers.device, numbers.type).to(memory_format=torch.channels_last)
        if mode in COMPILED:
            import torch._inductor.config
            torch._inductor.config.freezing = True
            network = torch.compile(network, fullgraph=True, dynamic=False, **COMPILED[mode])
        self.network, self.replay = network, None
        for _ in range(3):
            self.run()
        numbers.wait()
        if mode == "graph":
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.no_grad(), torch.cuda.stream(side):
                for _ in range(3):
                    network(self.images)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.no_grad(), torch.cuda.graph(graph):
                self.logits = network(self.images)
            self.replay = graph.replay

    def run(self):
        if self.replay:
            return self.replay()
        with self.torch.no_grad():
            self.logits = self.network(self.images)

    def result(self):
        return self.logits.float().cpu().numpy()


COMPILED = {"compile": {}, "reduce-overhead": {"mode": "reduce-overhead"}}


class Numbers:
    """What PyTorch is told about number types, and where it computes."""

    def __init__(self, name, device):
        import torch
        self.torch, self.name, self.device = torch, name, torch.device(device)
        self.type = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(name, torch.float32)
        self.on_gpu = self.device.type == "cuda"
        if self.on_gpu:
            torch.cuda.set_device(self.device)
        torch.set_float32_matmul_precision("high" if name == "tf32" else "highest")
        torch.backends.cudnn.allow_tf32 = name == "tf32"
        torch.backends.cudnn.benchmark = True

    def wait(self):
        if self.on_gpu:
            self.torch.cuda.synchronize()

    def mixed(self):
        """Automatic mixed precision, where the numbers are not float's."""
        return self.torch.autocast(self.device.type, self.type, enabled=self.type != self.torch.float32)


class TorchTraining:
    """A step as users write it: zeroed gradients, forward, cross-entropy, backward, fused SGD with Nesterov momentum."""

    def __init__(self, folder, name, batch, mode, numbers):
        import torch
        import torch_networks
        listed = json.loads((folder / f"{name}.json").read_text())
        self.torch, self.numbers = torch, numbers
        self.network = torch_networks.from_layers(folder / f"{name}.json", folder / f"{name}.weights")
        self.network = self.network.train().to(numbers.device, memory_format=torch.channels_last)
        channels, height, width = listed["input"]
        self.images = torch.from_numpy(drawn(batch * height * width * channels).reshape(batch, height, width, channels)).permute(0, 3, 1, 2)
        self.images = self.images.to(numbers.device, numbers.type)
        self.labels = ((torch.arange(batch) * CLASSES_STEP) % listed["classes"]).to(numbers.device)
        if numbers.type == torch.float16:
            raise ValueError("training in fp16 needs a scaled loss, which this contestant has not; take bf16")
        depthwise = [part.weight for part in self.network.modules() if isinstance(part, torch.nn.Conv2d) and part.groups > 1
                     and part.groups == part.in_channels]
        decayed = [each for each in self.network.parameters() if each.dim() > 1 and not any(each is other for other in depthwise)]
        rest = [each for each in self.network.parameters() if not any(each is other for other in decayed)]
        self.descent = torch.optim.SGD([{"params": decayed, "weight_decay": 1e-4}, {"params": rest, "weight_decay": 0.0}],
                                       lr=0.01, momentum=0.9, nesterov=True, fused=True)
        if mode in COMPILED:
            self.network = torch.compile(self.network, fullgraph=True, dynamic=False, **COMPILED[mode])

    def run(self):
        self.descent.zero_grad(set_to_none=True)
        with self.numbers.mixed():
            loss = self.torch.nn.functional.cross_entropy(self.network(self.images), self.labels)
        loss.backward()
        self.descent.step()
        self.loss = loss.item()


ON_DEVICE = "torch-cuda-"


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


def timed_queue(run, milliseconds, wait):
    """The same of runs that a device only queues, as hasse_bench times them: the share of a run in groups of 5 ms with one wait."""

    def group(runs):
        for _ in range(runs):
            run()
        wait()

    wait()
    once = timed(lambda: group(1), 0)[-1]
    runs = min(max(5_000_000 // max(once, 1), 1), 100)
    return [round(each / runs) for each in timed(lambda: group(runs), milliseconds)]


class Worker:
    def __init__(self, contestant, folder, threads, number, device):
        self.contestant, self.folder, self.threads = contestant, folder, threads
        self.on_device = contestant.startswith(ON_DEVICE)
        self.mode = contestant.removeprefix(ON_DEVICE if self.on_device else "torch-")
        self.number, self.device = number, device if self.on_device else "cpu"
        self.loaded = {}

    def inference(self, path, images):
        if self.on_device:
            return TorchDevice(path, images, Numbers(self.number, self.device), self.mode)
        return CONTESTANTS[self.contestant](path, images, self.threads)

    def times(self, one, milliseconds):
        """Of a loaded network: on a device of queued runs, and of runs that are waited for, one by one."""
        if not self.on_device:
            return {"ns": timed(one.run, milliseconds)}

        def waited():
            one.run()
            one.numbers.wait()

        return {"ns": timed_queue(one.run, milliseconds, one.numbers.wait),
                "waited_ns": statistics.median_low(timed(waited, milliseconds / 4))}

    def networks(self, name, milliseconds):
        facts = {}
        if name not in self.loaded:
            shape = [1, *json.loads((self.folder / f"{name}.json").read_text())["input"]]
            images = numpy.fromfile(self.folder / f"{name}.input", numpy.float32).reshape(shape)
            expected = numpy.fromfile(self.folder / f"{name}.output", numpy.float32)
            begin = time.perf_counter()
            one = self.inference(self.folder / f"{name}.onnx", images)
            one.run()
            difference = numpy.abs(one.result().ravel() - expected).max() / max(1.0, numpy.abs(expected).max())
            facts = {"difference": float(difference), "seconds_to_load": round(time.perf_counter() - begin, 2)}
            self.loaded = {name: one}
            timed(one.run, 100)
        self.loaded[name].run()
        return {**self.times(self.loaded[name], float(milliseconds)), **facts}

    def training(self, name, batch, milliseconds):
        facts = {}
        if (name, batch) not in self.loaded:
            load_torch_code()
            pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
            before = memory("VmRSS")
            one = TorchTraining(self.folder, name, int(batch), self.mode, Numbers(self.number, self.device))
            losses = []
            for _ in range(3):
                one.run()
                losses.append(one.loss)
            self.loaded = {(name, batch): one}
            facts = {"losses": losses}
            if not self.on_device:
                facts["megabytes"] = round((memory("VmHWM") - before) / 1024, 1)
        return {"ns": timed(self.loaded[name, batch].run, float(milliseconds)), **facts}


def main():
    if sys.argv[1:] == ["--versions"]:
        return print(json.dumps(contestant_versions()))
    contestant, folder, threads = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    number, device = [*sys.argv[4:], *("float", "cuda")[len(sys.argv) - 4:]]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print does not disturb the answers
    if contestant.startswith("torch"):
        import torch
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
    worker = Worker(contestant, folder, threads, number, device)
    versions = contestant_versions() | (device_versions(device) if worker.on_device else {})
    print(json.dumps({"versions": versions}), file=answers, flush=True)
    for line in sys.stdin:
        what, *arguments = line.split()
        try:
            answer = {"networks": worker.networks, "training": worker.training}[what](*arguments)
        except Exception as problem:  # a contestant that cannot do something says so and stays in the race
            answer = {"error": f"{type(problem).__name__}: {problem}".splitlines()[0][:500]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
