// Every layer lowered to block programs: which are launched, on which operands, and what they need between launches.
// Used by kernel/cuda/cuda.hpp on the streams of a GPU, and by the tests on the processor, where no toolkit is needed.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/bfloat16.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cuda/programs/batch_norm.hpp>
#include <hasse/kernel/cuda/programs/bottleneck.hpp>
#include <hasse/kernel/cuda/programs/depthwise.hpp>
#include <hasse/kernel/cuda/programs/elementwise.hpp>
#include <hasse/kernel/cuda/programs/product.hpp>
#include <hasse/kernel/cuda/programs/reduction.hpp>
#include <hasse/kernel/detail/describe.hpp>

namespace hasse::detail::gpu {

/// Where programs run, one after the other, with scratch memory that they share. `scratch` may move when `reserve` makes it grow;
/// `memory` is more of it, for who keeps something.
template <class Type>
concept ProgramStream = requires(Type& stream, const for_each_pack<activated_sum<float>>& program, std::size_t bytes) {
  stream.launch(program);
  stream.reserve(bytes);
  { stream.scratch() } -> std::same_as<std::byte*>;
  { typename Type::memory(bytes).data() } -> std::same_as<std::byte*>;
};

/// One or several launches, bound to their operands.
template <class Stream>
using bound_launch = std::function<void(Stream&)>;

/// Kernels of ours for one product, bound to whatever operands.
template <class Scalar, class Stream>
using own_kernel = std::function<bound_launch<Stream>(const training_operands<Scalar>& at)>;

/// A stream that may have libraries for convolutions and linear layers: it binds those, or the kernels of ours that it is given.
template <class Type>
concept HasDenseLayers = requires(Type& stream, const layer& item, const training_operands<float>& at,
                                  const own_kernel<float, Type>& ours) {
  { stream.dense_output(item, 1, at, activation::none, true, ours) } -> std::same_as<bound_launch<Type>>;
  { stream.dense_source_gradient(item, 1, at, ours) } -> std::same_as<bound_launch<Type>>;
  { stream.dense_weight_gradient(item, 1, at, ours) } -> std::same_as<bound_launch<Type>>;
};

/// The processor as a stream: what tests run programs on.
class host_stream {
 public:
  using memory = std::vector<std::byte>;

  explicit host_stream(thread_order order = thread_order::ascending) : order_(order) {}

  template <BlockProgram Program>
  void launch(const Program& program) {
    run_on_host(program, order_);
  }
  void reserve(std::size_t bytes) {
    if (scratch_.size() * sizeof(word) < bytes) scratch_.resize((bytes + sizeof(word) - 1) / sizeof(word));
  }
  std::byte* scratch() { return reinterpret_cast<std::byte*>(scratch_.data()); }

