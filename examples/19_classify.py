# From a photograph to a class name in ONNX Runtime: 19_classify.py NETWORK.onnx PHOTO.jpg. The file reads values of 0 to 1.
import json, sys
import numpy, onnxruntime
from PIL import Image, ImageOps

net = onnxruntime.InferenceSession(sys.argv[1])
classes = json.loads(net.get_modelmeta().custom_metadata_map["classes"])
_, _, height, width = net.get_inputs()[0].shape
image = ImageOps.exif_transpose(Image.open(sys.argv[2])).convert("RGB").resize((width, height), Image.BILINEAR)
pixels = numpy.asarray(image, numpy.float32).transpose(2, 0, 1)[None] / 255
print(classes[net.run(None, {"images": pixels})[0].argmax()])
