// The bodies of kernel/reference.hpp, as core/apart.hpp says: compiled apart, they are there for float and double.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <string>

#include <hasse/kernel/detail/describe.hpp>
#include <hasse/kernel/detail/elementwise.hpp>
#include <hasse/kernel/detail/reference_layer.hpp>
#include <hasse/kernel/reference.hpp>

namespace hasse {

namespace detail {
template <class Scalar>
struct reference_inference {
  reference_layer<Scalar> shape_;
  const inference_operands<Scalar>& operands_;

  void run() {
    const inference_operands<Scalar>& at = operands_;
    switch (shape_.item.kind) {
      case layer_kind::convolution:
      case layer_kind::linear:
        shape_.multiply(at.src, at.weights, at.bias, at.other, at.dst);
        break;
      case layer_kind::batch_norm:
        for (Eigen::Index i = 0; i < shape_.out_size(); ++i) {
          const Eigen::Index channel = i % shape_.item.out.c;
          at.dst[i] = at.src[i] * at.weights[channel] + at.bias[channel] + (at.other ? at.other[i] : Scalar(0));
        }
        break;
      case layer_kind::activation:
        shape_.output(at.dst) = shape_.input(at.src);
        break;
      case layer_kind::add:
        shape_.output(at.dst) = shape_.input(at.src) + shape_.input(at.other);
        break;
      case layer_kind::scale:
        shape_.scale(at.src, at.other, at.dst);
        break;
      case layer_kind::max_pool:
        shape_.max_pool(at.src, at.dst);
        break;
      case layer_kind::average_pool:
      case layer_kind::adaptive_average_pool:
        shape_.average_pool(at.src, at.dst);
        break;
      case layer_kind::global_average_pool:
        shape_.global_average_pool(at.src, at.dst);
        break;
      case layer_kind::resize:
      case layer_kind::corner_resize:
      case layer_kind::upsample:
        shape_.resize(at.src, at.dst);
        break;
      case layer_kind::concat:
        shape_.concat(at.src, at.other, at.dst);
        break;
      case layer_kind::pad_channels:
        shape_.concat(at.src, nullptr, at.dst);
        break;
      case layer_kind::depth_to_space:
        shape_.depth_to_space(at.src, at.dst);
        break;
    }
    shape_.activate(at.dst);
  }
};

template <class Scalar>
class reference_training {
 public:
  reference_training(const layer& item, int batch, const training_operands<Scalar>& operands) : shape_{item, batch}, operands_(operands) {}

  void forward() {
    const training_operands<Scalar>& at = operands_;
    switch (shape_.item.kind) {
      case layer_kind::convolution:
      case layer_kind::linear:
        shape_.multiply(at.src, at.weights, at.bias, nullptr, at.dst);
        break;
      case layer_kind::batch_norm:
        return normalise();
      case layer_kind::activation:
        shape_.output(at.dst) = shape_.input(at.src);
        break;
      case layer_kind::add:
        shape_.output(at.dst) = shape_.input(at.src) + shape_.input(at.other);
        break;
      case layer_kind::scale:
        shape_.scale(at.src, at.other, at.dst);
        break;
      case layer_kind::max_pool:
        shape_.max_pool(at.src, at.dst);
        break;
      case layer_kind::average_pool:
      case layer_kind::adaptive_average_pool:
        shape_.average_pool(at.src, at.dst);
        break;
      case layer_kind::global_average_pool:
        shape_.global_average_pool(at.src, at.dst);
        break;
      case layer_kind::resize:
      case layer_kind::corner_resize:
      case layer_kind::upsample:
        shape_.resize(at.src, at.dst);
        break;
      case layer_kind::concat:
        shape_.concat(at.src, at.other, at.dst);
        break;
      case layer_kind::pad_channels:
        shape_.concat(at.src, nullptr, at.dst);
        break;
      case layer_kind::depth_to_space:
        shape_.depth_to_space(at.src, at.dst);
        break;
    }
    if (shape_.item.kind == layer_kind::activation || shape_.item.kind == layer_kind::add) shape_.activate(at.dst);
  }