 private:
  thread_order order_;
  std::vector<word> scratch_;
};

template <class Stream, BlockProgram Program>
bound_launch<Stream> bound(const Program& program) {
  return [program](Stream& stream) { stream.launch(program); };
}

/// Sums of a source over all pixels, or over those of each image, handed to `finish`.
template <class Stream, class Source, class Finish>
bound_launch<Stream> bound_reduction(Stream& stream, const Source& source, const Finish& finish, int slabs, int pixels,
                                     int channels) {
  channel_reduction<Source> sums(source, slabs, pixels, channels);
  combine<Finish> added(finish, sums.shape);
  stream.reserve(sums.shape.partial_floats(Source::results) * sizeof(float));
  return [sums, added](Stream& on) mutable {
    added.partial = sums.partial = reinterpret_cast<float*>(on.scratch());
    on.launch(sums);
    on.launch(added);
  };
}

/// A program that leaves `columns` sums for each of its segments, and what finishes them.
template <class Stream, class Program, class Finish>
bound_launch<Stream> bound_segments(Stream& stream, Program program, const Finish& finish, int columns) {
  combine<Finish> added(finish, {.slabs = 1, .segments = program.segments, .pixels = 0, .channels = columns});
  stream.reserve(added.shape.partial_floats(1) * sizeof(float));
  return [program, added](Stream& on) mutable {
    added.partial = program.partial = reinterpret_cast<float*>(on.scratch());
    on.launch(program);
    on.launch(added);
  };
}

/// The depthwise layers that have kernels of their own.
inline bool has_depthwise_program(const layer& item) {
  return item.kind == layer_kind::convolution && item.groups == item.in.c && item.groups == item.out.c &&
         (item.kernel == 3 || item.kernel == 5 || item.kernel == 7) && (item.stride == 1 || item.stride == 2);
}

/// Calls `body(kernel, stride)` with the two as types.
template <class Body>
void with_depthwise(const layer& item, Body&& body) {
  const auto with_stride = [&](auto kernel) {
    if (item.stride == 1)
      body(kernel, std::integral_constant<int, 1>{});
    else
      body(kernel, std::integral_constant<int, 2>{});
  };
  if (item.kernel == 3) with_stride(std::integral_constant<int, 3>{});
  if (item.kernel == 5) with_stride(std::integral_constant<int, 5>{});
  if (item.kernel == 7) with_stride(std::integral_constant<int, 7>{});
}

inline bool is_product(const layer& item) { return item.kind == layer_kind::convolution || item.kind == layer_kind::linear; }

/// Elements of one tensor are counted in 31 bits, with room for the last block of a launch; images of a batch in 16.
inline std::string problem_of_size(const layer& item, int batch) {
  constexpr std::int64_t most = std::numeric_limits<int>::max() - 1024;
  const std::int64_t largest = std::max({item.in.size(), item.out.size(), item.other_shape().size()}) * batch;
  if (largest > most)
    return "has a tensor of " + std::to_string(largest) + " values in a batch of " + std::to_string(batch) + "; at most " +
           std::to_string(most) + " can be had, take a smaller batch";
  if (batch > 65535 || item.groups > 65535) return "is asked for in a batch or in groups beyond 65535; take fewer";
  return "";
}

/// Several folded layers as one launch: [expand,] depthwise, project, or a convolution and a 1x1 behind it. Empty where they are
/// none, or too wide.
template <class Stream, class Scalar>
bound_launch<Stream> joined(std::span<const layer> run, int batch, std::span<const inference_operands<Scalar>> operands) {
  const auto brought = [&](std::size_t index) {
    return joined_layer{operands[index].weights, operands[index].bias, run[index].act};
  };
  if (run.size() < 2 || run.size() > 3) return {};
  const std::size_t last = run.size() - 1;
  const layer& window = run[last - 1];
  for (std::size_t i = 0; i < last; ++i)
    if (operands[i].other) return {};
  if (!is_pointwise(run[last]) || run[last].out.c > projection<Scalar>::most_channels || run[last].in != window.out) return {};
  bound_launch<Stream> made;
  if (has_depthwise_program(window) && (run.size() == 2 || is_pointwise(run[0]))) {
    const joined_layer expand = run.size() == 3 ? brought(0) : joined_layer{nullptr, nullptr, activation::none};
    with_depthwise(window, [&](auto kernel, auto) {
      made = bound<Stream>(fused_bottleneck<Scalar, kernel()>(window, run[last], run[0].in, batch, operands[0].src, expand,
                                                              brought(last - 1), brought(last), operands[last].other,
                                                              operands[last].dst));
    });
  } else if (run.size() == 2 && window.kind == layer_kind::convolution && window.groups == 1) {
    made = bound<Stream>(
        fused_block<Scalar>(window, run[last], batch, operands[0].src, brought(0), brought(1), operands[1].other, operands[1].dst));
  }
  return made;
}

/// The launches of layers in scalars of one type.
template <class Scalar, ProgramStream Stream>
class layer_launches {
  using launches = std::vector<bound_launch<Stream>>;

 public:
  struct training_launches {
    launches forward, again, backward;  // `again` is empty where forward can be repeated
  };

