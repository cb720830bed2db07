// The subcommands train, evaluate and predict of hasse_segment as functions: a network that gives every pixel a class is trained, judged, and
// colours pictures. Used by program/segment_command_line.hpp and program/segment_search.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/mask.hpp>
#include <hasse/data/png.hpp>
#include <hasse/latency/whole.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/drawn_labels.hpp>
#include <hasse/program/detail/named_pictures.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/segment_options.hpp>
#include <hasse/program/segmenter.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/result/segmentation_report.hpp>
#include <hasse/task/bound_loss.hpp>

namespace hasse {

/// The command line of hasse_segment train.
struct segment_train_options : mask_options {
  std::string data = "scenes", run = "run-segment", net = "df_lite_seg", size = "96x96", decoder{};
  int width = 250, epochs = 20, batch = 16, threads = usual_threads().processors;
  std::size_t train_pictures = 0;
  double learning_rate = segmentation_rate, decay = 5e-4;
  std::uint64_t seed = 1;
  bool coarse = false, skip_damaged = false;
  device_options devices{};
};

/// Of hasse_segment evaluate. What is empty is taken from the file of the network.
struct segment_evaluate_options {
  std::string weights, data{}, device = "cpu";
  int threads = 1;
  bool changed_weights = false, skip_damaged = false;
};

/// Of hasse_segment predict.
struct segment_predict_options {
  std::string weights, out = "segmented", device = "cpu";
  std::vector<std::string> pictures{};
  int threads = 1;
  bool changed_weights = false;
};

/// A segmentation network that is shown one picture after the other.
template <Backend Engine>
class segmenter_at_work {
  using scalar = typename Engine::scalar;

 public:
  /// `form` says how pictures come to the network's size; it must outlive this.
  segmenter_at_work(Engine& backend, const model& network, const detection_set& form, const normalisation& scale)
      : network_(backend, network.layers, 1, parameters<parameter_of<scalar>>(network.weights)),
        outputs_(network_outputs<scalar>::of(network_)),
        reader_(network_.memory()),
        form_(form),
        sampler_(form, scale),
        pixels_(static_cast<std::size_t>(form.shape().size())),
        input_(pixels_.size()) {}

  /// The class of every pixel of the picture's file; -1 where the network answers no numbers.
  std::vector<std::int16_t> answer(const labelled_picture& picture) {
    const picture_placement placement = sampler_.whole(picture, pixels_.data(), seen_);
    for (std::size_t i = 0; i < pixels_.size(); ++i) input_[i] = static_cast<scalar>(pixels_[i]);
    network_.write_input(input_);
    network_.run();
    const tensor_batch<const scalar> found = reader_.read(outputs_, 1, 1)[0];
    segmentation::decide(found.of(0), found.shape.c, decided_);
    return to_file(decided_, found.shape, form_.shape(), placement, picture);
  }

