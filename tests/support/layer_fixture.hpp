// One layer with random operands on aligned memory, whatever the backend and the scalar; outputs start as NaN.
// Used by the kernel tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/space/layer_list.hpp>

template <class Scalar>
struct aligned_allocator {
  using value_type = Scalar;
  aligned_allocator() = default;
  template <class Other>
  aligned_allocator(const aligned_allocator<Other>&) {}
  Scalar* allocate(std::size_t count) {
    return static_cast<Scalar*>(::operator new (count * sizeof(Scalar), std::align_val_t{64}));
  }
  void deallocate(Scalar* data, std::size_t) { ::operator delete (data, std::align_val_t{64}); }
  friend bool operator==(aligned_allocator, aligned_allocator) { return true; }
};

template <class Scalar>
using buffer = std::vector<Scalar, aligned_allocator<Scalar>>;

/// The one layer that `write` adds to a list with this input.
template <class Write>
hasse::layer make_layer(hasse::feature_shape input, Write&& write) {
  hasse::layer_list list{.input = input, .items = {}};
  hasse::layer_builder<hasse::layer_list> builder{list};
  write(builder);
  return list.items.back();
}

inline std::size_t weight_count(const hasse::layer& item) {
  switch (item.kind) {
    case hasse::layer_kind::convolution:
      return static_cast<std::size_t>(item.out.c) * static_cast<std::size_t>(item.in.c / item.groups * item.kernel * item.kernel);
    case hasse::layer_kind::linear:
      return static_cast<std::size_t>(item.out.c) * static_cast<std::size_t>(item.in.size());
    case hasse::layer_kind::batch_norm:
      return static_cast<std::size_t>(item.out.c);
    default:
      return 0;
  }
}

/// How a layer is used in one test; the text of it names the failing case.
struct layer_use {
  hasse::layer item;
  int batch = 1;
  bool residual = false;    ///< other is given
  bool in_place = false;    ///< other is dst (inference), d_dst is d_src (training)
  bool accumulate = false;  ///< gradients are added
  bool wants_d_src = true;
  std::uint64_t seed = 1;

  std::string text() const {
    std::string text = hasse::detail::describe(item) + ", batch " + std::to_string(batch);
    if (residual) text += ", residual";
    if (in_place) text += ", in place";
    if (accumulate) text += ", accumulating";
    if (!wants_d_src) text += ", without source gradient";
    return text + ", seed " + std::to_string(seed);
  }
};

template <class Scalar>
buffer<Scalar> random_values(std::size_t count, std::uint64_t seed, double scale = 1, double offset = 0) {
  hasse::random_source random(seed);
  buffer<Scalar> values(count);
  for (Scalar& value : values) value = static_cast<Scalar>(static_cast<float>(offset + scale * random.normal()));
  return values;
}

template <class Scalar>
buffer<Scalar> poison(std::size_t count) {
  return buffer<Scalar>(count, static_cast<Scalar>(std::numeric_limits<float>::quiet_NaN()));
}

/// Operands of one layer. The values depend on the use alone, so fixtures of two backends hold the same numbers.
template <class Scalar>
struct layer_fixture {
  layer_use use;
  using parameter = hasse::parameter_of<Scalar>;
  buffer<Scalar> src, other, dst, d_dst, d_src, d_other;
  buffer<parameter> weights, bias, d_weights, d_bias, running_mean, running_variance;
  buffer<std::byte> saved;

  explicit layer_fixture(const layer_use& given) : use(given) {
    const hasse::layer& item = use.item;
    const auto batch = static_cast<std::size_t>(use.batch), channels = static_cast<std::size_t>(item.out.c);
    const std::size_t in = batch * static_cast<std::size_t>(item.in.size()),
                      out = batch * static_cast<std::size_t>(item.out.size());
    const bool norm = item.kind == hasse::layer_kind::batch_norm;
    const std::size_t second = batch * static_cast<std::size_t>(item.other_shape().size());
    src = random_values<Scalar>(in, hasse::derive(use.seed, 1), 1.5, norm ? 0.7 : 0);
    if (use.residual) other = random_values<Scalar>(second, hasse::derive(use.seed, 2));
    weights = random_values<parameter>(weight_count(item), hasse::derive(use.seed, 3), norm ? 0.3 : 0.2, norm ? 1 : 0);
    if (item.bias || norm) bias = random_values<parameter>(channels, hasse::derive(use.seed, 4));
    d_dst = random_values<Scalar>(out, hasse::derive(use.seed, 5));
    dst = poison<Scalar>(out);
    d_src = use.accumulate ? random_values<Scalar>(in, hasse::derive(use.seed, 6)) : poison<Scalar>(in);
    if (use.residual) d_other = use.accumulate ? random_values<Scalar>(second, hasse::derive(use.seed, 7)) : poison<Scalar>(second);
    d_weights = poison<parameter>(weights.size());
    d_bias = poison<parameter>(bias.size());
    if (norm) {
      running_mean = random_values<parameter>(channels, hasse::derive(use.seed, 8));
      running_variance = random_values<parameter>(channels, hasse::derive(use.seed, 9), 0.1, 1);
    }
  }

  template <class Value>
  static Value* given(buffer<Value>& values) {
    return values.empty() ? nullptr : values.data();
  }

  hasse::inference_operands<Scalar> inference() {
    hasse::inference_operands<Scalar> at{
        .src = src.data(), .other = given(other), .dst = dst.data(), .weights = given(weights), .bias = given(bias)};
    if (use.in_place) {
      dst = other;
      at.other = dst.data();
    }
    return at;
  }

  template <class Backend>
  hasse::training_operands<Scalar> training(Backend& backend) {
    saved.resize(backend.saved_bytes(use.item, use.batch));
    hasse::training_operands<Scalar> at{
        .src = src.data(), .other = given(other), .dst = dst.data(), .weights = given(weights), .bias = given(bias)};
    at.running_mean = given(running_mean), at.running_variance = given(running_variance);
    at.d_dst = d_dst.data(), at.d_src = use.wants_d_src ? d_src.data() : nullptr, at.d_other = given(d_other);
    at.accumulate_d_src = at.accumulate_d_other = use.accumulate;
    at.d_weights = given(d_weights), at.d_bias = given(d_bias);
    at.saved = saved.data();
    if (use.in_place) {
      d_src = d_dst;
      at.d_dst = d_src.data();
    }
    return at;
  }
};
