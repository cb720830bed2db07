// The passes of a batch norm over memory: sums of the source, normalise + residual + activation, sums of the gradient, gradients.
// Compiled once per instruction set by kernel/cpu/batch_norm.hpp.
//
// A *line* is several pixels, long enough that its vectors are whole even when there are three channels; the per-channel numbers
// are repeated over it. A pass takes a column of vectors in several lines at a time, so that it reads those numbers once for all of
// them.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

using sign_bits = std::conditional_t<(lanes > 8), std::uint16_t, std::uint8_t>;  // one per element of a vector

/// Which elements lie strictly between the limits; a NaN counts as between, so that gradients pass it on.
inline sign_bits between(vec low, vec x, vec high) {
#if HASSE_SIMD_LANES == 16
  const auto wide = reinterpret_cast<__m512>(x);
  const __mmask16 above = _mm512_cmp_ps_mask(wide, reinterpret_cast<__m512>(low), _CMP_NLE_UQ);
  return _mm512_mask_cmp_ps_mask(above, wide, reinterpret_cast<__m512>(high), _CMP_NGE_UQ);
#elif HASSE_SIMD_LANES == 8
  return static_cast<sign_bits>(_mm256_movemask_ps(reinterpret_cast<__m256>(~((x <= low) | (x >= high)))));
#elif defined(HASSE_SIMD_NEON)
  const bits_vec inside = reinterpret_cast<bits_vec>(~((x <= low) | (x >= high))), each{1, 2, 4, 8};
  return static_cast<sign_bits>(vaddvq_u32(reinterpret_cast<uint32x4_t>(inside & each)));
#else
  const auto inside = ~((x <= low) | (x >= high));
  unsigned bits = 0;
  for (int i = 0; i < lanes; ++i) bits |= (static_cast<unsigned>(inside[i]) & 1u) << i;
  return static_cast<sign_bits>(bits);
#endif
}

/// Zero where the bit is zero.
inline vec where(sign_bits bits, vec x) {
#if HASSE_SIMD_LANES == 16
  return reinterpret_cast<vec>(_mm512_maskz_mov_ps(bits, reinterpret_cast<__m512>(x)));
#else
#if HASSE_SIMD_LANES == 8
  const bits_vec each{1, 2, 4, 8, 16, 32, 64, 128};
#else
  const bits_vec each{1, 2, 4, 8};
#endif
  return reinterpret_cast<vec>(reinterpret_cast<bits_vec>(x) & reinterpret_cast<bits_vec>((each & unsigned{bits}) == each));
#endif
}

/// What is left of a gradient behind a curved activation of x.
inline vec passed_back(activation act, vec gradient, vec x) {
  const vec three = broadcast(3.0f), one = broadcast(1.0f);
  switch (act) {
    case activation::hard_swish: {
      const vec rising = x <= -three ? vec{} : x * (1.0f / 3.0f) + 0.5f;
      return gradient * (x >= three ? one : rising);
    }
    case activation::hard_sigmoid:
      return where(between(-three, x, three), gradient * (1.0f / 6.0f));
    case activation::sigmoid: {
      const vec y = sigmoid(x);
      return gradient * y * (1.0f - y);
    }
    case activation::swish: {
      const vec y = sigmoid(x);
      return gradient * y * (1.0f + x * (1.0f - y));
    }
    default:
      return gradient;
  }
}

/// A whole vector, or the first few elements of one at the end of a line.
struct whole_vector {};
template <class Scalar>
inline vec load_part(const Scalar* from, whole_vector) {
  return load(from);
}
template <class Scalar>
inline vec load_part(const Scalar* from, int count) {
  return load_first(from, count);
}
template <class Scalar>
inline void store_part(Scalar* to, vec value, whole_vector) {
  store(to, value);
}
template <class Scalar>
inline void store_part(Scalar* to, vec value, int count) {
  store_first(to, value, count);
}
template <class Scalar, class Count>
inline void write_part(Scalar* to, vec value, bool accumulate, Count count) {
  store_part(to, accumulate ? load_part(to, count) + value : value, count);
}