  layer_launches(Stream& stream, const layer& item, int batch) : stream_(stream), item_(item), batch_(batch) {}

  launches inference(const inference_operands<Scalar>& at) {
    launches made;
    switch (item_.kind) {
      case layer_kind::convolution:
      case layer_kind::linear:
        made.push_back(
            multiplied({.src = at.src, .other = at.other, .dst = at.dst, .weights = at.weights, .bias = at.bias}, item_.act, true));
        return made;
      case layer_kind::batch_norm:
        made.push_back(over_output(
            normalised<Scalar>{{nullptr, nullptr, at.weights, at.bias}, at.src, at.other, at.dst, image(item_.out), item_.act}));
        return made;
      case layer_kind::activation:
      case layer_kind::add:
        made.push_back(summed(at.src, at.other, at.dst, item_.act));
        return made;
      default:
        moved(made, at.src, at.other, at.dst, nullptr);
    }
    if (item_.act != activation::none) made.push_back(summed(at.dst, nullptr, at.dst, item_.act));
    return made;
  }

  training_launches training(const training_operands<Scalar>& at) {
    training_launches made;
    switch (item_.kind) {
      case layer_kind::convolution:
      case layer_kind::linear:
        made.forward.push_back(
            multiplied({.src = at.src, .dst = at.dst, .weights = at.weights, .bias = at.bias}, activation::none, false));
        product_gradients(made.backward, at);
        break;
      case layer_kind::batch_norm:
        norm(made, at);
        break;
      case layer_kind::activation:
      case layer_kind::add:
        made.forward.push_back(summed(at.src, at.other, at.dst, item_.act));
        made.backward.push_back(sum_gradient(at));
        break;
      default:
        moved(made.forward, at.src, at.other, at.dst, reinterpret_cast<std::uint8_t*>(at.saved));
        moved_gradients(made.backward, at);
    }
    return made;
  }

  static std::size_t saved_bytes(const layer& item, int batch) {
    if (item.kind == layer_kind::batch_norm) return 2 * static_cast<std::size_t>(item.out.c) * sizeof(float);
    if (item.kind == layer_kind::max_pool) return static_cast<std::size_t>(batch * item.out.size());
    return 0;
  }

  /// A batch norm whose residual hides what was activated reads the result where that is enough, else the residual once more.
  static backward_operands backward_reads(const layer& item) {
    const bool curved = !passes_back_from_result(item.act), limits = !curved && item.act != activation::none;
    switch (item.kind) {
      case layer_kind::convolution:
      case layer_kind::linear:
        return {.src = true, .other = false, .dst = false};
      case layer_kind::scale:
        return {.src = true, .other = true, .dst = false};
      case layer_kind::batch_norm:
        return {.src = true, .other = curved, .dst = limits && item.other != no_value};
      case layer_kind::activation:
      case layer_kind::add:
        return {.src = curved, .other = curved, .dst = limits};
      default:
        return {.src = false, .other = false, .dst = false};
    }
  }

 private:
  static image_tensor image(feature_shape shape) { return {shape.h, shape.w, shape.c}; }
  int in_pixels() const { return static_cast<int>(batch_ * item_.in.pixels()); }
  int out_pixels() const { return static_cast<int>(batch_ * item_.out.pixels()); }
  int out_size() const { return static_cast<int>(batch_ * item_.out.size()); }

  template <class Body>
  bound_launch<Stream> over_output(const Body& body) const {
    return bound<Stream>(for_each_pack<Body>(body, batch_, item_.out));
  }
  template <class Body>
  bound_launch<Stream> over_input(const Body& body) const {
    return bound<Stream>(for_each_pack<Body>(body, batch_, item_.in));
  }