 private:
  inference_network<Engine> network_;
  network_outputs<scalar> outputs_;
  answer_reader<scalar> reader_;
  const detection_set& form_;
  picture_sampler sampler_;
  std::vector<float> pixels_;
  std::vector<scalar> input_;
  std::vector<labelled_object> seen_;
  std::vector<std::int16_t> decided_;
};

namespace detail {
/// Judges a network on all pictures of a set, one by one, as it will run.
template <Backend Engine>
confusion judge_segmenter(Engine& backend, const model& network, const detection_set& set, const normalisation& scale) {
  segmenter_at_work<Engine> at_work(backend, network, set, scale);
  confusion counts(static_cast<int>(set.classes.size()));
  for (const labelled_picture& picture : set.pictures) {
    const std::vector<std::int16_t> answers = at_work.answer(picture);
    for (std::size_t i = 0; i < answers.size(); ++i) counts.add(picture.labels[i], answers[i]);
  }
  return counts;
}

inline std::string overlap_text(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", 100 * share);
  return text;
}

/// A row per class, and the mean over those that are there or were answered.
inline void print(const confusion& counts, const std::vector<std::string>& classes) {
  std::printf("  %-24s %8s %10s\n", "class", "IoU, %", "pixels, %");
  for (int kind = 0; kind < counts.classes(); ++kind) {
    const auto overlap = counts.overlap_of(kind);
    std::int64_t own = 0;
    for (int answer = 0; answer <= counts.classes(); ++answer) own += counts.count(kind, answer);
    std::printf("  %-24s %8s %10s\n", printable(clipped(classes[static_cast<std::size_t>(kind)], 24)).c_str(), overlap ? overlap_text(*overlap).c_str() : "-",
                overlap_text(static_cast<double>(own) / static_cast<double>(std::max<std::int64_t>(counts.pixels(), 1))).c_str());
  }
  std::printf("  mIoU %s %%, %s %% of the pixels are right\n", overlap_text(counts.mean_overlap()).c_str(), overlap_text(counts.pixel_accuracy()).c_str());
  flush_output();
}

/// What a judged set needs: without validation pictures, every fifth training picture is one.
inline void have_validation(detection_splits& pictures) {
  if (pictures.validation.size() > 0) return;
  pictures.validation = hold_out_fifth(pictures.train);
  if (pictures.train.size() == 0 || pictures.validation.size() == 0)
    throw error("the set '" + pictures.train.name + "' has too few training pictures to judge by every fifth of them; add pictures, or some for validation");
  std::printf("  no validation pictures: every fifth training picture is one\n");
}

/// Some pictures of a set, evenly spread, with truth and answer beside them.
template <Backend Engine>
std::vector<std::pair<std::string, std::string>> shown_pictures(Engine& backend, const model& network, const detection_set& set, const normalisation& scale) {
  constexpr std::size_t most = 6;
  segmenter_at_work<Engine> at_work(backend, network, set, scale);
  std::vector<std::pair<std::string, std::string>> made;
  for (std::size_t i = 0; i < std::min(most, set.size()); ++i) {
    const labelled_picture& picture = set.pictures[i * set.size() / std::min(most, set.size())];
    std::vector<std::uint8_t> answers;
    for (const std::int16_t answer : at_work.answer(picture)) answers.push_back(answer < 0 ? void_label : static_cast<std::uint8_t>(answer));
    const std::vector<std::uint8_t> three[] = {picture.pixels, coloured(picture.labels), coloured(answers)};
    made.emplace_back(picture.name, png_bytes(picture.height, 3 * picture.width, side_by_side(three, picture.height, picture.width)));
  }
  return made;
}
}  // namespace detail

/// hasse_segment train without its command line: prints what it does, leaves a run folder.
inline void train_segmenter(const segment_train_options& options) {
  const feature_shape size = detail::read_size(options.size, 32, 4096, "height x width", "384x480");
  (void)detail::read_scales(options.scales);
  const df_seg_spec spec = segmentation_network(options.net, options.width, options.decoder, !options.coarse);
  (void)segmentation_layers(spec, 2, size);
  recipe how{.epochs = options.epochs,
             .batch = options.batch,
             .learning_rate = options.learning_rate,
             .decay = options.decay,
             .warmup_epochs = 0.05 * options.epochs,
             .seed = options.seed};
  check(how);
  const any_device device = device_of(options.devices.measured(), options.devices.device_threads);
  any_backend<float> backend = backend_of(options.devices.training(), options.threads);
  json settings{{"program", "hasse_segment"},
                {"data", detail::place_of(options.data)},
                {"net", spec.text()},
                {"size", options.size},
                {"train_pictures", options.train_pictures},
                {"recipe", to_text(how)},
                {"seed", options.seed},
                {"threads", options.threads},
                {"trains", backend.identity()}};
  detail::add_settings(settings, options);
  detail::add_training_device(settings, options.devices.training());
  program_run here(options.run, settings);
  run_folder& folder = here.folder();
  detail::say_threads(options.threads);
  const detail::wanted_pictures wanted{options.data, size, options.seed, options.train_pictures, how.batch, options.skip_damaged};
  const detection_splits pictures = detail::open_masked(wanted, options, here, detail::have_validation);
  const detection_set& train = pictures.train;
  const segmentation task = detail::task_of(options, train);
  const layer_list layers = segmentation_layers(spec, static_cast<int>(train.classes.size()), size);
  const training_data<segmentation> data(task, train, pictures.validation);
  const cost costs = cost_of(layers);
  std::printf("network: %s at %d x %d, %.1f M MACs, %.3f M parameters\n", spec.text().c_str(), size.h, size.w, static_cast<double>(costs.macs) / 1e6,
              static_cast<double>(costs.parameters()) / 1e6);
  flush_output();

  folder.bind_images(derive(data.identity, identity_of(pictures.test)));
  folder.begin();
  const network_metadata said = segmenter_metadata(train, data.scale);
  const std::string name = "segmenter";
  model network;
  if (file_exists(weights_of(folder, name))) {
    network = read_network(weights_of(folder, name).string()).network;
    std::printf("%s: trained before\n", name.c_str());
  } else {
    const lone_training done = train_alone(here, backend, data, lone_network{.name = name, .layers = layers, .how = how, .seed = options.seed, .said = said});
    if (!done.network) throw detail::diverged("the training", done.outcome.note, folder, detail::trained_before::nothing);
    network = *done.network;
    std::printf("%s: %.1f s of training\n", name.c_str(), done.outcome.seconds);
  }
  hand_over(folder, name, network, {.said = said, .any_batch = false, .keeps_weights = true});
  write_segmenter_forms(folder, name, network, {.metadata = said});
  write_labels(folder.labels(), train.classes);
  segmentation_report_data shown{.title = spec.text() + " on " + train.name, .classes = train.classes, .splits = {}, .facts = {}, .pictures = {}};
  for (const auto& [split, set] : {std::pair{"validation", &pictures.validation}, {"test", &pictures.test}}) {
    if (set->size() == 0) continue;
    std::printf("%s, %zu pictures:\n", split, set->size());
    const confusion counts = detail::judge_segmenter(backend, network, *set, data.scale);
    detail::print(counts, train.classes);
    shown.splits.emplace_back(split, counts);
  }
  const measurement latency = measure(network.layers, device);
  char speed[160];
  std::snprintf(speed, sizeof speed, "%.2f ms a picture of %d x %d, batch norm folded, %s, without decoding and the choice of classes, %s", static_cast<double>(latency.median) / 1e6, size.h, size.w,
                options.coarse ? "scores at stride 8" : "upsampling inside", text_of(device.facts()).substr(0, 60).c_str());
  for (const auto& [key, value] : settings.items()) shown.facts.emplace_back(key, value.is_string() ? value.get<std::string>() : json_text(value));
  shown.facts.emplace_back("latency", speed);
  shown.pictures = detail::shown_pictures(backend, network, pictures.test.size() > 0 ? pictures.test : pictures.validation, data.scale);
  replace_file(folder.report(), segmentation_page(shown));
  std::printf("%s\nweights: %s\nreport: %s\n", speed, weights_of(folder, name).c_str(), folder.report().c_str());
}

/// hasse_segment evaluate: a trained network on the pictures of its run, or on others with its classes.
inline void evaluate_segmenter(const segment_evaluate_options& options) {
  any_backend<float> backend = backend_of(parse_device(options.device), options.threads);
  const stored_segmenter it = read_segmenter(options.weights, options.changed_weights ? changed_weights::accepted : changed_weights::refused);
  const std::string& data = options.data.empty() ? it.images.origin.data : options.data;
  if (data.empty()) throw file_error(options.weights, "does not say which pictures it was trained on", "name the pictures to judge it on with --data");
  const feature_shape input = it.network.layers.input;
  segmentation_options how = parse_segmentation_options(it.images.origin.options, input.h, input.w);
  how.skip_damaged = how.skip_damaged || options.skip_damaged;
  std::printf("data: %s\n", data.c_str());
  stoppable_printer printer;
  detection_splits pictures;
  try {
    pictures = open_segmentation(data, how, std::ref(printer));
  } catch (const error& problem) {
    if (!options.data.empty()) throw;
    throw error("the pictures that " + options.weights + " was trained on, " + detail::in_quotes(data) + ", cannot be read from here (" + std::string(problem.what()) +
                "); say with --data where they are now, for instance --data pairs:DIR");
  }
  printer.finish();
  detail::print(pictures.about);
  detail::have_validation(pictures);
  if (const std::string difference = class_difference(it.images.classes, pictures.train.classes); !difference.empty())
    throw error("the set " + detail::in_quotes(data) + " " + difference + "; give a set with the network's classes");
  if (pictures.train.origin.hash != it.images.origin.hash) std::printf("  other pictures than those of the run that made the network\n");
  for (const auto& [split, set] : {std::pair{"validation", &pictures.validation}, {"test", &pictures.test}}) {
    if (set->size() == 0) continue;
    set->fit = it.fit;
    std::printf("%s, %zu pictures:\n", split, set->size());
    detail::print(detail::judge_segmenter(backend, it.network, *set, it.images.scale), it.images.classes);
  }
}

/// hasse_segment predict: the class of every pixel of pictures, as indexed PNG files and drawn over the pictures.
inline void show_segments(const segment_predict_options& options) {
  any_backend<float> backend = backend_of(parse_device(options.device), options.threads);
  const stored_segmenter it = read_segmenter(options.weights, options.changed_weights ? changed_weights::accepted : changed_weights::refused);
  const std::vector<std::filesystem::path> paths = detail::pictures_in(options.pictures);
  if (std::filesystem::exists(options.out) && !std::filesystem::is_directory(options.out))
    throw error("--out " + detail::in_quotes(options.out) + " is a file; name a folder for what is drawn");
  std::filesystem::create_directories(options.out);
  const detection_set form = it.empty_set();
  segmenter_at_work<any_backend<float>> at_work(backend, it.network, form, it.images.scale);
  image_decoder decoder;
  std::size_t unread = 0;
  std::string first_problem;
  std::vector<std::int64_t> counts(256);
  for (const std::filesystem::path& path : paths) {
    labelled_picture picture;
    try {
      picture = detail::shown_picture(decoder, path);
    } catch (const error& problem) {
      if (++unread == 1) first_problem = problem.what();
      continue;
    }
    std::vector<std::uint8_t> labels;
    for (const std::int16_t answer : at_work.answer(picture)) {
      if (answer < 0) throw file_error(options.weights, "answers no numbers to " + path.string(), "train the network again; its weights are no numbers");
      labels.push_back(static_cast<std::uint8_t>(answer));
      ++counts[labels.back()];
    }
    const std::filesystem::path stem = std::filesystem::path(options.out) / path.filename();
    write_mask(stem.string() + ".mask.png", picture.height, picture.width, labels);
    write_png(stem.string() + ".png", picture.height, picture.width, detail::overlaid(picture.pixels, labels));
  }
  std::int64_t all = 0;
  for (const std::int64_t count : counts) all += count;
  std::printf("%zu pictures: .mask.png holds the number of each pixel's class, .png shows them over the picture; in %s\n", paths.size() - unread, options.out.c_str());
  for (std::size_t kind = 0; kind < it.images.classes.size(); ++kind) {
    const std::array<std::uint8_t, 3> colour = mask_colour(static_cast<int>(kind));
    std::printf("  %3zu %-24s %6s %% of the pixels, rgb(%d, %d, %d)\n", kind, detail::printable(detail::clipped(it.images.classes[kind], 24)).c_str(),
                detail::overlap_text(static_cast<double>(counts[kind]) / static_cast<double>(std::max<std::int64_t>(all, 1))).c_str(), colour[0], colour[1], colour[2]);
  }
  if (unread > 0) throw error(std::to_string(unread) + " of " + std::to_string(paths.size()) + " pictures could not be read, and the others are done; the first: " + first_problem);
}

}  // namespace hasse