template <class Scalar>
struct statistics_pass {
  norm_lines<Scalar> at;

  template <int Lines, class Count>
  void column(std::ptrdiff_t line, std::ptrdiff_t v, Count count) const {
    const Scalar* const x = at.src + line * at.length + v;
    const vec centre = load(at.centre + v);
    vec sum{}, square{};
#pragma GCC unroll 8
    for (int i = 0; i < Lines; ++i) {
      const vec difference = load_part(x + i * at.length, count) - centre;
      sum += difference;
      square += difference * difference;
    }
    store_part(at.sum + v, load(at.sum + v) + sum, count);
    store_part(at.product + v, load(at.product + v) + square, count);
  }
};

inline constexpr std::ptrdiff_t norm_ahead = 128;  // elements

template <norm_form Form, class Scalar>
struct normalise_pass {
  norm_lines<Scalar> at;

  template <int, class Count>
  void column(std::ptrdiff_t line, std::ptrdiff_t v, Count count) const {
    const std::ptrdiff_t here = line * at.length + v;
    const vec low = broadcast(at.low), high = broadcast(at.high);
    vec value = load_part(at.src + here, count) * load(at.factor + v) + load(at.offset + v);
    if (at.other) value += load_part(at.other + here, count);
    if constexpr (Form == norm_form::kept_signs)
      static_cast<sign_bits*>(at.signs)[line * at.vectors + v / lanes] = between(low, value, high);
    if constexpr (Form == norm_form::curved)
      value = activated(at.act, value);
    else
      value = smaller(high, larger(low, value));  // in this order a NaN stays one
    if (std::is_same_v<Count, whole_vector> && at.past_cache) return stream(at.dst + here, value);
    __builtin_prefetch(at.dst + here + norm_ahead, 1);
    store_part(at.dst + here, value, count);
  }
};

/// The gradient before the activation.
template <norm_form Form, class Scalar, class Count>
inline vec gradient_of(const norm_lines<Scalar>& at, std::ptrdiff_t here, std::ptrdiff_t line, std::ptrdiff_t v, vec x, Count count) {
  const vec gradient = load_part(at.d_dst + here, count);
  if constexpr (Form == norm_form::straight) return gradient;
  if constexpr (Form == norm_form::kept_signs)
    return where(static_cast<const sign_bits*>(at.signs)[line * at.vectors + v / lanes], gradient);
  vec value = x * load(at.factor + v) + load(at.offset + v);
  if constexpr (Form == norm_form::bounded) return where(between(broadcast(at.low), value, broadcast(at.high)), gradient);
  if (at.other) value += load_part(at.other + here, count);
  return passed_back(at.act, gradient, value);
}

template <norm_form Form, class Scalar>
struct gradient_sums_pass {
  norm_lines<Scalar> at;

  template <int Lines, class Count>
  void column(std::ptrdiff_t line, std::ptrdiff_t v, Count count) const {
    const std::ptrdiff_t start = line * at.length + v;
    const vec centre = load(at.centre + v);
    vec sum{}, product{};
#pragma GCC unroll 8
    for (int i = 0; i < Lines; ++i) {
      const std::ptrdiff_t here = start + i * at.length;
      const vec x = load_part(at.src + here, count), gradient = gradient_of<Form>(at, here, line + i, v, x, count);
      sum += gradient;
      product += gradient * (x - centre);
    }
    store_part(at.sum + v, load(at.sum + v) + sum, count);
    store_part(at.product + v, load(at.product + v) + product, count);
  }
};

template <norm_form Form, class Scalar>
struct gradient_pass {
  norm_lines<Scalar> at;

