// The program hasse_detect as functions: trains a detector on pictures with boxes, judges it, and draws what it finds on pictures.
// Used by examples/hasse_detect.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/png.hpp>
#include <hasse/latency/whole.hpp>
#include <hasse/program/command_line.hpp>
#include <hasse/program/detail/drawn_boxes.hpp>
#include <hasse/program/detail/judged_pictures.hpp>
#include <hasse/program/detail/named_pictures.hpp>
#include <hasse/program/detection_options.hpp>
#include <hasse/program/detector.hpp>
#include <hasse/program/run.hpp>
#include <hasse/program/settings.hpp>
#include <hasse/result/detection_report.hpp>
#include <hasse/result/detection_results.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/task/bound_loss.hpp>

namespace hasse {

/// The command line of hasse_detect train.
struct detect_train_options : detector_options {
  std::string net = "det-micro";
  int width = 0;
};

/// Of hasse_detect evaluate. What is empty is taken from the file of the network.
struct detect_evaluate_options {
  std::string weights, data{}, device = "cpu", detections{}, voc_detections{}, report{};
  int threads = 1;
  bool changed_weights = false, skip_damaged = false;
};

/// Of hasse_detect predict.
struct detect_predict_options {
  std::string weights, out = "detected", device = "cpu", voc_detections{};
  std::vector<std::string> pictures{};
  int threads = 1;
  double score = 0.3;
  bool changed_weights = false;
};

/// A detector that is shown one picture after the other.
template <Backend Engine>
class detector_at_work {
  using scalar = typename Engine::scalar;

 public:
  /// `form` says how pictures come to the network's size; it must outlive this.
  detector_at_work(Engine& backend, const detection& task, const model& network, const detection_set& form, const normalisation& scale)
      : network_(backend, network.layers, 1, parameters<parameter_of<scalar>>(network.weights)),
        outputs_(network_outputs<scalar>::of(network_)),
        reader_(network_.memory()),
        sampler_(form, scale),
        finder_(anchors_of(task.standing(), form.shape(), maps_of(outputs_)), form.shape(), static_cast<int>(form.classes.size()),
                task.scores, task.suppression),
        pixels_(static_cast<std::size_t>(form.shape().size())),
        input_(pixels_.size()) {}