  void recompute() {
    if (shape_.item.kind == layer_kind::batch_norm)
      activate_normalised();
    else
      forward();
  }

  void backward() {
    const training_operands<Scalar>& at = operands_;
    const layer& item = shape_.item;
    switch (item.kind) {
      case layer_kind::batch_norm:
        return normalise_backward();
      case layer_kind::concat:
      case layer_kind::pad_channels:
        return concat_backward();
      case layer_kind::activation:
      case layer_kind::add:
        return elementwise_backward();
      case layer_kind::scale:
        return scale_backward();
      case layer_kind::convolution:
      case layer_kind::linear:
        if (at.d_bias) shape_.channels(at.d_bias) = shape_.output(at.d_dst).rowwise().sum().array();
        if (at.d_weights) weights_backward();
        break;
      default:
        break;
    }
    if (!at.d_src) return;
    if (!at.accumulate_d_src) shape_.input(at.d_src).setZero();
    source_backward();
  }

 private:
  /// What forward leaves for backward: mean and 1 / sqrt(variance + epsilon) of each channel.
  channel_vector<Scalar> saved_mean() { return shape_.channels(reinterpret_cast<Scalar*>(operands_.saved)); }
  channel_vector<Scalar> saved_factor() {
    return shape_.channels(reinterpret_cast<Scalar*>(operands_.saved) + shape_.item.out.c);
  }

  Scalar before_activation(Eigen::Index i, Eigen::Index channel) {
    const training_operands<Scalar>& at = operands_;
    if (shape_.item.kind == layer_kind::activation) return at.src[i];
    if (shape_.item.kind == layer_kind::add) return at.src[i] + at.other[i];
    return (at.src[i] - saved_mean()[channel]) * saved_factor()[channel] * at.weights[channel] + at.bias[channel] +
           (at.other ? at.other[i] : Scalar(0));
  }

  void normalise() {
    const training_operands<Scalar>& at = operands_;
    const auto count = static_cast<double>(shape_.in_pixels());
    const double keep = shape_.item.norm.keep_percent * 0.01, epsilon = shape_.item.norm.epsilon_millionths * 1e-6;
    for (Eigen::Index channel = 0; channel < shape_.item.in.c; ++channel) {
      const auto values = shape_.input(at.src).row(channel).template cast<double>();
      const double mean = values.sum() / count;
      const double variance = (values.array() - mean).square().sum() / count;
      const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
      saved_mean()[channel] = static_cast<Scalar>(mean);
      saved_factor()[channel] = static_cast<Scalar>(1 / std::sqrt(variance + epsilon));
      at.running_mean[channel] = static_cast<Scalar>(keep * at.running_mean[channel] + (1 - keep) * mean);
      at.running_variance[channel] = static_cast<Scalar>(keep * at.running_variance[channel] + (1 - keep) * unbiased);
    }
    activate_normalised();
  }
  void activate_normalised() {
    for (Eigen::Index i = 0; i < shape_.out_size(); ++i) operands_.dst[i] = before_activation(i, i % shape_.item.out.c);
    shape_.activate(operands_.dst);
  }

