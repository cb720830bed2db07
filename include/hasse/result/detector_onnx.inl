// The bodies of result/detector_onnx.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/result/detail/onnx_layers.hpp>
#include <hasse/result/detector_onnx.hpp>

namespace hasse {

namespace detail {

/// The answers of all maps, one after the other, as tensors of the graph.
struct joined_answers {
  std::string codes, logits;
  std::int64_t anchors = 0, columns = 0;
};

inline joined_answers join_answers(onnx_layer_writer& graph) {
  const layer_list& layers = graph.layers();
  joined_answers made;
  std::vector<std::string> codes, logits;
  const auto refuse = [] {
    throw error(
        "the outputs of the network are not those of a detector, codes with four channels an anchor and logits with as many "
        "columns an "
        "anchor on every map, in turns; give one with a head of network/ssdlite.hpp, or export it with onnx_bytes");
  };
  if (layers.output_count() % 2 != 0) refuse();
  const auto rows = [&](int output, std::int64_t numbers) {
    const std::string name(layers.output_name(output));
    graph.node("Transpose", {graph.made(output).name}, name + ".last",
               protobuf_message().message(5, onnx_graph_writer::ints("perm", {0, 2, 3, 1})));
    const std::string shape = graph.tensor(name + ".shape", {3}, std::vector<std::int64_t>{graph.any_batch() ? 0 : 1, -1, numbers});
    return graph.node("Reshape", {name + ".last", shape}, name + ".rows");
  };
  for (int output = 0; output < layers.output_count(); output += 2) {
    const feature_shape code = layers.output_shape(output), logit = layers.output_shape(output + 1);
    const std::int64_t own = code.c / 4;
    if (code.c % 4 != 0 || code.h != logit.h || code.w != logit.w || logit.c % own != 0 ||
        (output > 0 && logit.c / own != made.columns))
      refuse();
    made.anchors += own * code.pixels(), made.columns = logit.c / own;
    codes.push_back(rows(output, 4)), logits.push_back(rows(output + 1, made.columns));
  }
  const protobuf_message axis = protobuf_message().message(5, onnx_graph_writer::whole("axis", 1));
  made.codes = graph.node("Concat", codes, "codes", axis);
  made.logits = graph.node("Concat", logits, "logits", axis);
  return made;
}

/// The nodes from joined answers to objects, named "decoding.*".
class onnx_decoder {
 public:
  onnx_decoder(onnx_layer_writer& graph, const joined_answers& found, const detector_decoding& how, feature_shape input)
      : graph_(graph), found_(found), how_(how), input_(input) {}

  void write() {
    const std::string places = boxes(), scores = scores_of_classes(places);
    const suppression_rule& rule = how_.suppression;
    const std::string kept = node(
        "NonMaxSuppression",
        {places, scores, constant<std::int64_t>("of_class", {1}, {rule.of_class}),
         constant("overlap", {1}, {static_cast<float>(rule.overlap)}), constant("score", {1}, {static_cast<float>(rule.score)})},
        "kept");
    // The best of all classes: of equals the first class, as they come.
    const std::string their_scores = node("GatherND", {scores, kept}, "kept_scores");
    const std::string most =
        node("Min", {node("Shape", {their_scores}, "found"), constant<std::int64_t>("in_all", {1}, {rule.in_all})}, "most");
    graph_.node("TopK", {their_scores, most}, std::vector<std::string>{"scores", "decoding.order"});
    const std::string objects = node("Gather", {kept, "decoding.order"}, "objects", onnx_graph_writer::whole("axis", 0));
    const auto column = [&](const char* name, std::int64_t index) { return constant<std::int64_t>(name, {}, {index}); };
    graph_.node("Gather", {objects, column("class_column", 1)}, "classes",
                protobuf_message().message(5, onnx_graph_writer::whole("axis", 1)));
    const std::string anchors = node("Gather", {objects, column("anchor_column", 2)}, "anchors", onnx_graph_writer::whole("axis", 1));
    const std::string list = node("Squeeze", {places, constant<std::int64_t>("first", {1}, {0})}, "list");
    graph_.node("Gather", {list, anchors}, "boxes", protobuf_message().message(5, onnx_graph_writer::whole("axis", 0)));
    graph_.output("boxes", {"objects", 4});
    graph_.output("scores", {"objects"});
    graph_.output("classes", {"objects"}, onnx_element::whole);
  }

 private:
  /// 1 x anchors x 4, as shares of the input's sides, within it.
  std::string boxes() {
    std::vector<float> step, middle, half;
    for (const box& each : how_.anchors) {
      const double h = input_.h, w = input_.w;
      middle.push_back(static_cast<float>((each.y0 + each.y1) / 2 / h)),
          middle.push_back(static_cast<float>((each.x0 + each.x1) / 2 / w));
      step.push_back(static_cast<float>(each.height() / h / 10)), step.push_back(static_cast<float>(each.width() / w / 10));
      half.push_back(static_cast<float>(each.height() / h / 2)), half.push_back(static_cast<float>(each.width() / w / 2));
    }
    const std::vector<std::int64_t> dims{1, found_.anchors, 2};
    const std::string middles = node("Add",
                                     {node("Mul", {part(found_.codes, "offsets", 0, 2), constant("step", dims, step)}, "moved"),
                                      constant("middle", dims, middle)},
                                     "middles");
    // As decode: sides grow to 1000 / 16 times those of the anchor and no more; nothing is lost where they all but vanish.
    const std::string logarithms = node(
        "Clip",
        {part(found_.codes, "sides", 2, 4), constant("least", {}, {-400.0f}), constant("most_grown", {}, {5 * 4.135166556742356f})},
        "bounded");
    const std::string grown = node("Exp", {node("Mul", {logarithms, constant("fifth", {1}, {0.2f})}, "logarithms")}, "grown");
    const std::string halves = node("Mul", {grown, constant("half", dims, half)}, "halves");
    const std::string unclipped = node("Concat", {node("Sub", {middles, halves}, "low"), node("Add", {middles, halves}, "high")},
                                       "unclipped", onnx_graph_writer::whole("axis", 2));
    return node("Clip", {unclipped, constant("zero", {}, {0.0f}), constant("one", {}, {1.0f})}, "places");
  }