  template <int, class Count>
  void column(std::ptrdiff_t line, std::ptrdiff_t v, Count count) const {
    const std::ptrdiff_t here = line * at.length + v;
    const vec x = load_part(at.src + here, count), gradient = gradient_of<Form>(at, here, line, v, x, count);
    // d_dst may be d_src or d_other: it is not read any more from here on.
    if (at.d_other) {
      if (at.d_other != at.d_dst) __builtin_prefetch(at.d_other + here + norm_ahead, 1);
      write_part(at.d_other + here, gradient, at.accumulate_d_other, count);
    }
    if (at.d_src) {
      if (at.d_src != at.d_dst) __builtin_prefetch(at.d_src + here + norm_ahead, 1);
      const vec value = gradient * (load(at.factor + v) + at.passed_by) + (x * load(at.slope + v) + load(at.slope_offset + v));
      write_part(at.d_src + here, value, at.accumulate_d_src, count);
    }
  }
};

/// The pass is copied: what it points to might otherwise be its own members, which the compiler would read again after every store.
template <int Lines, class Pass>
inline void for_each_column(const Pass& given, std::ptrdiff_t line, std::ptrdiff_t length) {
  const Pass pass = given;
  const std::ptrdiff_t whole = length / lanes * lanes;
  for (std::ptrdiff_t v = 0; v < whole; v += lanes) pass.template column<Lines>(line, v, whole_vector{});
  if (whole < length) pass.template column<Lines>(line, whole, static_cast<int>(length - whole));
}

template <int Lines, class Pass>
inline void for_each_line(const Pass& pass) {
  const auto& at = pass.at;
  std::ptrdiff_t line = at.first;
  for (; line + Lines <= at.last; line += Lines) for_each_column<Lines>(pass, line, at.length);
  for (; line < at.last; ++line) for_each_column<1>(pass, line, at.length);
  if (at.rest > 0) for_each_column<1>(pass, line, at.rest);
}

template <class Scalar>
inline void norm_statistics(const norm_lines<Scalar>& at) {
  const statistics_pass<Scalar> pass{at};
  return at.together ? for_each_line<8>(pass) : for_each_line<1>(pass);
}

template <class Scalar>
inline void normalise(norm_form form, const norm_lines<Scalar>& at) {
  switch (form) {
    case norm_form::kept_signs:
      for_each_line<1>(normalise_pass<norm_form::kept_signs, Scalar>{at});
      break;
    case norm_form::curved:
      for_each_line<1>(normalise_pass<norm_form::curved, Scalar>{at});
      break;
    default:
      for_each_line<1>(normalise_pass<norm_form::bounded, Scalar>{at});
  }
  if (at.past_cache) end_stream();
}

template <norm_form Form, class Scalar>
inline void norm_backward(bool sums, const norm_lines<Scalar>& at) {
  constexpr int most = Form == norm_form::curved ? 1 : 8;  // curves take longer than memory does
  if (!sums) return for_each_line<1>(gradient_pass<Form, Scalar>{at});
  const gradient_sums_pass<Form, Scalar> pass{at};
  return at.together ? for_each_line<most>(pass) : for_each_line<1>(pass);
}

/// `sums`: the two sums of the gradient, else the gradients themselves.
template <class Scalar>
inline void norm_backward(norm_form form, bool sums, const norm_lines<Scalar>& at) {
  switch (form) {
    case norm_form::straight:
      return norm_backward<norm_form::straight>(sums, at);
    case norm_form::bounded:
      return norm_backward<norm_form::bounded>(sums, at);
    case norm_form::kept_signs:
      return norm_backward<norm_form::kept_signs>(sums, at);
    case norm_form::curved:
      return norm_backward<norm_form::curved>(sums, at);
  }
}

// The arithmetic per channel between two passes, in double.

