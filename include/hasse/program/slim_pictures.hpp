// Detection and segmentation at many widths, as hasse_slim is told of them: pictures, networks, files. Used by examples/hasse_slim, which
// compiles each in a file of its own.
#pragma once

#include <filesystem>
#include <string>

#include <hasse/data/open_detection.hpp>
#include <hasse/network/find.hpp>
#include <hasse/program/detection_options.hpp>
#include <hasse/program/detector.hpp>
#include <hasse/program/segment_options.hpp>
#include <hasse/program/segmenter.hpp>
#include <hasse/program/slim.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/result/weights.hpp>

namespace hasse {

namespace detail {
/// The size of pictures that `--input` says.
inline feature_shape picture_size(const slim_options& options) {
  const feature_shape size = parse_shape(options.input);
  if (size.c != 3) throw error("an input of " + options.input + " has " + std::to_string(size.c) + " channels, and pictures have 3; give --input 3xHEIGHTxWIDTH");
  return size;
}
}  // namespace detail

/// Detectors: a backbone of hasse_detect with its head; all that the head reads is slimmed with the backbone, and its batch norms, too.
struct slim_boxes {
  using task_type = detection;
  static constexpr const char* things = "pictures";
  static constexpr double learning_rate = 0.04;  ///< as hasse_detect
  static constexpr int slimmed_on = 128;

  slim_boxes(const slim_options& options, const slim_finder&) : net{.name = options.net, .layers = {}} {
    told_.data = options.data, told_.size = std::to_string(detail::picture_size(options).h) + "x" + std::to_string(detail::picture_size(options).w);
    told_.crop = options.crop == "none" ? "none" : "overlap", told_.recolour = options.recolour;
    told_.anchors = options.anchors, told_.finest = options.finest, told_.batch = options.batch, told_.seed = options.seed;
    told_.train_pictures = options.train_images, told_.skip_damaged = options.skip_damaged;
    (void)backbone_network(net.name, detail::checked_size(told_), options.net_width);
  }
  slim_network net;

  detection_splits open(const slim_options& options, recipe&, program_run& here) {
    detection_splits pictures = detail::open_pictures(told_, detail::checked_size(told_), here);
    const designed_detector made = design_detector(net.name, options.net_width, told_.anchors, pictures.train, told_.finest);
    net.layers = made.layers, task_ = made.task;
    std::printf("anchors: %s\n", to_text(task_.anchors).c_str());
    return pictures;
  }
  detection task_of(const slim_options&, const detection_splits&) const { return task_; }
  network_metadata said(const training_data<detection>& data) const { return detector_metadata(data.task, *data.train, data.scale); }
  static void check(pixel_form pixels) {
    if (pixels != pixel_form::unit) throw error("ONNX files of detectors read normalised pixels, -1 to 1; leave --pixels out");
  }
  /// What hasse_detect leaves of a detector, which it can evaluate.
  void hand_over(const run_folder& folder, const std::string& file, const model& network, const handover& how) const {
    write_weights(folder.networks() / (file + ".safetensors"), network, how.said);
    hand_over_detector(folder, file, network, task_, how.said);
  }

 private:
  detector_options told_;
  detection task_;
};

/// Segmentation networks: DF-Seg at a share of its published width, decoder and pyramid pooling slimmed with the backbone.
struct slim_masks {
  using task_type = segmentation;
  static constexpr const char* things = "pictures";
  static constexpr double learning_rate = segmentation_rate;
  static constexpr int slimmed_on = 128;
  static constexpr int usual_width = 500;

  slim_masks(const slim_options& options, const slim_finder&)
      : net{.name = options.net, .layers = {}},
        size_(detail::picture_size(options)),
        spec_(segmentation_network(options.net, options.net_width > 0 ? options.net_width : usual_width, "", true)) {
    told_.crop = options.crop, told_.recolour = options.recolour;
    told_.scales = options.scales, told_.weights = options.class_weights;
    (void)detail::read_scales(told_.scales);
    (void)segmentation_layers(spec_, 2, size_);
  }
  slim_network net;

  detection_splits open(const slim_options& options, recipe& how, program_run& here) {
    detection_splits pictures = detail::open_masked({options.data, size_, options.seed, options.train_images, how.batch, options.skip_damaged}, told_, here, [](detection_splits& all) {
      if (all.validation.size() == 0 || all.test.size() == 0) cut_for_search(all);
    });
    net.layers = segmentation_layers(spec_, static_cast<int>(pictures.train.classes.size()), size_);
    return pictures;
  }
  segmentation task_of(const slim_options&, const detection_splits& pictures) const { return detail::task_of(told_, pictures.train); }
  network_metadata said(const training_data<segmentation>& data) const { return segmenter_metadata(*data.train, data.scale); }
  static void check(pixel_form) {}
  /// What hasse_segment leaves of a network, which it can evaluate: ONNX with scores at full size, at stride 8, and with classes.
  void hand_over(const run_folder& folder, const std::string& file, const model& network, handover how) const {
    how.any_batch = false;
    hasse::hand_over(folder, file, network, how);
    write_segmenter_forms(folder, file, network, {.pixels = how.pixels, .metadata = how.said});
  }

 private:
  mask_options told_;
  feature_shape size_;
  df_seg_spec spec_;
};

}  // namespace hasse