  /// With g the gradient before the activation and n the normalised input (Ioffe and Szegedy 2015, section 3):
  /// d_shift = sum g, d_scale = sum g n, d_src = scale factor (g - mean g - n mean(g n)), d_other = g.
  void normalise_backward() {
    const training_operands<Scalar>& at = operands_;
    const Eigen::Index channels = shape_.item.out.c;
    const auto count = static_cast<double>(shape_.in_pixels());
    const auto normalised = [&](Eigen::Index i) {
      return (at.src[i] - saved_mean()[i % channels]) * saved_factor()[i % channels];
    };
    with_activation(shape_.item.act, [&](auto act) {
      const auto gradient = [&](Eigen::Index i) {
        return passed_back<act>(at.d_dst[i], before_activation(i, i % channels));
      };
      Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(channels), product = Eigen::ArrayXd::Zero(channels);
      for (Eigen::Index i = 0; i < shape_.out_size(); ++i) {
        sum[i % channels] += gradient(i);
        product[i % channels] += gradient(i) * normalised(i);
      }
      if (at.d_weights) shape_.channels(at.d_weights) = product.cast<Scalar>();
      if (at.d_bias) shape_.channels(at.d_bias) = sum.cast<Scalar>();
      for (Eigen::Index i = 0; i < shape_.out_size(); ++i) {
        const Eigen::Index channel = i % channels;
        const Scalar g = gradient(i);
        const double centred = g - (sum[channel] + normalised(i) * product[channel]) / count;
        write(at.d_src, at.accumulate_d_src, i, static_cast<Scalar>(centred * at.weights[channel] * saved_factor()[channel]));
        write(at.d_other, at.accumulate_d_other, i, g);
      }
    });
  }

  void elementwise_backward() {
    const training_operands<Scalar>& at = operands_;
    with_activation(shape_.item.act, [&](auto act) {
      for (Eigen::Index i = 0; i < shape_.out_size(); ++i) {
        const Scalar g = passed_back<act>(at.d_dst[i], before_activation(i, i % shape_.item.out.c));
        write(at.d_src, at.accumulate_d_src, i, g);
        write(at.d_other, at.accumulate_d_other, i, g);
      }
    });
  }

  /// d_src = gate d_dst, d_gate = sum over pixels of src d_dst. d_dst may be d_src.
  void scale_backward() {
    const training_operands<Scalar>& at = operands_;
    const Eigen::Index channels = shape_.item.out.c;
    Eigen::Matrix<Scalar, Eigen::Dynamic, 1> sums = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>::Zero(channels * shape_.batch);
    shape_.for_each_gated_pixel([&](Eigen::Index first, Eigen::Index gate) {
      for (Eigen::Index channel = 0; channel < channels; ++channel) {
        const Scalar g = at.d_dst[first + channel];
        sums[gate + channel] += g * at.src[first + channel];
        write(at.d_src, at.accumulate_d_src, first + channel, g * at.other[gate + channel]);
      }
    });
    for (Eigen::Index i = 0; i < sums.size(); ++i) write(at.d_other, at.accumulate_d_other, i, sums[i]);
  }

  /// The first channels of d_dst are d_src, the others d_other.
  void concat_backward() {
    const training_operands<Scalar>& at = operands_;
    const Eigen::Index all = shape_.item.out.c, first = shape_.item.in.c, more = all - first;
    for (Eigen::Index pixel = 0; pixel < shape_.out_pixels(); ++pixel) {
      for (Eigen::Index c = 0; c < first; ++c) write(at.d_src, at.accumulate_d_src, pixel * first + c, at.d_dst[pixel * all + c]);
      for (Eigen::Index c = 0; c < more; ++c)
        write(at.d_other, at.accumulate_d_other, pixel * more + c, at.d_dst[pixel * all + first + c]);
    }
  }

  static void write(Scalar* gradient, bool accumulate, Eigen::Index i, Scalar value) {
    if (gradient) gradient[i] = accumulate ? gradient[i] + value : value;
  }

  void weights_backward() {
    const training_operands<Scalar>& at = operands_;
    const layer& item = shape_.item;
    if (item.kind == layer_kind::linear) {
      shape_.linear_weights(at.d_weights).noalias() = shape_.flat_input(at.src) * shape_.output(at.d_dst).transpose();
      return;
    }
    channel_vector<Scalar>(at.d_weights, Eigen::Index{item.out.c} * (item.in.c / item.groups) * item.kernel * item.kernel)
        .setZero();
    for_each_product(item, shape_.images(), at.d_weights, at.src, at.d_dst,
                             [](auto&& w, const auto& x, const auto& y) { w.noalias() += y * x.transpose(); });
  }

