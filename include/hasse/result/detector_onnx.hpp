// A detector as ONNX files: one that ends with its raw answers, for whoever decodes them himself, and one that ends with objects.
// Used by programs that hand detectors over.
#pragma once

#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/file/json.hpp>
#include <hasse/network/model.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/task/detection/suppression.hpp>

namespace hasse {

/// What a detector's answers mean.
struct detector_decoding {
  std::vector<box> anchors;  ///< in pixels of the network's input, in the order of its answers
  int classes = 0;           ///< a column more in the network is a background before them
  score_rule scores = score_rule::sigmoid;
  suppression_rule suppression{.score = 0.01};  ///< `before` is not asked for: ONNX looks at all boxes above the score
};

/// The network's answers, maps one after the other: outputs "codes" (N x anchors x 4: y, x, height, width as encode says) and
/// "logits" (N x anchors x columns). Operators that every reader of ONNX knows.
HASSE_BODY std::string raw_detector_onnx(const model& network, const onnx_options& options = {});

/// Codes decoded and suppressed inside, for one picture: outputs "boxes" (objects x 4: top, left, bottom, right as shares of the
/// input's sides, clipped to it), "scores" and "classes" (whole numbers), the best first; the objects that hasse finds, but that
/// scores are floats there, which cannot tell apart what is all but 1. ONNX Runtime runs such a graph; TensorRT, RKNN and OpenCV
/// before 5 want the raw one.
HASSE_BODY std::string decoded_detector_onnx(const model& network, const detector_decoding& decoding,
                                             const onnx_options& options = {});

/// What is needed besides the raw file: how codes become boxes, and every anchor as y and x of its middle, height and width, in
/// pixels.
HASSE_BODY json anchors_json(const detector_decoding& decoding, feature_shape input);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/detector_onnx.inl>
#endif