/// Empties the float sums of a line.
inline void add_totals(const float* sums, const float* products, std::ptrdiff_t length, std::ptrdiff_t channels, double* totals) {
  for (std::ptrdiff_t start = 0; start < length; start += channels) {
    const float *const sum = sums + start, *const product = products + start;
#pragma omp simd
    for (std::ptrdiff_t c = 0; c < channels; ++c) totals[c] += sum[c];
#pragma omp simd
    for (std::ptrdiff_t c = 0; c < channels; ++c) totals[channels + c] += product[c];
  }
}

inline void add_doubles(std::ptrdiff_t count, const double* from, double* to) {
#pragma omp simd
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] += from[i];
}

/// moments: the mean, then the sum of squared differences from it. Sums about other points are moved, so that nothing is lost.
inline void join_sums(const channel_sums& sums, std::ptrdiff_t channels, double* moments) {
  double *const mean = moments, *const spread = moments + channels;
  double rows = 0;
  std::fill_n(moments, 2 * channels, 0.0);
  for (int part = 0; part < sums.parts(); ++part) rows += static_cast<double>(sums.rows(part));
  for (int part = 0; part < sums.parts(); ++part) {
    const float *const shift = sums.shift(part), *const sum = sums.sum(part);
    const double own = static_cast<double>(sums.rows(part));
#pragma omp simd
    for (std::ptrdiff_t c = 0; c < channels; ++c) mean[c] += (shift[c] * own + sum[c]) / rows;
  }
  for (int part = 0; part < sums.parts(); ++part) {
    const float *const shift = sums.shift(part), *const sum = sums.sum(part), *const square = sums.square(part);
    const double own = static_cast<double>(sums.rows(part));
#pragma omp simd
    for (std::ptrdiff_t c = 0; c < channels; ++c) {
      const double moved = shift[c] - mean[c];
      spread[c] += square[c] + moved * (2.0 * sum[c] + moved * own);
    }
  }
}

inline void finish_forward(double rows, batch_norm_rule rule, std::ptrdiff_t channels, const double* moments,
                           const norm_parameters& at, const norm_saved& saved) {
  const double keep = rule.keep_percent * 0.01, epsilon = rule.epsilon_millionths * 1e-6, unbiased = rows > 1 ? rows - 1 : 1;
  for (std::ptrdiff_t c = 0; c < channels; ++c) {
    const double mean = moments[c], spread = moments[channels + c] < 0 ? 0.0 : moments[channels + c];
    const double inverse = 1 / std::sqrt(spread / rows + epsilon);
    at.running_mean[c] = static_cast<float>(keep * at.running_mean[c] + (1 - keep) * mean);
    at.running_variance[c] = static_cast<float>(keep * at.running_variance[c] + (1 - keep) * (spread / unbiased));
    saved.mean[c] = static_cast<float>(mean);
    saved.inverse[c] = static_cast<float>(inverse);
    saved.factor[c] = static_cast<float>(at.scale[c] * inverse);
    saved.offset[c] = static_cast<float>(at.shift[c] - mean * at.scale[c] * inverse);
  }
}

inline void finish_sums(double rows, std::ptrdiff_t channels, const double* totals, const norm_parameters& at,
                        const norm_saved& saved, float* slope, float* slope_offset) {
  const double *const sum = totals, *const product = totals + channels;
#pragma omp simd
  for (std::ptrdiff_t c = 0; c < channels; ++c) {
    const double factor = saved.factor[c], inverse = saved.inverse[c], steep = -factor * inverse * inverse * product[c] / rows;
    slope[c] = static_cast<float>(steep);
    slope_offset[c] = static_cast<float>(-factor * sum[c] / rows - steep * saved.mean[c]);
  }
  for (std::ptrdiff_t c = 0; at.d_shift && c < channels; ++c) at.d_shift[c] = static_cast<float>(sum[c]);
  for (std::ptrdiff_t c = 0; at.d_scale && c < channels; ++c) at.d_scale[c] = static_cast<float>(product[c] * saved.inverse[c]);
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
