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
#include <hasse/program/boundary.hpp>
#include <hasse/program/detail/answers.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/train/evaluate.hpp>

namespace hasse {

namespace detail {
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
void evaluate_network(const std::filesystem::path& weights_file, const std::string& data, std::uint64_t seed, any_backend<float>& backend, const std::string& dump) {
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
  const std::vector<float> answers = logits(backend, layers, weights, images.test, scale);
  const std::size_t count = images.test.size(), correct = right_answers(answers, images.test);
  std::printf("%s: %zu of %zu test images right, %.2f %%\n", named->second.c_str(), correct, count, 100.0 * static_cast<double>(correct) / static_cast<double>(count));
  if (!dump.empty()) write_answers(dump, images.test, scale, answers);
}
}  // namespace detail

/// The program: judges an exported network of one of the spaces on the test images of a data set.
template <class... Spaces>
int evaluate(int argc, char** argv, const std::array<space_name, sizeof...(Spaces)>& names) {
  std::string space = names[0].name, weights, data = "synthetic", device = "cpu", dump, list;
  std::uint64_t seed = 1;
  int threads = 1;
  for (const space_name& each : names) list += (list.empty() ? "" : ", ") + each.name;
  CLI::App app("Judges a network that a search exported on the test images of a data set", "hasse_evaluate");
  app.add_option("--weights", weights, "the .safetensors of the network")->required();
  app.add_option("--space", space, "its search space, one of: " + list)->capture_default_str();
  app.add_option("--data", data, "images: synthetic[:DIFFICULTY], cifar10:DIR, folder:DIR_OR_TAR, idx:DIR")->capture_default_str();
  app.add_option("--seed", seed, "the seed of the search, which cut or drew the splits")->capture_default_str()->check(detail::whole_number);
  app.add_option("--device", device, "that the network runs on: cpu, cuda or cuda:N, the GPU of that number from 0")->capture_default_str();
  app.add_option("--threads", threads, "threads, on the processor")->capture_default_str()->check(detail::thread_count);
  app.add_option("--dump", dump, "folder for images.npy (normalised, NCHW), labels.npy and logits.npy");
  return detail::guarded(app, argc, argv, [&] {
    any_backend<float> backend = backend_of(parse_device(device), threads);
    detail::say_threads(threads);
    std::size_t at = 0;
    const auto run_if_named = [&]<class Space>(std::type_identity<Space>) {
      if (names[at++].name != space) return false;
      detail::evaluate_network<Space>(weights, data, seed, backend, dump);
      return true;
    };
    if (!(run_if_named(std::type_identity<Spaces>{}) || ...)) throw error("there is no space '" + space + "' in this program; choose from: " + list);
  });
}

}  // namespace hasse
