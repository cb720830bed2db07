// The program hasse_info as a function: a network by name, its layers, shapes, multiply-accumulates and parameters.
// Used by examples/hasse_info.cpp and by tests.
#pragma once

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/catalogue.hpp>
#include <hasse/file/json.hpp>
#include <hasse/network/published.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/spaces.hpp>

namespace hasse {

/// A network that a name stands for.
struct named_network {
  std::string name;  ///< "df1", or "df:[(64),(128),(256)]"
  layer_list layers;
};

/// The names that hasse_info knows besides SPACE:CODE.
inline constexpr std::string_view published_names[] = {"df1", "df2", "df2a", "resnet18", "resnet50"};
/// The spaces that SPACE:CODE can name.
inline constexpr std::string_view shipped_spaces[] = {"df", "df-small"};

/// The network of a published name or of SPACE:CODE. Throws `error` when there is none.
inline named_network find_network(const std::string& name) {
  const auto layers_in = []<class Net>(std::type_identity<Net>) { return layer_list{.input = Net::in, .items = {Net::layers.begin(), Net::layers.end()}}; };
  if (name == "df1") return {name, layers_in(std::type_identity<df1>{})};
  if (name == "df2") return {name, layers_in(std::type_identity<df2>{})};
  if (name == "df2a") return {name, layers_in(std::type_identity<df2a>{})};
  if (name == "resnet18") return {name, layers_in(std::type_identity<resnet18>{})};
  if (name == "resnet50") return {name, layers_in(std::type_identity<resnet50>{})};
  const auto in_space = []<class Space>(std::type_identity<Space>, const std::string& space, std::string_view code) {
    const auto choice = parse<Space>(code);
    return named_network{space + ":" + to_text(choice), layers_of(choice)};
  };
  const std::size_t colon = name.find(':');
  const std::string space = name.substr(0, colon);
  if (colon != std::string::npos && space == "df") return in_space(std::type_identity<df>{}, space, std::string_view(name).substr(colon + 1));
  if (colon != std::string::npos && space == "df-small") return in_space(std::type_identity<df_small>{}, space, std::string_view(name).substr(colon + 1));
  throw error("there is no network " + detail::in_quotes(name) +
              "; give df1, df2, df2a, resnet18, resnet50, or an architecture such as \"df:[(64,64),(128,256),(256)]\" or \"df-small:[(32),(64),(64)]\"");
}

/// Reads "3x224x224": channels, height, width.
inline feature_shape parse_shape(std::string_view text) {
  int numbers[3]{};
  const char *at = text.data(), *const end = text.data() + text.size();
  for (int i = 0; i < 3; ++i) {
    const auto [next, problem] = std::from_chars(at, end, numbers[i]);
    const bool good = problem == std::errc() && numbers[i] >= 1 && numbers[i] <= 8192 && (i < 2 ? next != end && *next == 'x' : next == end);
    if (!good) throw error("the input " + detail::in_quotes(text) + " cannot be read; write channels, height and width of 1 to 8192, for instance 3x224x224");
    at = next + 1;
  }
  return {.h = numbers[1], .w = numbers[2], .c = numbers[0]};
}

/// The same layers on another input. Throws `error` where they do not fit it.
inline layer_list with_input(const layer_list& layers, feature_shape input) {
  const auto text = [](feature_shape it) { return std::to_string(it.c) + "x" + std::to_string(it.h) + "x" + std::to_string(it.w); };
  layer_list result{.input = input, .items = {}};
  for (layer item : layers) {
    const feature_shape before = item.in;
    const auto refuse = [&](const std::string& why) {
      return error("this network cannot read an input of " + text(input) + ": its layer " + std::to_string(result.size()) + ", " + std::string(name_of(item.kind)) +
                   ", " + why + "; give an input nearer to " + text(layers.input));
    };
    item.in = result.shape_of(item.input);
    const auto window = [&](int side) { return window_output(side, item.kernel, item.stride, item.pad_top); };
    switch (item.kind) {
      case layer_kind::convolution:
        if (item.groups > 1 && item.in.c != before.c) throw refuse("has groups of channels");
        item.out = {window(item.in.h), window(item.in.w), item.out.c};
        break;
      case layer_kind::max_pool:
      case layer_kind::average_pool: item.out = {window(item.in.h), window(item.in.w), item.in.c}; break;
      case layer_kind::global_average_pool: item.out = {1, 1, item.in.c}; break;
      case layer_kind::linear:
        if (item.in.size() != before.size()) throw refuse("reads " + std::to_string(before.size()) + " numbers and would get " + std::to_string(item.in.size()));
        break;
      case layer_kind::resize: item.out.c = item.in.c; break;
      case layer_kind::batch_norm:
      case layer_kind::activation:
      case layer_kind::add:
        if (item.other != no_value && result.shape_of(item.other) != item.in) throw refuse("would add values of different shapes");
        item.out = item.in;
        break;
      case layer_kind::scale:
        if (result.shape_of(item.other) != feature_shape{1, 1, item.in.c}) throw refuse("would have a gate of another width");
        item.out = item.in;
    }
    if (item.out.h < 1 || item.out.w < 1) throw refuse("would have nothing left to write");
    result.append(item);
  }
  return result;
}

namespace detail {
inline std::string image_text(feature_shape it) { return std::to_string(it.c) + "x" + std::to_string(it.h) + "x" + std::to_string(it.w); }

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
    if (item.pad_top > 0) text += " p" + std::to_string(item.pad_top);
  }
  return item.groups > 1 ? text + " g" + std::to_string(item.groups) : text;
}

