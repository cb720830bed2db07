// The program hasse_evaluate as a function: a network that a search exported, judged on images, its answers written for other tools.
// Used by examples/hasse_evaluate.cpp; bench/onnx_check.py compares its files with what ONNX Runtime answers.
#pragma once

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/catalogue.hpp>
#include <hasse/data.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/program/boundary.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/train/evaluate.hpp>

namespace hasse {

namespace detail {
/// A NumPy file of a C-ordered array: version 1.0, header padded to 64 bytes.
template <class Number>
void write_npy(const std::filesystem::path& path, const char* type, const std::vector<std::size_t>& shape, const std::vector<Number>& values) {
  std::string header = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (";
  for (const std::size_t side : shape) header += std::to_string(side) + ", ";
  header += "), }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 255), file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
  replace_file(path, file);
}

/// "0.5,0.25" as written into the metadata of exported networks.
inline std::vector<float> number_list(const tensor_file& file, const std::string& key, const std::string& path) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end())
    throw file_error(path, "does not say its " + key, "give the .safetensors that a search wrote into networks/");
  std::vector<float> numbers;
  for (const char *at = found->second.data(), *end = at + found->second.size(); at < end;) {
    float number = 0;
    const auto [next, problem] = std::from_chars(at, end, number);
    if (problem != std::errc() || numbers.size() > 16) throw file_error(path, "has a damaged " + key, "export the network again");
    numbers.push_back(number);
    at = next + (next < end);
  }
  return numbers;
}

template <class Space>
void evaluate_network(const std::filesystem::path& weights_file, const std::string& data, std::uint64_t seed, int threads, const std::string& dump) {
  const tensor_file file = read_safetensors(weights_file);
  const auto named = file.metadata.find("architecture");
  if (named == file.metadata.end()) throw file_error(weights_file.string(), "names no architecture", "give the .safetensors that a search wrote into networks/");
  const layer_list layers = layers_of(parse<Space>(named->second));
  const parameters<float> weights = read_weights(weights_file, layers);
  const normalisation scale{number_list(file, "mean", weights_file.string()), number_list(file, "deviation", weights_file.string())};
  const auto channels = static_cast<std::size_t>(layers.input.c);
  if (scale.mean.size() != channels || scale.deviation.size() != channels)
    throw file_error(weights_file.string(), "normalises another number of channels than the network reads", "export the network again");
  progress_printer printer;
  const splits images = open_data(data, {.wanted = layers.input, .seed = seed}, std::ref(printer));
  printer.finish();
  cpu backend({.threads = threads});
  const std::vector<float> answers = logits(backend, layers, weights, images.test, scale);
  const std::size_t count = images.test.size(), classes = answers.size() / count;
  std::size_t correct = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const float* const own = answers.data() + i * classes;
    correct += static_cast<std::size_t>(std::max_element(own, own + classes) - own) == images.test.labels[i];
  }
  std::printf("%s: %zu of %zu test images right, %.2f %%\n", named->second.c_str(), correct, count, 100.0 * static_cast<double>(correct) / static_cast<double>(count));
  if (dump.empty()) return;
  std::filesystem::create_directories(dump);
  const auto pixels = static_cast<std::size_t>(layers.input.pixels());
  std::vector<float> planes(count * pixels * channels);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t pixel = 0; pixel < pixels; ++pixel)
      for (std::size_t c = 0; c < channels; ++c)
        planes[(i * channels + c) * pixels + pixel] =
            (static_cast<float>(images.test.pixels[(i * pixels + pixel) * channels + c]) / 255.0f - scale.mean[c]) / scale.deviation[c];
  const std::filesystem::path folder(dump);
  write_npy(folder / "images.npy", "<f4", {count, channels, static_cast<std::size_t>(layers.input.h), static_cast<std::size_t>(layers.input.w)}, planes);
  write_npy(folder / "labels.npy", "<u2", {count}, images.test.labels);
  write_npy(folder / "logits.npy", "<f4", {count, classes}, answers);
}
}  // namespace detail

/// The program: judges an exported network of one of the spaces on the test images of a data set.
template <class... Spaces>
int evaluate(int argc, char** argv, const std::array<space_name, sizeof...(Spaces)>& names) {
  std::string space = names[0].name, weights, data = "synthetic", dump, list;
  std::uint64_t seed = 1;
  int threads = 1;
  for (const space_name& each : names) list += (list.empty() ? "" : ", ") + each.name;
  CLI::App app("Judges a network that a search exported on the test images of a data set", "hasse_evaluate");
  app.add_option("--weights", weights, "the .safetensors of the network")->required();
  app.add_option("--space", space, "its search space, one of: " + list)->capture_default_str();
  app.add_option("--data", data, "images: synthetic[:DIFFICULTY], cifar10:DIR, folder:DIR_OR_TAR, idx:DIR")->capture_default_str();
  app.add_option("--seed", seed, "the seed of the search, which cut or drew the splits")->capture_default_str()->check(detail::whole_number);
  app.add_option("--threads", threads, "threads")->capture_default_str()->check(CLI::Range(1, 1024));
  app.add_option("--dump", dump, "folder for images.npy (normalised, NCHW), labels.npy and logits.npy");
  return detail::guarded(app, argc, argv, [&] {
    std::size_t at = 0;
    const auto run_if_named = [&]<class Space>(std::type_identity<Space>) {
      if (names[at++].name != space) return false;
      detail::evaluate_network<Space>(weights, data, seed, threads, dump);
      return true;
    };
    if (!(run_if_named(std::type_identity<Spaces>{}) || ...)) throw error("there is no space '" + space + "' in this program; choose from: " + list);
  });
}

}  // namespace hasse