  /// 1 x classes x anchors; 0 for boxes that have no area within the picture.
  std::string scores_of_classes(const std::string& places) {
    std::string scores = how_.scores == score_rule::sigmoid
                             ? node("Sigmoid", {found_.logits}, "all_scores")
                             : node("Softmax", {found_.logits}, "all_scores", onnx_graph_writer::whole("axis", 2));
    if (found_.columns > how_.classes) scores = part(scores, "of_classes", 1, found_.columns);
    const std::string sides = node("Sub", {part(places, "far", 2, 4), part(places, "near", 0, 2)}, "extent");
    const std::string shortest =
        graph_.node("ReduceMin", {sides}, "decoding.shortest",
                    protobuf_message().message(5, onnx_graph_writer::ints("axes", {2})).message(5, onnx_graph_writer::whole("keepdims", 1)));
    const std::string standing = node("Mul", {scores, node("Sign", {shortest}, "has_area")}, "standing");
    return node("Transpose", {standing}, "by_class", onnx_graph_writer::ints("perm", {0, 2, 1}));
  }

  std::string node(const char* kind, const std::vector<std::string>& inputs, const std::string& output) {
    return graph_.node(kind, inputs, "decoding." + output);
  }
  std::string node(const char* kind, const std::vector<std::string>& inputs, const std::string& output,
                   const protobuf_message& attribute) {
    return graph_.node(kind, inputs, "decoding." + output, protobuf_message().message(5, attribute));
  }
  template <class Number = float>
  std::string constant(const std::string& name, const std::vector<std::int64_t>& dims, const std::vector<Number>& values) {
    return graph_.tensor("decoding." + name, dims, values);
  }
  /// Columns first .. last - 1 of a tensor of rank 3.
  std::string part(const std::string& from, const std::string& name, std::int64_t first, std::int64_t last) {
    return node("Slice",
                {from, constant<std::int64_t>(name + ".first", {1}, {first}), constant<std::int64_t>(name + ".last", {1}, {last}),
                 constant<std::int64_t>(name + ".axis", {1}, {2})},
                name);
  }

  onnx_layer_writer& graph_;
  const joined_answers& found_;
  const detector_decoding& how_;
  feature_shape input_;
};

}  // namespace detail

HASSE_BODY std::string raw_detector_onnx(const model& network, const onnx_options& options) {
  return detail::onnx_file(network, options, [](detail::onnx_layer_writer& graph) {
    const detail::joined_answers found = detail::join_answers(graph);
    graph.output("codes", {graph.batch(), found.anchors, 4});
    graph.output("logits", {graph.batch(), found.anchors, found.columns});
  });
}

HASSE_BODY std::string decoded_detector_onnx(const model& network, const detector_decoding& decoding, const onnx_options& options) {
  if (options.symbolic_batch)
    throw error(
        "an ONNX file with suppression inside answers for one picture; leave symbolic_batch out, or take raw_detector_onnx");
  return detail::onnx_file(network, options, [&](detail::onnx_layer_writer& graph) {
    const detail::joined_answers found = detail::join_answers(graph);
    if (found.anchors != static_cast<std::int64_t>(decoding.anchors.size()))
      throw error("the network answers for " + std::to_string(found.anchors) + " anchors and is to be decoded with " +
                  std::to_string(decoding.anchors.size()) + "; give the anchors that it was made for");
    if (found.columns != decoding.classes && found.columns != decoding.classes + 1)
      throw error("the network has " + std::to_string(found.columns) + " numbers per anchor and is to be decoded to " +
                  std::to_string(decoding.classes) + " classes; give the classes that it was made for");
    detail::onnx_decoder(graph, found, decoding, network.layers.input).write();
  });
}

HASSE_BODY json anchors_json(const detector_decoding& decoding, feature_shape input) {
  json list = json::array();
  for (const box& each : decoding.anchors)
    list.push_back({(each.y0 + each.y1) / 2, (each.x0 + each.x1) / 2, each.height(), each.width()});
  return {{"height", input.h},
          {"width", input.w},
          {"scores", decoding.scores == score_rule::sigmoid ? "sigmoid of each logit"
                                                            : "softmax over the logits of an anchor, without the first"},
          {"boxes",
           "y = ya + code_y / 10 * ha, x = xa + code_x / 10 * wa, h = ha * exp(min(code_h / 5, ln(62.5))), w = wa * exp(min(code_w "
           "/ 5, ln(62.5)))"},
          {"anchors", std::move(list)}};
}

}  // namespace hasse
