// The program hasse_info as a function: a network by name, its layers, shapes, multiply-accumulates and parameters.
// Used by examples/hasse_info.cpp and by tests.
#pragma once

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/file/json.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/network/find.hpp>
#include <hasse/onnx/layers.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/parts.hpp>
#include <hasse/result/layers_json.hpp>

namespace hasse {

/// What a latency table says about a network.
struct predicted_latency {
  ticks time;
  std::string device;       ///< "AMD EPYC ..., cpu, 1 thread"
  double median_error = 0;  ///< of such sums against whole networks, when the table was made
};

/// What a device takes for each part of it.
struct measured_parts {
  device_facts device;
  timed_parts times;
};

/// What is printed of a network.
struct network_facts : named_layers {
  std::optional<predicted_latency> latency{};
  std::optional<measured_parts> measured{};
};

/// The facts of a name, or of an ONNX file; of SPACE:CODE, with the path of a latency table of that space, also its latency.
inline network_facts facts_of(const std::string& name, const network_form& form = {}, const std::string& table = {}, int classes = 0) {
  if (name.ends_with(".onnx")) {
    if (!table.empty()) throw error(name + " is no architecture of a search space, which is what latency tables are of; leave out --table");
    if (classes > 0) throw error(name + " answers with as many classes as it was written for; leave out --classes");
    return {layers_of_onnx(name, form)};
  }
  if (!table.empty() && std::ranges::find(published_names, name) != published_names.end())
    throw error(name + " is no architecture of a search space, which is what latency tables are of; give SPACE:CODE or leave out --table");
  network_facts facts{find_network(name, form, classes)};
  if (table.empty()) return facts;
  const std::size_t colon = facts.name.find(':');
  with_shipped_space(std::string_view(facts.name).substr(0, colon), [&]<class Space>(std::type_identity<Space>) {
    const auto measured = latency_table<Space>::load(table, space_at<Space>(facts.layers.input, classes));
    const device_facts& device = measured.record().device;
    const std::string threads = std::to_string(device.threads) + (device.threads == 1 ? " thread" : " threads");
    facts.latency = {measured.estimate(parse<Space>(std::string_view(facts.name).substr(colon + 1))),
                     device.name + ", " + device.backend + ", " + threads, measured.record().additivity.median_error()};
  });
  return facts;
}

namespace detail {
/// "1,234,567".
inline std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

/// "convolution 3x3 s2 p1", "relu", "add".
inline std::string operation_text(const layer& item) {
  std::string text(item.kind == layer_kind::activation ? name_of(item.act) : name_of(item.kind));
  if (item.kind == layer_kind::convolution || item.kind == layer_kind::max_pool || item.kind == layer_kind::average_pool) {
    const std::string kernel = std::to_string(item.kernel);
    text += " " + kernel + "x" + kernel + " s" + std::to_string(item.stride);
    const bool even = item.pad_bottom() == item.pad_top && item.pad_right() == item.pad_left;
    if (item.pad_bottom() > 0) text += " p" + std::to_string(item.pad_top) + (even ? "" : "+" + std::to_string(item.pad_bottom()));
  }
  if (item.kind == layer_kind::upsample) text += " x" + std::to_string(item.stride);
  return item.groups > 1 ? text + " g" + std::to_string(item.groups) : text;
}

inline std::string reads_text(const layer& item) {
  return std::to_string(item.input) + (item.other == no_value ? "" : ", " + std::to_string(item.other));
}
}  // namespace detail

/// A line per layer and the totals. Value 0 is the input, value n the output of layer n; shapes are channels x height x width.
inline std::string info_table(const network_facts& network) {
  char line[256];
  const auto row = [&](const std::string& index, const std::string& operation, const std::string& reads, const std::string& out,
                       const std::string& macs, const std::string& parameters) {
    std::snprintf(line, sizeof line, "%5s  %-30s %-8s %-14s %15s %13s\n", index.c_str(), operation.c_str(), reads.c_str(),
                  out.c_str(), macs.c_str(), parameters.c_str());
    return std::string(line);
  };
  const auto number = [](std::int64_t value) { return value == 0 ? std::string("-") : detail::grouped(value); };
  std::string text = network.name + ", input " + detail::image_text(network.layers.input) + "\n\n" +
                     row("layer", "operation", "reads", "output", "MACs", "parameters");
  int index = 0;
  for (const layer& item : network.layers)
    text += row(std::to_string(++index), detail::operation_text(item), detail::reads_text(item), detail::image_text(item.out),
                number(macs_of(item)), number(parameters_of(item)));
  const cost total = cost_of(network.layers);
  text += row("", "total", "", "", detail::grouped(total.macs), detail::grouped(total.parameters()));
  text += "\nparameters: " + detail::grouped(total.weights) + " of convolutions and linear layers, " +
          detail::grouped(total.batch_norm_parameters) + " of batch norm\n";
  text += "activations of one image: " + detail::grouped(total.activations) + " written, at most " +
          detail::grouped(total.peak_elements) + " alive at once\n";
  for (const named_value& output : network.layers.outputs)
    text += "output " + output.name + ": value " + std::to_string(output.value) + ", " +
            detail::image_text(network.layers.shape_of(output.value)) + "\n";
  const memory_need memory = memory_need_of(network.layers);
  text += "memory of an inference: " + detail::grouped(static_cast<std::int64_t>(memory.activations)) + " bytes of activations, " +
          detail::grouped(static_cast<std::int64_t>(memory.weights)) + " bytes of weights\n";
  if (network.measured) text += "\non " + text_of(network.measured->device) + ", " + network.measured->device.library + ": " + to_text(network.measured->times);
  if (!network.latency) return text;
  std::snprintf(line, sizeof line, "latency: %.4f ms", to_milliseconds(network.latency->time));
  text += line + (" on " + network.latency->device);
  std::snprintf(line, sizeof line, " (sums of this table are off by %.1f %% in the median)\n", 100 * network.latency->median_error);
  return text + line;
}

/// The same as one object; shapes are [channels, height, width].
inline json info_json(const network_facts& network) {
  const auto shape = [](feature_shape it) { return json{it.c, it.h, it.w}; };
  json layers = json::array();
  for (const layer& item : network.layers) {
    json row = detail::layer_json(item);
    row["index"] = layers.size() + 1, row["input"] = shape(item.in);
    row["macs"] = macs_of(item), row["parameters"] = parameters_of(item);
    layers.push_back(std::move(row));
  }
  const cost total = cost_of(network.layers);
  const memory_need memory = memory_need_of(network.layers);
  json result{{"name", network.name},
              {"input", shape(network.layers.input)},
              {"output", shape(network.layers.shape_of(static_cast<value_id>(network.layers.size())))},
              {"macs", total.macs},
              {"parameters", total.parameters()},
              {"weights", total.weights},
              {"batch_norm_parameters", total.batch_norm_parameters},
              {"activations", total.activations},
              {"peak_activations", total.peak_elements},
              {"activation_bytes", memory.activations},
              {"weight_bytes", memory.weights},
              {"layers", std::move(layers)}};
  for (const named_value& output : network.layers.outputs)
    result["outputs"].push_back(
        {{"name", output.name}, {"value", output.value}, {"shape", shape(network.layers.shape_of(output.value))}});
  if (network.measured) {
    result["measured"] = parts_json(network.measured->times);
    result["measured"]["device"] = text_of(network.measured->device), result["measured"]["library"] = network.measured->device.library;
  }
  if (network.latency)
    result["latency"] = {{"milliseconds", to_milliseconds(network.latency->time)},
                         {"device", network.latency->device},
                         {"median_error", network.latency->median_error}};
  return result;
}

/// The program: prints to `out`; returns 0, or 2 after one sentence on `problems`.
inline int info(int argc, const char* const* argv, std::FILE* out = stdout, std::FILE* problems = stderr) {
  CLI::App app("Prints the layers, shapes, multiply-accumulates and parameters of a network", "hasse_info");
  std::string name, input, width, table, device;
  int threads = 1, classes = 0;
  bool as_json = false, list = false;
  app.add_option(
      "network", name,
      "a name such as resnet18 or mobilenet_v2 (--list has them all), SPACE:CODE such as df:[(64,64),(128,256),(256)], or an ONNX file that ends with .onnx");
  app.add_flag("--json", as_json, "print one JSON object");
  app.add_option("--input", input, "channels x height x width instead of the network's own, for instance 3x192x192");
  add_number(app, "--classes", classes, 0, 65'535, "that the network answers with; 0: its own");
  app.add_option("--width", width, "multiplier of the channels of a MobileNet, for instance 0.75");
  app.add_option("--table", table, "latency table of the space of SPACE:CODE, for this input and these classes: print what it predicts");
  app.add_option("--device", device, "measure each part on cpu, cuda or cuda:N; without, nothing is measured");
  detail::describe_device_threads(app, threads);
  app.add_flag("--list", list, "print the networks and spaces that are known");
  return guarded(app, argc, argv, [&] {
    if (list) {
      for (const std::string_view each : published_names) std::fprintf(out, "%.*s\n", static_cast<int>(each.size()), each.data());
      for (const std::string_view each : shipped_spaces)
        std::fprintf(out, "%.*s:CODE\n", static_cast<int>(each.size()), each.data());
      return;
    }
    if (name.empty()) throw error("no network is named; give one, for instance hasse_info df1 or hasse_info model.onnx, or ask with --list");
    network_form form;
    if (!input.empty()) form.input = parse_shape(input);
    if (!width.empty()) form.width = parse_width(width);
    network_facts network = facts_of(name, form, table, classes);
    if (!device.empty()) {
      const any_device on = device_of(parse_device(device), threads);
      network.measured = {on.facts(), measure_parts(network.layers, on)};
    }
    const std::string text = as_json ? json_text(info_json(network), 2) + "\n" : info_table(network);
    std::fputs(text.c_str(), out);
  }, out, problems);
}

}  // namespace hasse
