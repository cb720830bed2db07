// What of a training is no layer and still must happen where the tensors are: loss, descent, augmentation, slices, sums.
// A backend whose operands lie in a device's memory brings one; train and network ask for it and do the same themselves elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

#include <hasse/kernel/device_records.hpp>
#include <hasse/kernel/memory.hpp>

namespace hasse {

/// Softmax cross-entropy as task/loss.hpp defines it. All pointers are the device's.
template <class Scalar>
struct loss_operands {
  const Scalar* logits;  ///< batch x classes
  const int* labels;
  int batch, classes;
  double smoothing;
  Scalar* gradient;         ///< null: not wanted
  const float* loss_scale;  ///< what it is multiplied by; null: 1
  float* losses;            ///< one per image, as `correct`
  std::uint8_t* correct;
  detail::gpu::loss_total* total;  ///< overwritten
};

/// One step of train/sgd.hpp from `begin` to `end` of the parameters, multiples of 16. `gradients` begins with that of `begin`.
struct descent_operands {
  const detail::gpu::descent_step* step;
  float* values;
  const float* gradients;
  float* velocity;
  const float* decay;  ///< one per 16 parameters
  double momentum;
  std::size_t begin, end;
};

/// How long a gradient is, and so by how much it is scaled down; with `scales_loss`, whether it is a number at all, and by what the
/// next loss is multiplied. `partial` has room for length_partials(count) sums.
struct length_operands {
  const float* gradients;
  std::size_t count;
  double largest;    ///< 0: any length will do
  bool scales_loss;  ///< step->loss_scale was in the gradients
  double* partial;
  detail::gpu::descent_step* step;
};
constexpr std::size_t length_block = 4096;
constexpr std::size_t length_partials(std::size_t count) { return (count + length_block - 1) / length_block; }

/// A batch cut from images that the device has as bytes.
template <class Scalar>
struct batch_operands {
  int height, width, channels, batch;
  const detail::gpu::drawn_image* drawn;
  const std::uint8_t* pixels;
  const float* levels;  ///< channels x 256
  Scalar* to;
};

/// The part of a tensor that a narrower network uses: `full[rows[r] * row_length + columns[c]]` and `narrow[r * column_count + c]`.
struct slice_operands {
  const int* rows;
  const int* columns;
  int row_count, column_count;
  std::size_t row_length;
  float* full;
  float* narrow;
};

/// What happens to parameters, which are float for all activations.
class parameter_accelerator : public device_memory {
 public:
  /// Whether gradients of activations would be too small for their numbers (half precision), so that the loss is multiplied first.
  virtual bool scales_loss() const = 0;
  virtual void measure_gradient(const length_operands& at) = 0;
  virtual void descend(const descent_operands& at) = 0;
  /// narrow = full; full += narrow; full = keep full + (1 - keep) narrow.
  virtual void gather(const slice_operands& at) = 0;
  virtual void add_slice(const slice_operands& at) = 0;
  virtual void mix_slice(const slice_operands& at, float keep) = 0;
};

/// And to activations.
template <class Scalar>
class accelerator : public parameter_accelerator {
 public:
  virtual void softmax_cross_entropy(const loss_operands<Scalar>& at) = 0;
  virtual void augment(const batch_operands<Scalar>& at) = 0;
  /// The sum of slope (values - without), `without` left out where it is null. Returns when it is known.
  virtual double dot(const Scalar* slope, const Scalar* values, const Scalar* without, std::size_t count) = 0;
};

/// What the backend's memory brings besides memory; null where that is the processor's.
template <class Engine>
accelerator<typename Engine::scalar>* accelerator_of(Engine& backend) {
  if constexpr (requires { backend.memory(); })
    return backend.memory();
  else
    return nullptr;
}

}  // namespace hasse