  /// Through the libraries of the stream if it has any, or by a kernel of ours.
  /// `constant`: the weights stay as they are now.
  bound_launch<Stream> multiplied(const training_operands<Scalar>& at, activation act, bool constant) {
    const own_kernel<Scalar, Stream> ours = [this, act](const training_operands<Scalar>& with) { return own_output(with, act); };
    if constexpr (HasDenseLayers<Stream>)
      return stream_.dense_output(item_, batch_, at, act, constant, ours);
    else
      return ours(at);
  }
  bound_launch<Stream> source_gradient(const training_operands<Scalar>& at) {
    const own_kernel<Scalar, Stream> ours = [this](const training_operands<Scalar>& with) { return own_source_gradient(with); };
    if constexpr (HasDenseLayers<Stream>)
      return stream_.dense_source_gradient(item_, batch_, at, ours);
    else
      return ours(at);
  }
  bound_launch<Stream> weight_gradient(const training_operands<Scalar>& at) {
    const own_kernel<Scalar, Stream> ours = [this](const training_operands<Scalar>& with) { return own_weight_gradient(with); };
    if constexpr (HasDenseLayers<Stream>)
      return stream_.dense_weight_gradient(item_, batch_, at, ours);
    else
      return ours(at);
  }

  void product_gradients(launches& made, const training_operands<Scalar>& at) {
    if (at.d_bias)
      made.push_back(bound_reduction(stream_, summed_values<Scalar>{at.d_dst, out_pixels(), item_.out.c},
                                     stored_sum<float>{at.d_bias, item_.out.c, 1, false}, 1, out_pixels(), item_.out.c));
    if (at.d_weights) made.push_back(weight_gradient({.src = at.src, .d_dst = at.d_dst, .d_weights = at.d_weights}));
    if (at.d_src)
      made.push_back(
          source_gradient({.weights = at.weights, .d_dst = at.d_dst, .d_src = at.d_src, .accumulate_d_src = at.accumulate_d_src}));
  }

  bound_launch<Stream> own_output(const training_operands<Scalar>& at, activation act) const {
    bound_launch<Stream> made;
    if (has_depthwise_program(item_)) {
      with_depthwise(item_, [&](auto kernel, auto stride) {
        made = bound<Stream>(
            depthwise_forward<Scalar, kernel(), stride()>(item_, batch_, act, at.src, at.weights, at.bias, at.other, at.dst));
      });
      return made;
    }
    product<Scalar, product_result::output> program(item_, batch_);
    program.src = at.src, program.weights = at.weights, program.bias = at.bias, program.other = at.other, program.to = at.dst;
    program.act = act;
    return bound<Stream>(program);
  }

  bound_launch<Stream> own_source_gradient(const training_operands<Scalar>& at) const {
    bound_launch<Stream> made;
    if (has_depthwise_program(item_)) {
      with_depthwise(item_, [&](auto kernel, auto stride) {
        made = bound<Stream>(depthwise_data_gradient<Scalar, kernel(), stride()>(item_, batch_, at.d_dst, at.weights, at.d_src,
                                                                                 at.accumulate_d_src));
      });
      return made;
    }
    product<Scalar, product_result::source> program(item_, batch_);
    program.d_dst = at.d_dst, program.weights = at.weights, program.to = at.d_src, program.accumulate = at.accumulate_d_src;
    return bound<Stream>(program);
  }

  bound_launch<Stream> own_weight_gradient(const training_operands<Scalar>& at) const {
    bound_launch<Stream> made;
    if (has_depthwise_program(item_)) {
      with_depthwise(item_, [&](auto kernel, auto stride) {
        constexpr int taps = kernel() * kernel();
        made = bound_segments(stream_, depthwise_weight_gradient<Scalar, kernel(), stride()>(item_, batch_, at.src, at.d_dst),
                              stored_taps{at.d_weights, item_.out.c, taps}, item_.out.c * taps);
      });
      return made;
    }
    product<Scalar, product_result::weights> program(item_, batch_);
    program.src = at.src, program.d_dst = at.d_dst;
    const int count = program.weight_count();
    return bound_segments(stream_, program, stored_sum<float>{at.d_weights, count, 1, false}, count);
  }

