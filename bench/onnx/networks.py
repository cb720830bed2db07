"""Which networks of torchvision and timm read, and how far their answers are from ONNX Runtime's.

Each is made with random weights, exported by one of PyTorch's two exporters, run by ONNX Runtime and by hasse_answers on the same numbers.
Batch norms get statistics as after training, so that answers are no constants. Needs torch, torchvision, timm, onnx, onnxscript and onnxruntime
(bench/peers/setup.sh says where PyTorch comes from) and the target hasse_answers.

usage: networks.py HASSE_ANSWERS FOLDER [--export] [--only NAME ...] [--json FILE] [--markdown FILE]
       networks.py --small FOLDER    the files of tests/onnx

--export takes the exporter that PyTorch makes of torch.export; without it, the one that traces. FOLDER keeps nothing but the last file.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time
import warnings

import numpy
import onnxruntime
import torch

warnings.filterwarnings("ignore")
TOLERANCE = 1e-4

TORCHVISION = """squeezenet1_0 squeezenet1_1 shufflenet_v2_x0_5 shufflenet_v2_x1_0 mobilenet_v2 mobilenet_v3_small mobilenet_v3_large
mnasnet0_5 mnasnet1_0 efficientnet_b0 regnet_x_400mf regnet_y_400mf resnet18 resnet50 resnext50_32x4d densenet121 googlenet inception_v3
alexnet vgg11 convnext_tiny efficientnet_v2_s wide_resnet50_2 vgg16_bn""".split()
TIMM = """lcnet_050 tinynet_e ghostnet_100 hardcorenas_a mobilenetv3_rw mobilenetv4_conv_small fbnetc_100 spnasnet_100 semnasnet_100
tf_efficientnet_lite0 tf_efficientnet_b0 efficientnet_es mixnet_s rexnet_100 regnetz_005 repvgg_a0 mobileone_s0 selecsls42b ese_vovnet19b_dw
dla34 dpn68 resnet26d seresnet50 ecaresnet26t resnext26ts gcresnet33ts cspresnet50 cspdarknet53 darknet53 res2net50_26w_4s skresnet18
hrnet_w18_small nf_regnet_b0 resnetv2_50 edgenext_xx_small fastvit_t8 inception_v4 xception41 vovnet39a tresnet_m dm_nfnet_f0""".split()


class Small(torch.nn.Module):
    """A bit of everything: squeeze-excite, a split, a shuffle, a batch norm alone, a pool that rounds up, a nearest resize, a flattened image."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1), nn.Hardsigmoid())
        self.deep = nn.Sequential(nn.Conv2d(4, 4, 3, 1, 1, groups=4), nn.BatchNorm2d(4), nn.SiLU())
        self.norm = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.average = nn.AvgPool2d(3, 1, 1)
        self.head = nn.Sequential(nn.Dropout(), nn.Linear(16 * 4 * 4, 5))

    def forward(self, x):
        x = self.stem(x)
        x = x * self.squeeze(x)
        left, right = x.chunk(2, 1)
        x = torch.cat([left, self.deep(right)], 1)
        x = x.view(x.shape[0], 2, 4, x.shape[2], x.shape[3]).transpose(1, 2).reshape(x.shape)
        x = self.norm(x)
        x = torch.nn.functional.relu6(torch.cat([x, self.up(self.pool(x))], 1))
        x = torch.nn.functional.avg_pool2d(self.average(x), 2)
        return self.head(torch.flatten(x, 1))


def export(model, image, path, by_export, name="logits"):
    how = {"dynamo": True, "opset_version": 18, "external_data": False} if by_export else {"dynamo": False, "opset_version": 17}
    torch.onnx.export(model, (image,), str(path), input_names=["images"], output_names=[name], **how)


def small(folder):
    torch.manual_seed(1)
    model = Small().eval()
    for part in model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-.3, .3), part.running_var.uniform_(.5, 2), part.weight.data.uniform_(.5, 1.5), part.bias.data.uniform_(-.5, .5)
    image = torch.linspace(-1, 1, 3 * 16 * 16).reshape(1, 16, 16, 3).permute(0, 3, 1, 2).contiguous()
    export(model, image, folder / "pytorch_trace.onnx", False, "scores")
    export(model, image, folder / "pytorch_export.onnx", True, "scores")
    print("answers", model(image).tolist())


