// The bodies of result/cpp_header.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/cpp_header.hpp>

namespace hasse {

namespace detail {
inline std::string comment_line(const std::string& text) {
  std::string line = "// ";
  for (const char letter : text) line += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter == '\\' ? '/' : letter;
  return line + '\n';
}

/// A string literal. What is not UTF-8, and what a literal cannot hold, is written as three octal digits.
inline std::string cpp_literal(const std::string& text) {
  const bool is_utf8 = valid_utf8(text) == text;
  std::string literal = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte >= ' ' && byte != '"' && byte != '\\' && byte != '?' && (byte < 127 || (is_utf8 && byte > 127))) {
      literal += letter;
      continue;
    }
    for (const int shift : {6, 3, 0}) literal += (shift == 6 ? "\\" : "") + std::string(1, static_cast<char>('0' + (byte >> shift & 7)));
  }
  return literal + "\"";
}
inline std::string float_literals(const std::vector<float>& numbers) {
  std::string list;
  for (const float number : numbers) {
    const std::string text = exact_text(static_cast<double>(number), 9);
    list += (list.empty() ? "" : ", ") + text + (text.find_first_of(".e") == std::string::npos ? ".0f" : "f");
  }
  return "{" + list + "}";
}
}  // namespace detail

HASSE_BODY std::string network_type(const std::string& space, const std::string& architecture) {
  if (architecture.find_first_not_of("[]()<>{},.:;=+-*/_ abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != std::string::npos)
    throw error("the architecture text " + architecture + " cannot stand in a C++ string; write it as to_text does");
  return "hasse::network<" + space + ", \"" + architecture + "\">";
}

HASSE_BODY std::string at_type(std::string net, feature_shape image, int classes) {
  if (image != feature_shape{})
    net = "hasse::at_input<" + net + ", hasse::input<" + std::to_string(image.c) + ", " + std::to_string(image.h) + ", " + std::to_string(image.w) + ">>";
  if (classes > 0) net = "hasse::at_classes<" + net + ", " + std::to_string(classes) + ">";
  return net;
}

HASSE_BODY std::string narrowed_type(const std::string& net, const channel_configuration& configuration) {
  if (net.empty()) throw error("the network that was slimmed has no C++ type; export it as ONNX, or name its type");
  std::string type = "hasse::narrowed<" + net;
  for (const int count : configuration.counts) {
    if (count < 1)
      throw error("the configuration " + detail::clipped(to_text(configuration)) +
                  " cannot be a C++ type; every channel count must be at least 1");
    type += ", " + std::to_string(count);
  }
  return type + ">";
}

HASSE_BODY std::string cpp_header_text(const found_network& found) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  if (found.name.empty() || found.name.find_first_not_of(letters) != std::string::npos || (found.name[0] >= '0' && found.name[0] <= '9'))
    throw error("the name " + detail::in_quotes(found.name) + " is no C++ identifier; use letters, digits and '_'");
  std::string text = "// A network found by hasse, as one static type: shapes, memory plan and kernels are fixed by the compiler.\n";
  for (const std::string& fact : found.facts) text += detail::comment_line(fact);
  text += found.classes.empty() ? "#pragma once\n\n" : "#pragma once\n\n#include <string_view>\n\n";
  std::vector<std::string> headers = found.headers;
  headers.push_back("hasse/network.hpp");
  if (!found.weights_file.empty()) headers.push_back("hasse/result/weights.hpp");
  std::sort(headers.begin(), headers.end());
  headers.erase(std::unique(headers.begin(), headers.end()), headers.end());
  for (const std::string& header : headers)
    text += header.starts_with("hasse/") ? "#include <" + header + ">\n" : "#include \"" + header + "\"\n";
  text += "\nusing " + found.name + " = " + found.type + ";\n";
  if (!found.classes.empty()) {
    text += "\n// What each output means.\ninline constexpr std::string_view " + found.name + "_classes[] = {\n";
    for (const std::string& name : found.classes) text += "    " + detail::cpp_literal(name) + ",\n";
    text += "};\n";
  }
  const bool knows_scale = !found.scale.mean.empty();
  if (knows_scale)
    text += "\n// What it reads, channel by channel: (value / 255 - mean) / deviation.\ninline constexpr float " + found.name + "_mean[] = " + detail::float_literals(found.scale.mean) + ", " +
            found.name + "_deviation[] = " + detail::float_literals(found.scale.deviation) + ";\n";
  if (!found.weights_file.empty()) {
    text += "\n// How to run it:\n";
    std::string answers = "ready.output()";
    for (std::size_t i = 0; i < found.outputs.size() && found.outputs.size() > 1; ++i)
      answers = (i == 0 ? "" : answers + ", ") + "ready.output(" + std::to_string(i) + ") (" + found.outputs[i] + ")";
    for (const std::string& line : {std::string("  hasse::cpu backend;                      // of <hasse/kernel/cpu.hpp>"), "  const auto weights = hasse::read_weights(\"" + found.weights_file + "\", " + found.name + "::layers);",
                                    "  hasse::static_inference<" + found.name + ", hasse::cpu> ready(backend, weights);",
                                    "  // write height x width x channels floats to ready.input(), " + (knows_scale ? "(value / 255 - " + found.name + "_mean[c]) / " + found.name + "_deviation[c] for channel c," : std::string("normalised as in training,")),
                                    "  // then ready.run() and read " + answers})
      text += detail::comment_line(line);
  }
  return text;
}

HASSE_BODY void write_cpp_header(const std::filesystem::path& path, const found_network& found) { replace_file(path, cpp_header_text(found)); }

}  // namespace hasse