  /// Adds the gradient of the source to d_src.
  void source_backward() {
    const training_operands<Scalar>& at = operands_;
    const layer& item = shape_.item;
    const auto scatter = [this](Scalar* x, const Scalar* y, double share) {
      shape_.channels(x) += static_cast<Scalar>(share) * shape_.channels(y);
    };
    switch (item.kind) {
      case layer_kind::convolution:
        for_each_product(item, shape_.images(), at.weights, at.d_src, at.d_dst,
                                 [](const auto& w, auto&& x, const auto& y) { x.noalias() += w.transpose() * y; });
        break;
      case layer_kind::linear:
        shape_.flat_input(at.d_src).noalias() += shape_.linear_weights(at.weights) * shape_.output(at.d_dst);
        break;
      case layer_kind::max_pool:
        max_pool_backward();
        break;
      case layer_kind::average_pool:
      case layer_kind::adaptive_average_pool:
        for_each_tap(item, shape_.images(), at.d_src, at.d_dst, scatter);
        break;
      case layer_kind::resize:
      case layer_kind::corner_resize:
      case layer_kind::upsample:
        for_each_blend(item, shape_.images(), at.d_src, at.d_dst, scatter);
        break;
      case layer_kind::depth_to_space:
        for_each_moved(item, shape_.images(),
                               [&at](std::ptrdiff_t from, std::ptrdiff_t to) { at.d_src[from] += at.d_dst[to]; });
        break;
      case layer_kind::global_average_pool:
        for (Eigen::Index image = 0; image < shape_.batch; ++image)
          shape_.input(at.d_src).middleCols(image * item.in.pixels(), item.in.pixels()).colwise() +=
              shape_.output(at.d_dst).col(image) / static_cast<Scalar>(item.in.pixels());
        break;
      default:
        break;
    }
  }

  /// The first of several equal maxima receives the gradient.
  void max_pool_backward() {
    const training_operands<Scalar>& at = operands_;
    const layer& item = shape_.item;
    for (int channel = 0; channel < item.in.c; ++channel) {
      const Scalar* done = nullptr;
      for_each_tap(item, shape_.images(), at.src, at.dst, [&](const Scalar* x, const Scalar* y, double) {
        if (done == y || x[channel] != y[channel]) return;
        done = y;
        at.d_src[x - at.src + channel] += at.d_dst[y - at.dst + channel];
      });
    }
  }

  reference_layer<Scalar> shape_;
  const training_operands<Scalar>& operands_;
};
}  // namespace detail

template <class Scalar>
std::string reference<Scalar>::identity() const {
  return std::string(name) + ", Eigen " + std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
         std::to_string(EIGEN_MINOR_VERSION);
}

template <class Scalar>
void reference<Scalar>::inference_step::run() {
  detail::reference_inference<Scalar>{{item_, batch_}, operands_}.run();
}
template <class Scalar>
void reference<Scalar>::training_step::forward() {
  detail::reference_training<Scalar>(item_, batch_, operands_).forward();
}
template <class Scalar>
void reference<Scalar>::training_step::recompute() {
  detail::reference_training<Scalar>(item_, batch_, operands_).recompute();
}
template <class Scalar>
void reference<Scalar>::training_step::backward() {
  detail::reference_training<Scalar>(item_, batch_, operands_).backward();
}

template <class Scalar>
std::string reference<Scalar>::supports(const layer& item) const {
  return detail::problem_of(item);
}
template <class Scalar>
auto reference<Scalar>::make_inference(const layer& item, int batch, const inference_operands<Scalar>& operands) -> inference_step {
  detail::require_runnable(name, item, batch, supports(item));
  return {item, batch, operands};
}
template <class Scalar>
auto reference<Scalar>::make_training(const layer& item, int batch, const training_operands<Scalar>& operands) -> training_step {
  detail::require_runnable(name, item, batch, supports(item));
  return {item, batch, operands};
}

#if !HASSE_BODIES_INLINE
template class reference<float>;
template class reference<double>;
#endif

}  // namespace hasse