def made(family, name):
    torch.manual_seed(0)
    if family == "timm":
        import timm
        model = timm.create_model(name, pretrained=False, exportable=True)
        side = model.default_cfg["input_size"][-1]
    else:
        import torchvision
        more = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
        model, side = torchvision.models.get_model(name, weights=None, **more), 299 if name == "inception_v3" else 224
    # A few images in training mode give batch norms statistics; without them answers of deep networks vanish or overflow.
    model.train()
    for part in model.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
            part.momentum = None
    with torch.no_grad():
        model(torch.randn(2, 3, side, side))
    return model.eval(), side


def row_of(answers, folder, family, name, by_export):
    row = {"name": name, "family": family}
    try:
        model, side = made(family, name)
    except Exception as problem:
        return row | {"not_exported": f"{type(problem).__name__}: {problem}"[:200]}
    path = folder / f"{name}.onnx"
    image = torch.randn(1, 3, side, side)
    try:
        export(model, image, path, by_export)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        return row | {"not_exported": f"{type(problem).__name__}: {problem}"[:200]}
    numbers = image.numpy()
    theirs = session.run(None, {"images": numbers})[0]
    times = []
    begin = time.perf_counter()
    while len(times) < 3 or (len(times) < 200 and time.perf_counter() - begin < 0.5):
        start = time.perf_counter()
        session.run(None, {"images": numbers})
        times.append(1000 * (time.perf_counter() - start))
    row["onnxruntime_milliseconds"] = sorted(times)[len(times) // 2]
    numbers.tofile(path.with_suffix(".input"))
    done = subprocess.run([answers, str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        row["refused"] = f"ended with {done.returncode}: {done.stderr[-200:]}"
    else:
        row |= json.loads(done.stdout)
    if "refused" not in row:
        ours = numpy.fromfile(path.with_suffix(".answer"), numpy.float32)
        row["difference"] = float(numpy.abs(ours - theirs.ravel()).max() / numpy.abs(theirs).max())
        row["deviation"] = float(theirs.std())
    else:
        row["refused"] = row["refused"].removeprefix(f"{path}: ")
    for ending in (".onnx", ".input", ".answer"):
        path.with_suffix(ending).unlink(missing_ok=True)
    return row


def text_of(row):
    name = f"`{row['name']}`"
    if "not_exported" in row:
        return f"| {name} | not exported | | | | | {row['not_exported']} |"
    if "refused" in row:
        return f"| {name} | refused | | | | {row['onnxruntime_milliseconds']:.1f} | {row['refused']} |"
    return (f"| {name} | read | {row['layers']} | {row['macs'] / 1e6:.0f} | {row['difference']:.0e} | {row['milliseconds']:.1f} / "
            f"{row['onnxruntime_milliseconds']:.1f} | |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("answers")
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path)
    given = parser.parse_args()
    if given.small:
        return small(pathlib.Path(given.answers))
    torch.set_num_threads(1)
    rows = []
    for family, name in [("torchvision", name) for name in TORCHVISION] + [("timm", name) for name in TIMM]:
        if given.only and name not in given.only:
            continue
        rows.append(row_of(str(pathlib.Path(given.answers).resolve()), given.folder, family, name, given.export))
        print(text_of(rows[-1]), flush=True)
        if given.json:
            given.json.write_text(json.dumps({"versions": {"torch": torch.__version__, "onnxruntime": onnxruntime.__version__, "numpy": numpy.__version__},
                                              "exporter": "export" if given.export else "trace", "networks": rows}, indent=1) + "\n")
    if given.markdown:
        head = "| network | | layers | M MACs | difference | ms here / ONNX Runtime | why not |\n|---|---|---|---|---|---|---|\n"
        given.markdown.write_text(head + "".join(text_of(row) + "\n" for row in rows))
    read = [row for row in rows if "difference" in row]
    wrong = [row["name"] for row in read if not row["difference"] <= TOLERANCE or not row["deviation"] > 0]
    print(f"{len(read)} of {len(rows)} read; beyond {TOLERANCE}: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


sys.exit(main())
