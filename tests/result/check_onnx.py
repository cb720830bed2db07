"""check_onnx.py FILE IMAGES ANSWER...: onnx's checker and shape inference; the numbers of each output too, all images one after the
other, where ONNX Runtime is installed.

Exit code 77: onnx is not installed."""
import sys

try:
    import numpy
    import onnx
except ImportError:
    sys.exit(77)

path, images, *answers = sys.argv[1:]
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
for node in inferred.graph.node:
    for name in node.output:
        known = [value for value in list(inferred.graph.value_info) + list(inferred.graph.output) if value.name == name]
        assert known and known[0].type.tensor_type.HasField("shape"), f"no shape for {name}"

try:
    import onnxruntime
except ImportError:
    sys.exit(0)
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
port = session.get_inputs()[0]
shape = [side if isinstance(side, int) else 1 for side in port.shape]
images = numpy.fromfile(images, numpy.float32).reshape(-1, *shape)
found = [session.run(None, {port.name: image}) for image in images]
assert len(found[0]) == len(answers), f"{len(found[0])} outputs where {len(answers)} are known"
for index, answer in enumerate(answers):
    output = numpy.concatenate([each[index].ravel() for each in found]).astype(numpy.float32)
    expected = numpy.fromfile(answer, numpy.float32)
    assert output.size == expected.size, f"ONNX Runtime answers with {output.size} numbers, not with {expected.size}"
    assert numpy.abs(output - expected).max(initial=0) <= 1e-4 * numpy.abs(expected).max(initial=1), "ONNX Runtime computes other numbers"
if not isinstance(port.shape[0], int):
    for pair in session.run(None, {port.name: numpy.concatenate([images[0], images[0]])}):
        assert numpy.allclose(pair[0], pair[1]) and pair.shape[0] == 2
