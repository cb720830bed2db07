// The program hasse_evaluate as a function: a network that any of our programs handed over, judged on images, its answers written
// for other tools. Used by examples/hasse_evaluate.cpp; bench/onnx_check.py compares its files with what ONNX Runtime answers.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/data/open.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/find.hpp>
#include <hasse/onnx/read.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/answers.hpp>
#include <hasse/result/weights.hpp>
#include <hasse/train/evaluate.hpp>

namespace hasse {

/// The command line of hasse_evaluate. What is empty is taken from the file of the network.
struct evaluate_options {
  std::string weights{}, net{}, data{}, seed{}, device = "cpu", dump{}, input{}, mean{}, deviation{};
  int threads = 1;
  bool changed_weights = false, skip_damaged = false;
};

namespace detail {
/// The file of the network, whichever it is.
inline const std::string& file_of(const evaluate_options& options) { return options.net.empty() ? options.weights : options.net; }

/// Refuses what is no list of a number per channel; "" is one.
inline void check_numbers(const char* option, const std::string& text, int channels, double least) {
  int count = 0;
  bool good = true;
  for (const char *at = text.data(), *end = at + text.size(); good && at < end; ++count) {
    float number = 0;
    const auto [next, problem] = std::from_chars(at, end, number);
    good = problem == std::errc() && std::isfinite(number) && static_cast<double>(number) >= least && (next == end || (*next == ',' && next + 1 < end));
    at = next + (next < end);
  }
  if (!text.empty() && (!good || count != channels))
    throw error(std::string(option) + " is " + in_quotes(text) + ", and the network reads " + std::to_string(channels) + " channels; give a number for each, with commas between" +
                (least > 0 ? ", above 0" : ""));
}

/// A network of anybody's out of an ONNX file. What hasse says in the metadata of its own the command line says of others.
inline stored_network network_of_onnx(const evaluate_options& options) {
  const feature_shape wanted = options.input.empty() ? feature_shape{} : parse_shape(options.input);
  onnx_network read = read_onnx(options.net, {.height = wanted.h, .width = wanted.w});
  if (wanted.c != 0 && wanted.c != read.network.layers.input.c)
    throw file_error(options.net, "reads " + std::to_string(read.network.layers.input.c) + " channels and --input says " + std::to_string(wanted.c), "give it as many");
  const int read_channels = read.network.layers.input.c;
  stored_network stored{std::move(read.network), std::move(read.metadata)};
  if (options.mean.empty() != options.deviation.empty()) throw error("--mean and --deviation belong together; give both, or neither");
  check_numbers("--mean", options.mean, read_channels, -std::numeric_limits<double>::max());
  check_numbers("--deviation", options.deviation, read_channels, std::numeric_limits<double>::min());
  if (!options.mean.empty()) stored.metadata["mean"] = options.mean, stored.metadata["deviation"] = options.deviation, stored.metadata.erase("pixels");
  if (!stored.metadata.contains("mean"))
    throw file_error(options.net, "does not say how its images were normalised", "say it with --mean and --deviation of red, green and blue, for instance --mean 0.485,0.456,0.406 --deviation 0.229,0.224,0.225");
  return stored;
}

/// The images that the network's file names, or those of `--data`, cut and drawn as the file says.
inline splits images_to_judge(const evaluate_options& options, const image_facts& known, feature_shape wanted) {
  const std::string& data = options.data.empty() ? known.origin.data : options.data;
  if (data.empty())
    throw file_error(file_of(options), "does not say which images it was trained on", "name the images to judge it on with --data");
  data_options how = parse_data_options(known.origin.options, wanted);
  if (!options.seed.empty()) how.seed = std::stoull(options.seed);
  how.skip_damaged = how.skip_damaged || options.skip_damaged;
  std::printf("data: %s\n", data.c_str());
  progress_printer printer;
  try {
    splits images = open_data(data, how, std::ref(printer));
    printer.finish();
    print(images.about);
    return images;
  } catch (const error& problem) {
    if (!options.data.empty()) throw;
    throw error("the images that " + file_of(options) + " was trained on, " + in_quotes(data) + ", cannot be read from here (" +
                std::string(problem.what()) + "); say with --data where they are now, for instance --data folder:DIR");
  }
}
}  // namespace detail

/// hasse_evaluate without its command line: prints how many images the network has right. On the images of its run these are the
/// validation and the test images, so that the numbers are those of the run's report; on others, their test images.
inline void evaluate_network(const evaluate_options& options) {
  any_backend<float> backend = backend_of(parse_device(options.device), options.threads);
  detail::say_threads(options.threads);
  const std::string& file = detail::file_of(options);
  const stored_network stored = !options.net.empty() ? detail::network_of_onnx(options)
                                : read_network(file, options.changed_weights ? changed_weights::accepted : changed_weights::refused);
  const model& network = stored.network;
  if (network.layers.output_count() != 1)
    throw file_error(file, "has " + detail::outputs_sentence(network.layers), "give a network that tells classes apart, with one output");
  const feature_shape input = network.layers.input, output = network.layers.output_shape(0);
  if (output.pixels() != 1) throw file_error(file, "answers with an image, not with a class", "give a network that tells classes apart");
  const image_facts known = image_facts_of(stored.metadata, input.c, file);
  const normalisation scale = known.fed();
  const bool names_classes = options.net.empty() || !known.classes.empty();  // other exporters leave no names
  if (names_classes && static_cast<std::int64_t>(known.classes.size()) != output.c)
    throw file_error(file,
                     "names " + std::to_string(known.classes.size()) + " classes (\"classes\" in its metadata) and answers with " +
                         std::to_string(output.c) + " numbers",
                     detail::metadata_remedy);
  const splits images = detail::images_to_judge(options, known, input);
  if (!names_classes && static_cast<std::int64_t>(images.test.classes.size()) != output.c)
    throw file_error(file, "answers with " + std::to_string(output.c) + " numbers and the set " + detail::in_quotes(images.test.origin.data) + " has " +
                               std::to_string(images.test.classes.size()) + " classes", "give a set with the network's classes, in the order of its outputs");
  if (const std::string difference = names_classes ? class_difference(known.classes, images.test.classes) : ""; !difference.empty())
    throw error("the set " + detail::in_quotes(images.test.origin.data) + " " + difference +
                "; give a set with the network's classes, in the order of labels.txt beside the network");
  const bool is_same = images.test.origin.hash == known.origin.hash;
  if (!is_same && options.data.empty() && options.seed.empty())
    throw error("the images " + detail::in_quotes(known.origin.data) + " are not those any more that " + file +
                " was trained and judged on; to judge it on what is there now, name them: --data " + detail::clipped(known.origin.data, 1000));
  if (!is_same && !known.origin.hash.empty()) std::printf("  other images than those of the run that made the network\n");

  const auto judge = [&](const char* split, const image_set& set) {
    std::vector<float> answers = logits(backend, network.layers, network.weights, set, scale);
    const std::size_t right = detail::right_answers(answers, set);
    std::printf("%s: %zu of %zu %s images right, %.2f %%\n", network.name.c_str(), right, set.size(), split,
                100.0 * static_cast<double>(right) / static_cast<double>(set.size()));
    return answers;
  };
  if (is_same) judge("validation", images.validation);
  const std::vector<float> answers = judge("test", images.test);
  if (!options.dump.empty()) detail::write_answers(options.dump, images.test, answers);
}

/// The program: parses and judges. Returns the exit code: 0, or 2 after one sentence on stderr.
inline int evaluate(int argc, char** argv) {
  evaluate_options options;
  CLI::App app("Judges a network that a program handed over, on the images of its run or on others", "hasse_evaluate");
  app.add_option("--weights", options.weights, "the .safetensors of the network, of any run")->check(not_empty("a file"));
  app.add_option("--net", options.net, "in the place of --weights an ONNX file, whoever trained it")->check(not_empty("a file"));
  app.add_option("--input", options.input, "of --net: channels x height x width, where the file leaves them open or for another size, for instance 3x224x224");
  app.add_option("--mean", options.mean, "of --net: what is subtracted from values of 0 to 1, one number per channel; without, as the file says");
  app.add_option("--deviation", options.deviation, "of --net: what they are divided by then");
  app.add_option("--data", options.data,
                 "where the images are: synthetic[:DIFFICULTY], cifar10:DIR, folder:DIR_OR_ARCHIVE, idx:DIR; without, as the file says");
  app.add_option("--seed", options.seed, "which images are drawn, or cut for the test; without, as the file says")
      ->transform(number_between<std::uint64_t>(0, UINT64_MAX));
  detail::describe_skip_damaged(app, options.skip_damaged);
  app.add_option("--device", options.device, "that the network runs on: cpu, cuda or cuda:N, the GPU of that number from 0")->capture_default_str();
  app.add_option("--threads", options.threads, "threads, on the processor")->capture_default_str()->check(detail::thread_count);
  app.add_option("--dump", options.dump, "folder for images.npy (0 to 1, NCHW), labels.npy and logits.npy of the test images");
  app.add_flag("--changed-weights", options.changed_weights, "read weights that were changed after hasse wrote them: trained on elsewhere");
  return guarded(app, argc, argv, [&] {
    if (options.weights.empty() == options.net.empty()) throw error("one network is judged; name the .safetensors of a run with --weights, or an ONNX file with --net");
    if (options.net.empty() && !(options.input.empty() && options.mean.empty() && options.deviation.empty()))
      throw error("--input, --mean and --deviation are of ONNX files, and the file that --weights names says all that itself; leave them out");
    evaluate_network(options);
  });
}

}  // namespace hasse