  void norm(training_launches& made, const training_operands<Scalar>& at) {
    const int channels = item_.out.c, pixels = out_pixels();
    float* const mean = reinterpret_cast<float*>(at.saved);
    float* const factor = mean + channels;
    const channel_norm<Scalar> known{mean, factor, at.weights, at.bias};
    const double count = pixels, keep = item_.norm.keep_percent * 0.01, epsilon = item_.norm.epsilon_millionths * 1e-6;
    const auto pass = over_output(normalised<Scalar>{known, at.src, at.other, at.dst, image(item_.out), item_.act});
    made.forward.push_back(
        bound_reduction(stream_, summed_deviations<Scalar>{at.src, channels},
                        batch_statistics<Scalar>{at.src, mean, factor, at.running_mean, at.running_variance, count, keep, epsilon},
                        1, pixels, channels));
    made.forward.push_back(pass);
    made.again.push_back(pass);

    const backward_operands reads = backward_reads(item_);
    const norm_gradient<Scalar> gradient{known,    at.src,   reads.other ? at.other : nullptr, reads.dst ? at.dst : nullptr,
                                         at.d_dst, item_.act};
    const summed_norm_gradients<Scalar> source{gradient, channels};
    channel_reduction<summed_norm_gradients<Scalar>> sums(source, 1, pixels, channels);
    // The means stand behind the partial sums in the scratch memory, from one launch to the next.
    const std::size_t means = (sums.shape.partial_floats(2) + 15) / 16 * 16,
                      room = (static_cast<std::size_t>(channels) + 15) / 16 * 16;
    stream_.reserve((means + 2 * room) * sizeof(float));
    made.backward.push_back([sums, means, room, count, gradient, at, item = item_, batch = batch_](Stream& on) mutable {
      float* const scratch = reinterpret_cast<float*>(on.scratch());
      float* const mean_gradient = scratch + means;
      float* const mean_product = mean_gradient + room;
      sums.partial = scratch;
      on.launch(sums);
      combine<norm_gradient_means> added({at.d_weights, at.d_bias, mean_gradient, mean_product, count}, sums.shape);
      added.partial = scratch;
      on.launch(added);
      if (at.d_src || at.d_other)
        on.launch(for_each_pack<normalised_gradient<Scalar>>({gradient, mean_gradient, mean_product, at.d_src, at.d_other,
                                                              image(item.out), at.accumulate_d_src, at.accumulate_d_other},
                                                             batch, item.out));
    });
  }

  bound_launch<Stream> summed(const Scalar* src, const Scalar* other, Scalar* dst, activation act) const {
    using body = activated_sum<Scalar>;
    return bound<Stream>(for_each_pack<body>(body{src, other, dst, act}, out_size()));
  }

  bound_launch<Stream> sum_gradient(const training_operands<Scalar>& at) const {
    using body = activated_sum_gradient<Scalar>;
    const bool from_result = passes_back_from_result(item_.act);
    return bound<Stream>(for_each_pack<body>(body{at.d_dst, from_result ? at.dst : at.src, from_result ? nullptr : at.other,
                                                  at.d_src, at.d_other, at.accumulate_d_src, at.accumulate_d_other, item_.act},
                                             out_size()));
  }

