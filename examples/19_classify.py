# From a photograph to a class name in ONNX Runtime: 19_classify.py NETWORK.onnx PHOTO.jpg. The file reads values of 0 to 1.
import json, sys
import numpy, onnxruntime
from PIL import Image, ImageOps

net = onnxruntime.InferenceSession(sys.argv[1])
said = net.get_modelmeta().custom_metadata_map
_, channels, height, width = net.get_inputs()[0].shape
image = ImageOps.exif_transpose(Image.open(sys.argv[2])).convert("L" if channels == 1 else "RGB")
fit = {"crop": ImageOps.fit, "pad": ImageOps.pad}.get(said.get("fit"), Image.Image.resize)
pixels = numpy.asarray(fit(image, (width, height), Image.BILINEAR), numpy.float32).reshape(height, width, channels).transpose(2, 0, 1)[None] / 255
print(json.loads(said["classes"])[net.run(None, {"images": pixels})[0].argmax()])
