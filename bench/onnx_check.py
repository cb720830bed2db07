"""Compares exported ONNX files in ONNX Runtime with what hasse computed. Needs onnxruntime and numpy; ends with 1 on a difference.

usage: onnx_check.py FOLDER                             every network that hasse_bench --export FOLDER wrote: largest output, 1e-4
       onnx_check.py NETWORK.batch.onnx DUMP_FOLDER     what hasse_evaluate or hasse_slim export --dump wrote: logits and accuracy of its images
"""
import pathlib
import sys

import numpy
import onnxruntime

TOLERANCE = 1e-4


def session_of(path):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def as_read(images, said):
    """Images of 0 to 1, N x C x H x W, as the file reads them."""
    form = said.get("pixels", "float")
    if form == "unit":
        return images
    if form == "uint8-nhwc":
        return numpy.ascontiguousarray((images * 255).round().astype(numpy.uint8).transpose(0, 2, 3, 1))
    mean, deviation = (numpy.array(said[key].split(","), numpy.float32).reshape(1, -1, 1, 1) for key in ("mean", "deviation"))
    return (images - mean) / deviation


def check_dump(network, folder):
    images, labels, ours = (numpy.load(folder / f"{name}.npy") for name in ("images", "labels", "logits"))
    session = session_of(network)
    images = as_read(images, session.get_modelmeta().custom_metadata_map)
    theirs = numpy.concatenate([session.run(None, {"images": images[at:at + 100]})[0] for at in range(0, len(images), 100)])
    largest = numpy.abs(theirs - ours).max()
    accuracy = [100 * (logits.argmax(1) == labels).mean() for logits in (ours, theirs)]
    print(f"onnxruntime {onnxruntime.__version__}: {len(images)} images, largest difference of a logit {largest:.2e} "
          f"(relative to the largest logit {largest / numpy.abs(ours).max():.2e}), accuracy {accuracy[0]:.2f} % here, {accuracy[1]:.2f} % there")
    return largest <= TOLERANCE * max(1.0, numpy.abs(ours).max()) and abs(accuracy[0] - accuracy[1]) <= 0.1


def check_export(path):
    session = session_of(path)
    port = session.get_inputs()[0]
    images, expected = (numpy.fromfile(path.with_suffix(ending), numpy.float32) for ending in (".input", ".output"))
    found = session.run(None, {port.name: images.reshape(port.shape)})[0].ravel()
    # A difference is relative to the largest output; outputs that are all alike would agree with anything.
    difference, spread = numpy.abs(found - expected).max() / max(1.0, numpy.abs(expected).max()), expected.std()
    good = found.size == expected.size and difference <= TOLERANCE and spread > 0.01
    print(f"{path.stem:24} {found.size:6} outputs, largest {numpy.abs(expected).max():8.3f}, deviation {spread:7.3f}, "
          f"difference {difference:.1e}{'' if good else '   WRONG'}", flush=True)
    return good


def main():
    if len(sys.argv) == 3:
        return check_dump(sys.argv[1], pathlib.Path(sys.argv[2]))
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
    print(f"onnxruntime {onnxruntime.__version__}, {len(paths)} networks, random weights, against backend reference in double")
    return all([check_export(path) for path in paths]) and bool(paths)


sys.exit(0 if main() else 1)