  /// Layers without parameters, but for sums: pools, gates, resizing, moved channels.
  void moved(launches& made, const Scalar* src, const Scalar* other, Scalar* dst, std::uint8_t* choice) {
    const window_shape window(item_);
    const int pixels = static_cast<int>(item_.in.pixels());
    switch (item_.kind) {
      case layer_kind::scale:
        made.push_back(over_output(gated<Scalar>{src, other, dst, image(item_.out), false}));
        break;
      case layer_kind::max_pool:
        made.push_back(over_output(max_pooled<Scalar>{window, src, dst, choice}));
        break;
      case layer_kind::average_pool:
      case layer_kind::adaptive_average_pool:
        made.push_back(over_output(average_pooled<Scalar>{window, src, dst}));
        break;
      case layer_kind::global_average_pool:
        made.push_back(bound_reduction(stream_, summed_values<Scalar>{src, pixels, item_.in.c},
                                       stored_sum<Scalar>{dst, item_.in.c, 1.0 / pixels, false}, batch_, pixels, item_.in.c));
        break;
      case layer_kind::resize:
      case layer_kind::corner_resize:
      case layer_kind::upsample:
        made.push_back(over_output(resized<Scalar>{window, src, dst}));
        break;
      case layer_kind::depth_to_space:
        made.push_back(over_output(moved_to_space<Scalar>{window.in, window.out, item_.stride, src, dst, false, false}));
        break;
      default:  // concat, pad_channels
        made.push_back(channels_moved(src, item_.in.c, 0, dst, item_.out.c, 0, item_.in.c, false));
        if (item_.out.c > item_.in.c)
          made.push_back(
              channels_moved(other, item_.out.c - item_.in.c, 0, dst, item_.out.c, item_.in.c, item_.out.c - item_.in.c, false));
    }
  }

  void moved_gradients(launches& made, const training_operands<Scalar>& at) {
    const window_shape window(item_);
    const int pixels = static_cast<int>(item_.in.pixels()), more = item_.out.c - item_.in.c;
    const bool adds = at.accumulate_d_src;
    // The gradient of a gate comes first: that of the source may overwrite d_dst.
    if (item_.kind == layer_kind::scale && at.d_other)
      made.push_back(bound_reduction(stream_, summed_products<Scalar>{at.src, at.d_dst, pixels, item_.in.c},
                                     stored_sum<Scalar>{at.d_other, item_.in.c, 1, at.accumulate_d_other}, batch_, pixels,
                                     item_.in.c));
    if (at.d_src) switch (item_.kind) {
        case layer_kind::scale:
          made.push_back(over_input(gated<Scalar>{at.d_dst, at.other, at.d_src, image(item_.in), adds}));
          break;
        case layer_kind::max_pool:
          made.push_back(over_input(
              max_pooled_gradient<Scalar>{window, at.d_dst, reinterpret_cast<const std::uint8_t*>(at.saved), at.d_src, adds}));
          break;
        case layer_kind::average_pool:
        case layer_kind::adaptive_average_pool:
          made.push_back(over_input(average_pooled_gradient<Scalar>{window, at.d_dst, at.d_src, adds}));
          break;
        case layer_kind::global_average_pool:
          made.push_back(
              over_input(shared_out<Scalar>{at.d_dst, at.d_src, image(item_.in), 1.0f / static_cast<float>(pixels), adds}));
          break;
        case layer_kind::resize:
        case layer_kind::corner_resize:
        case layer_kind::upsample:
          made.push_back(over_input(resized_gradient<Scalar>{window, at.d_dst, at.d_src, adds}));
          break;
        case layer_kind::depth_to_space:
          made.push_back(over_output(moved_to_space<Scalar>{window.in, window.out, item_.stride, at.d_dst, at.d_src, true, adds}));
          break;
        default:  // concat, pad_channels
          made.push_back(channels_moved(at.d_dst, item_.out.c, 0, at.d_src, item_.in.c, 0, item_.in.c, adds));
      }
    if (at.d_other && item_.kind != layer_kind::scale)
      made.push_back(channels_moved(at.d_dst, item_.out.c, item_.in.c, at.d_other, more, 0, more, at.accumulate_d_other));
  }

  bound_launch<Stream> channels_moved(const Scalar* from, int from_channels, int from_first, Scalar* to, int to_channels,
                                      int to_first, int count, bool accumulate) const {
    using body = moved_channels<Scalar>;
    return bound<Stream>(for_each_pack<body>(body{from, to, from_channels, from_first, to_channels, to_first, accumulate}, 1,
                                             {1, out_pixels(), count}));
  }

  Stream& stream_;
  layer item_;
  int batch_;
};

}  // namespace hasse::detail::gpu