inline std::string reads_text(const layer& item) {
  return std::to_string(item.input) + (item.other == no_value ? "" : ", " + std::to_string(item.other));
}
}  // namespace detail

/// A line per layer and the totals. Value 0 is the input, value n the output of layer n; shapes are channels x height x width.
inline std::string info_table(const named_network& network) {
  char line[256];
  const auto row = [&](const std::string& index, const std::string& operation, const std::string& reads, const std::string& out, const std::string& macs,
                       const std::string& parameters) {
    std::snprintf(line, sizeof line, "%5s  %-24s %-8s %-14s %15s %13s\n", index.c_str(), operation.c_str(), reads.c_str(), out.c_str(), macs.c_str(), parameters.c_str());
    return std::string(line);
  };
  const auto number = [](std::int64_t value) { return value == 0 ? std::string("-") : detail::grouped(value); };
  std::string text = network.name + ", input " + detail::image_text(network.layers.input) + "\n\n" + row("layer", "operation", "reads", "output", "MACs", "parameters");
  int index = 0;
  for (const layer& item : network.layers)
    text += row(std::to_string(++index), detail::operation_text(item), detail::reads_text(item), detail::image_text(item.out), number(macs_of(item)), number(parameters_of(item)));
  const cost total = cost_of(network.layers);
  text += row("", "total", "", "", detail::grouped(total.macs), detail::grouped(total.parameters()));
  text += "\nparameters: " + detail::grouped(total.weights) + " of convolutions and linear layers, " + detail::grouped(total.batch_norm_parameters) + " of batch norm\n";
  return text + "activations of one image: " + detail::grouped(total.activations) + " written, at most " + detail::grouped(total.peak_elements) + " alive at once\n";
}

/// The same as one object; shapes are [channels, height, width].
inline json info_json(const named_network& network) {
  const auto shape = [](feature_shape it) { return json{it.c, it.h, it.w}; };
  json layers = json::array();
  for (const layer& item : network.layers) {
    json reads = json::array({item.input});
    if (item.other != no_value) reads.push_back(item.other);
    json row{{"index", layers.size() + 1}, {"kind", name_of(item.kind)}, {"reads", std::move(reads)}, {"input", shape(item.in)}, {"output", shape(item.out)},
             {"macs", macs_of(item)}, {"parameters", parameters_of(item)}};
    if (item.kind == layer_kind::convolution || item.kind == layer_kind::max_pool || item.kind == layer_kind::average_pool)
      row["kernel"] = item.kernel, row["stride"] = item.stride, row["padding"] = item.pad_top;
    if (item.kind == layer_kind::convolution) row["groups"] = item.groups;
    if (item.kind == layer_kind::convolution || item.kind == layer_kind::linear) row["bias"] = item.bias;
    if (item.kind == layer_kind::activation) row["activation"] = name_of(item.act);
    layers.push_back(std::move(row));
  }
  const cost total = cost_of(network.layers);
  return {{"name", network.name}, {"input", shape(network.layers.input)}, {"output", shape(network.layers.shape_of(static_cast<value_id>(network.layers.size())))},
          {"macs", total.macs}, {"parameters", total.parameters()}, {"weights", total.weights}, {"batch_norm_parameters", total.batch_norm_parameters},
          {"activations", total.activations}, {"peak_activations", total.peak_elements}, {"layers", std::move(layers)}};
}

/// The program: prints to `out`; returns 0, or 2 after one sentence on `problems`.
inline int info(int argc, const char* const* argv, std::FILE* out = stdout, std::FILE* problems = stderr) {
  CLI::App app("Prints the layers, shapes, multiply-accumulates and parameters of a network", "hasse_info");
  std::string name, input;
  bool as_json = false, list = false;
  app.add_option("network", name, "df1, df2, df2a, resnet18, resnet50, or SPACE:CODE such as df:[(64,64),(128,256),(256)]");
  app.add_flag("--json", as_json, "print one JSON object");
  app.add_option("--input", input, "channels x height x width instead of the network's own, for instance 3x192x192");
  app.add_flag("--list", list, "print the networks and spaces that are known");
  try {
    app.parse(argc, argv);
    if (list) {
      for (const std::string_view each : published_names) std::fprintf(out, "%.*s\n", static_cast<int>(each.size()), each.data());
      for (const std::string_view each : shipped_spaces) std::fprintf(out, "%.*s:CODE\n", static_cast<int>(each.size()), each.data());
      return 0;
    }
    if (name.empty()) throw error("no network is named; give one, for instance hasse_info df1, or ask with --list");
    named_network network = find_network(name);
    if (!input.empty()) network.layers = with_input(network.layers, parse_shape(input));
    const std::string text = as_json ? json_text(info_json(network), 2) + "\n" : info_table(network);
    std::fputs(text.c_str(), out);
    return 0;
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), out);
    return 0;
  } catch (const CLI::ParseError& refused) {
    std::fprintf(problems, "hasse_info: %s; see hasse_info --help\n", refused.what());
  } catch (const error& refused) {
    std::fprintf(problems, "hasse_info: %s\n", refused.what());
  }
  return 2;
}

}  // namespace hasse
