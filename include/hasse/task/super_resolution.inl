// The bodies of task/super_resolution.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/task/super_resolution.hpp>

namespace hasse {

HASSE_BODY double psnr_of(double mean_square) {
  return std::min(10 * std::log10(255.0 * 255.0 / std::max(mean_square, 1e-30)),
                  100.0);  // in this order, what is no number stays none
}

HASSE_BODY void check_super_resolution(const image_set& patches, const layer_list& layers) {
  const auto text = [](feature_shape shape) {
    return std::to_string(shape.h) + 'x' + std::to_string(shape.w) + 'x' + std::to_string(shape.c);
  };
  if (layers.size() == 0) throw error("a network without layers cannot be trained; give it at least one");
  const feature_shape in = layers.input, out = layers.output_shape(only_output(layers));
  if (out != feature_shape{2 * in.h, 2 * in.w, in.c})
    throw error("a network that makes " + text(out) + " of " + text(in) +
                " is none for super-resolution; the height and the width of what it makes must be twice those of what it reads");
  if (patches.size() == 0) throw error("the image set '" + patches.name + "' is empty; at least one image is needed");
  if (std::min(out.h, out.w) <= 2 * uncounted_border)
    throw error("a network that makes " + text(out) + " makes nothing but border; let it make more than " +
                std::to_string(2 * uncounted_border) + " pixels a side");
  if (patches.shape() != out)
    throw error("the images of '" + patches.name + "' are " + text(patches.shape()) + " but the network makes " + text(out) +
                "; cut patches of that shape, or give the network half of theirs");
  for (const parameter_tensor& tensor : layout_of(layers).trainable)
    if (tensor.role == parameter_role::scale)
      throw error("the network has batch norm, whose statistics no width but the trained ones would have; take one with biases");
}

namespace detail {

HASSE_BODY reconstruction::reconstruction(const normalisation& scale) {
  for (const float deviation : scale.deviation) factor_.push_back(255.0 * static_cast<double>(deviation));
  for (const float mean : scale.mean) black_.push_back(255.0 * static_cast<double>(mean));
}

HASSE_BODY bool interpolates(const layer_list& layers, int index) {
  const layer& item = layers.items[at(index)];
  return item.kind == layer_kind::convolution && item.input == 0 && item.groups == 1 && item.kernel == 5 && item.stride == 1 &&
         item.out.c == 4 * item.in.c;
}

}  // namespace detail

HASSE_BODY evaluation evaluate_bicubic(const image_set& patches, const normalisation& scale) {
  const feature_shape shape = patches.shape();
  if (patches.size() == 0 || shape.h % 2 != 0 || shape.w % 2 != 0 || std::min(shape.h, shape.w) <= 2 * uncounted_border)
    throw error("the image set '" + patches.name + "' has " + std::to_string(patches.size()) + " images of " +
                std::to_string(shape.h) + " x " + std::to_string(shape.w) +
                " pixels; to be halved and enlarged, there must be some of an even height and width above " +
                std::to_string(2 * uncounted_border));
  enlarging_feed<double> feed(nullptr, patches, scale, 1, read_order::evaluation);
  std::vector<double> low(static_cast<std::size_t>(shape.size() / 4)), enlarged(static_cast<std::size_t>(shape.size()));
  bicubic_resampler<double> resampler;
  detail::reconstruction found(scale);
  for (std::uint64_t batch = 0; batch < feed.batches_per_epoch(); ++batch) {
    const int count = feed.next(low.data());
    resampler.twice(low.data(), {shape.h / 2, shape.w / 2, shape.c}, count, enlarged.data());
    found.add(enlarged.data(), feed.targets(), count, shape);
  }
  return found.result();
}

}  // namespace hasse