  /// What is found, in pixels of the picture's file, the best first; good until the next call.
  std::vector<detected_object>& find(const labelled_picture& picture) {
    const picture_placement placement = sampler_.whole(picture, pixels_.data(), seen_);
    for (std::size_t i = 0; i < pixels_.size(); ++i) input_[i] = static_cast<scalar>(pixels_[i]);
    network_.write_input(input_);
    network_.run();
    finder_.find(reader_.read(outputs_, 1, 1), 0, found_);
    to_file(found_, placement, picture);
    return found_;
  }
  /// What decoding and suppression take of that for a picture, the median of some repeats.
  double decoding_milliseconds(const labelled_picture& picture) {
    find(picture);
    const auto answers = reader_.read(outputs_, 1, 1);
    std::array<double, 51> times{};
    for (double& each : times) {
      const auto start = std::chrono::steady_clock::now();
      finder_.find(answers, 0, found_);
      each = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
  }

 private:
  static std::vector<feature_shape> maps_of(const network_outputs<scalar>& outputs) {
    std::vector<feature_shape> maps;
    for (std::size_t i = 0; i < outputs.shapes.size(); i += 2) maps.push_back(outputs.shapes[i]);
    return maps;
  }

  inference_network<Engine> network_;
  network_outputs<scalar> outputs_;
  answer_reader<scalar> reader_;
  picture_sampler sampler_;
  object_finder finder_;
  std::vector<float> pixels_;
  std::vector<scalar> input_;
  std::vector<labelled_object> seen_;
  std::vector<detected_object> found_;
};

namespace detail {
inline std::string precision_text(double share) {
  if (share < 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", 100 * share);
  return text;
}

/// The twelve numbers of COCO, and precision per class, in percent.
inline void print(const coco_result& found, const std::vector<std::string>& classes) {
  std::printf("  %-24s %6s %6s %6s %6s %6s %6s\n", "average precision, %", "all", "IoU.50", "IoU.75", "small", "medium", "large");
  const auto row = [](const std::string& name, std::initializer_list<double> values) {
    std::printf("  %-24s", printable(clipped(name, 24)).c_str());
    for (const double value : values) std::printf(" %6s", precision_text(value).c_str());
    std::printf("\n");
  };
  row("all classes", {found.ap, found.ap50, found.ap75, found.ap_small, found.ap_medium, found.ap_large});
  for (std::size_t kind = 0; kind < found.classes.size(); ++kind) {
    const coco_class_scores& own = found.classes[kind];
    row(classes[kind], {own.ap, own.ap50, own.ap75, own.ap_small, own.ap_medium, own.ap_large});
  }
  std::printf("  average recall of the best 1, 10 and 100 answers of a picture, and of small, medium and large objects:\n");
  row("all classes", {found.ar1, found.ar10, found.ar100, found.ar_small, found.ar_medium, found.ar_large});
  flush_output();
}

/// Judges a detector on all pictures of a set, one by one, as it will run; `also` is told of each what is in it and what was found, in
/// pixels of its file.
using picture_listener = std::function<void(const labelled_picture&, std::span<const labelled_object>, std::span<const detected_object>)>;
template <Backend Engine>
coco_result judge_detector(Engine& backend, const detection& task, const model& network, const detection_set& set,
                           const normalisation& scale, const picture_listener& also = {}) {
  detector_at_work<Engine> at_work(backend, task, network, set, scale);
  coco_evaluator judge(static_cast<int>(set.classes.size()));
  for (const labelled_picture& picture : set.pictures) {
    const std::vector<detected_object>& found = at_work.find(picture);
    const std::vector<labelled_object> objects = objects_in_file(picture);
    judge.add(objects, found);
    if (also) also(picture, objects, found);
  }
  return judge.result();
}

/// The page's part of judging: both splits, and the worst pictures of the test.
inline constexpr std::size_t pictures_of_a_page = 12;
template <Backend Engine>
void judge_for_page(Engine& backend, const detection& task, const model& network, const std::string& split, const detection_set& set,
                    const normalisation& scale, detection_report_data& page, const picture_listener& also = {}) {
  judged_pictures judged(split, set.classes.size(), split == "test" ? pictures_of_a_page : 0);
  const coco_result coco = judge_detector(backend, task, network, set, scale, [&](const labelled_picture& picture, std::span<const labelled_object> objects, std::span<const detected_object> found) {
    judged.add(picture, objects, found);
    if (also) also(picture, objects, found);
  });
  print(coco, set.classes);
  page.classes = set.classes;
  page.splits.push_back(judged.scores(coco));
  if (split == "test") page.worst = judged.worst(), page.worst_of = split;
}

/// How well the anchors fit, before anything is trained: a class that they miss cannot be learned.
inline void print_fit(const designed_detector& made, const detection_set& train) {
  std::vector<feature_shape> maps;
  for (int output = 0; output < made.layers.output_count(); output += 2) maps.push_back(made.layers.output_shape(output));
  const std::vector<box> anchors = anchors_of(made.task.standing(), train.shape(), maps);
  std::printf("anchors: %zu: %s\n", anchors.size(), to_text(made.task.anchors).c_str());
  const std::vector<anchor_fit> fits = fit_of(anchors, objects_in_input(train), static_cast<int>(train.classes.size()));
  for (std::size_t kind = 0; kind < fits.size(); ++kind)
    std::printf("  %-16s %6zu objects, %5.1f %% with an anchor on at least half of them%s\n",
                printable(clipped(train.classes[kind], 40)).c_str(), fits[kind].objects, 100 * fits[kind].recall,
                fits[kind].objects > 0 && fits[kind].recall < 0.9 ? ": few; try --anchors auto, a smaller --finest or a larger --size" : "");
}
}  // namespace detail

/// hasse_detect train without its command line: prints what it does, leaves a run folder.
inline void train_detector(const detect_train_options& options) {
  const feature_shape size = detail::checked_size(options);
  const recipe how = detail::recipe_of(options);
  (void)backbone_network(options.net, {size.h, size.w, 3}, options.width);
  const any_device device = device_of(options.devices.measured(), options.devices.device_threads);
  any_backend<float> backend = backend_of(options.devices.training(), options.threads);
  json settings = detail::settings_of(options, how);
  settings.update({{"net", options.net}, {"width", options.width}, {"trains", backend.identity()}});
  program_run here(options.run, settings);
  run_folder& folder = here.folder();
  detail::say_threads(options.threads);
  const detection_splits pictures = detail::open_pictures(options, size, here);
  const detection_set& train = pictures.train;
  const designed_detector made = design_detector(options.net, options.width, options.anchors, train, options.finest);
  const training_data<detection> data(made.task, train, pictures.validation);
  const cost costs = cost_of(made.layers);
  std::printf("network: %s at %d x %d, %.1f M MACs, %.3f M parameters\n", options.net.c_str(), size.h, size.w,
              static_cast<double>(costs.macs) / 1e6, static_cast<double>(costs.parameters()) / 1e6);
  detail::print_fit(made, train);
  flush_output();

  folder.bind_images(derive(data.identity, identity_of(pictures.test)));
  folder.begin();
  const network_metadata said = detector_metadata(made.task, train, data.scale);
  const std::string name = "detector";
  model network;
  if (file_exists(weights_of(folder, name))) {
    network = read_network(weights_of(folder, name).string()).network;
    std::printf("%s: trained before\n", name.c_str());
  } else {
    const lone_training done = train_alone(here, backend, data, lone_network{.name = name, .layers = made.layers, .how = how, .seed = options.seed, .said = said});
    if (!done.network) throw detail::diverged("the training", done.outcome.note, folder, detail::trained_before::nothing);
    network = *done.network;
    std::printf("%s: %.1f s of training\n", name.c_str(), done.outcome.seconds);
  }
  detection_report_data page{.title = options.net + " as a detector", .files = hand_over_detector(folder, name, network, made.task, said)};
  std::printf("validation:\n");
  detail::judge_for_page(backend, made.task, network, "validation", pictures.validation, data.scale, page);
  std::printf("test:\n");
  detail::judge_for_page(backend, made.task, network, "test", pictures.test, data.scale, page);
  const measurement latency = measure(network.layers, device);
  const double milliseconds = static_cast<double>(latency.median) / 1e6;
  const std::string processor = text_of(device.facts()), report = (folder.root() / "report.html").string();
  page.cards = {{detail::precision_text(page.splits[1].coco.ap50) + " %", "AP50 on the test pictures"},
                {detail::precision_text(page.splits[1].coco.ap) + " %", "mAP on the test pictures"},
                {detail::milliseconds_text(milliseconds), "a picture, without decoding and suppression"},
                {count_text(static_cast<double>(costs.macs)), "multiply-accumulates"},
                {count_text(static_cast<double>(costs.parameters())), "parameters"}};
  page.facts = {{"data", options.data}, {"backbone", options.net}, {"input", options.size}, {"anchors", to_text(made.task.anchors)}, {"recipe", to_text(how)}, {"measured on", processor}};
  write_detection_report(report, page);
  std::printf("%.2f ms a picture, without decoding and suppression, %s\nweights: %s\nreport: %s\n", milliseconds, processor.c_str(),
              weights_of(folder, name).c_str(), report.c_str());
}

namespace detail {
inline detection_splits pictures_to_judge(const detect_evaluate_options& options, const std::string& data, const detection_options& how) {
  stoppable_printer printer;
  try {
    detection_splits pictures = open_detection(data, how, std::ref(printer));
    printer.finish();
    return pictures;
  } catch (const error& problem) {
    if (!options.data.empty()) throw;
    throw error("the pictures that " + options.weights + " was trained on, " + in_quotes(data) + ", cannot be read from here (" +
                std::string(problem.what()) + "); say with --data where they are now, for instance --data voc:DIR");
  }
}
}  // namespace detail

/// hasse_detect evaluate: a trained detector on the pictures of its run, or on others with its classes.
inline void evaluate_detector(const detect_evaluate_options& options) {
  any_backend<float> backend = backend_of(parse_device(options.device), options.threads);
  const stored_detector it = read_detector(options.weights, options.changed_weights ? changed_weights::accepted : changed_weights::refused);
  const std::string& data = options.data.empty() ? it.images.origin.data : options.data;
  if (data.empty())
    throw file_error(options.weights, "does not say which pictures it was trained on", "name the pictures to judge it on with --data");
  const feature_shape input = it.network.layers.input;
  detection_options how = parse_detection_options(it.images.origin.options, input.h, input.w);
  how.skip_damaged = how.skip_damaged || options.skip_damaged;
  std::printf("data: %s\n", data.c_str());
  detection_splits pictures = detail::pictures_to_judge(options, data, how);
  detail::print(pictures.about);
  if (pictures.validation.size() == 0 || pictures.test.size() == 0) cut_for_search(pictures);
  if (const std::string difference = class_difference(it.images.classes, pictures.test.classes); !difference.empty())
    throw error("the set " + detail::in_quotes(data) + " " + difference + "; give a set with the detector's classes");
  if (pictures.test.origin.hash != it.images.origin.hash) std::printf("  other pictures than those of the run that made the detector\n");
  json detections = json::array();
  voc_results as_voc(it.images.classes);
  detection_report_data page{.title = "A detector on " + data};
  page.facts = {{"weights", options.weights}, {"data", data}, {"anchors", to_text(it.task.anchors)}};
  for (const auto& [split, set] : {std::pair{"validation", &pictures.validation}, {"test", &pictures.test}}) {
    set->fit = it.fit;
    detail::tell(split, *set);
    const auto keep = [&](const labelled_picture& picture, std::span<const labelled_object>, std::span<const detected_object> found) {
      if (!options.detections.empty()) add_coco_results(detections, picture.id, pictures.test.class_ids, found);
      if (!options.voc_detections.empty()) as_voc.add(picture.name, found);
    };
    detail::judge_for_page(backend, it.task, it.network, split, *set, it.images.scale, page, set == &pictures.test ? detail::picture_listener(keep) : nullptr);
  }
  if (!options.detections.empty()) {
    replace_file(options.detections, json_text(detections) + "\n");
    std::printf("what was found in the test pictures, as COCO's results: %s\n", options.detections.c_str());
  }
  if (!options.voc_detections.empty()) {
    as_voc.write(options.voc_detections, "test");
    std::printf("what was found in the test pictures, as results of Pascal VOC: %s\n", options.voc_detections.c_str());
  }
  if (!options.report.empty()) {
    write_detection_report(options.report, page);
    std::printf("report: %s\n", options.report.c_str());
  }
}

/// hasse_detect predict: what a detector finds in pictures, drawn on them, and as JSON.
inline void show_detections(const detect_predict_options& options) {
  any_backend<float> backend = backend_of(parse_device(options.device), options.threads);
  stored_detector it = read_detector(options.weights, options.changed_weights ? changed_weights::accepted : changed_weights::refused);
  it.task.suppression.score = options.score;
  const std::vector<std::filesystem::path> paths = detail::pictures_in(options.pictures);
  if (std::filesystem::exists(options.out) && !std::filesystem::is_directory(options.out))
    throw error("--out " + detail::in_quotes(options.out) + " is a file; name a folder for what is drawn");
  std::filesystem::create_directories(options.out);
  const detection_set form = it.empty_set();
  detector_at_work<any_backend<float>> at_work(backend, it.task, it.network, form, it.images.scale);
  image_decoder decoder;
  json all = json::array();
  voc_results as_voc(it.images.classes);
  std::size_t objects = 0, unread = 0;
  std::string first_problem;
  for (const std::filesystem::path& path : paths) {
    labelled_picture picture;
    try {
      picture = detail::shown_picture(decoder, path);
    } catch (const error& problem) {
      if (++unread == 1) first_problem = problem.what();
      continue;
    }
    const std::vector<detected_object>& found = at_work.find(picture);
    json own = json::array();
    for (const detected_object& each : found)
      own.push_back({{"class", it.images.classes[static_cast<std::size_t>(each.kind)]},
                     {"score", each.score},
                     {"box", {each.place.x0, each.place.y0, each.place.x1, each.place.y1}}});
    all.push_back({{"picture", valid_utf8(path.string())}, {"height", picture.height}, {"width", picture.width}, {"objects", own}});
    objects += found.size();
    as_voc.add(path.stem().string(), found);
    detail::draw_boxes(picture, found);
    write_png(std::filesystem::path(options.out) / (path.filename().string() + ".png"), picture.height, picture.width, picture.pixels);
  }
  const std::filesystem::path list = std::filesystem::path(options.out) / "detections.json";
  replace_file(list, json_text(all, 1) + "\n");
  if (!options.voc_detections.empty()) as_voc.write(options.voc_detections, "predicted");
  std::printf("%zu objects in %zu pictures, with scores above %g; drawn in %s, listed in %s\n", objects, paths.size() - unread, options.score,
              options.out.c_str(), list.c_str());
  for (std::size_t kind = 0; kind < it.images.classes.size() && kind < detail::box_colours.size(); ++kind)
    std::printf("  %s: %s\n", std::string(detail::colour_of(static_cast<int>(kind)).name).c_str(),
                detail::printable(detail::clipped(it.images.classes[kind], 100)).c_str());
  if (unread > 0)
    throw error(std::to_string(unread) + " of " + std::to_string(paths.size()) + " pictures could not be read, and the others are drawn; the first: " + first_problem);
}

}  // namespace hasse
