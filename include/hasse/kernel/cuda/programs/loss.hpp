// Softmax cross-entropy with smoothed labels on the GPU: the loss of every image, its gradient, and how many were right.
// Used by training on a GPU; the arithmetic is that of train/loss.hpp, in float.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/kernel/cuda/programs/totals.hpp>
#include <hasse/kernel/device_records.hpp>

namespace hasse::detail::gpu {

/// One block per image; a null gradient is not wanted. The first of equal logits counts as the answer; an image
/// whose loss is not finite is not right. `losses` and `correct` have
/// one place per image, which `batch_total` adds up. The gradient, and nothing else, is multiplied by `loss_scale`.
template <class Scalar>
struct softmax_loss {
  static constexpr int threads = 128, halvings = 7, phases = 2 * (halvings + 1) + 1;
  struct shared {
    float best[threads];
    int index[threads];
    float sum[threads], mean[threads];
  };
  struct local {
    float best, sum, mean;
    int index;
  };

  const Scalar* logits;
  const int* labels;
  int batch, classes;
  float smoothing;
  Scalar* gradient;
  float* losses;
  std::uint8_t* correct;
  const float* loss_scale = nullptr;  ///< null: 1

  grid_extent blocks() const { return {batch, 1, 1}; }

  HASSE_DEVICE float logit(const place& at, int k) const {
    return widened(logits[static_cast<std::size_t>(at.x) * static_cast<std::size_t>(classes) + static_cast<std::size_t>(k)]);
  }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local& own, shared& memory) const {
    if constexpr (Phase <= halvings) {
      constexpr int left = threads >> Phase;
      if (at.thread >= left) return;
      if constexpr (Phase == 0) {
        own.index = at.thread < classes ? at.thread : 0;
        own.best = logit(at, own.index);
        for (int k = at.thread + threads; k < classes; k += threads) consider(own, logit(at, k), k);
      } else {
        consider(own, memory.best[at.thread + left], memory.index[at.thread + left]);
      }
      memory.best[at.thread] = own.best, memory.index[at.thread] = own.index;
    } else if constexpr (Phase <= 2 * halvings + 1) {
      constexpr int left = threads >> (Phase - halvings - 1);
      if (at.thread >= left) return;
      if constexpr (Phase == halvings + 1) {
        own.sum = own.mean = 0;
        for (int k = at.thread; k < classes; k += threads) {
          const float above = logit(at, k) - memory.best[0];
          own.sum += exponential(above), own.mean += above;
        }
      } else {
        own.sum += memory.sum[at.thread + left], own.mean += memory.mean[at.thread + left];
      }
      memory.sum[at.thread] = own.sum, memory.mean[at.thread] = own.mean;
    } else {
      const float best = memory.best[0], sum = memory.sum[0], share = smoothing / static_cast<float>(classes);
      const int label = labels[at.x];
      if (at.thread == 0) {
        losses[at.x] = std::log(sum) - (1 - smoothing) * (logit(at, label) - best) - share * memory.mean[0];
        correct[at.x] = memory.index[0] == label && std::isfinite(losses[at.x]);
      }
      const float factor = loss_scale ? *loss_scale : 1;
      for (int k = at.thread; gradient && k < classes; k += threads) {
        const float target = share + (k == label ? 1 - smoothing : 0);
        gradient[static_cast<std::size_t>(at.x) * static_cast<std::size_t>(classes) + static_cast<std::size_t>(k)] =
            narrowed<Scalar>((exponential(logit(at, k) - best) / sum - target) / static_cast<float>(batch) * factor);
      }
    }
  }

 private:
  HASSE_DEVICE static void consider(local& own, float value, int index) {
    if (value > own.best || (value == own.best && index < own.index)) own.best = value, own.index = index;
  }
};

/// Adds the images of a batch to a total.
struct batch_total {
  static constexpr int results = 2;
  const float* losses;
  const std::uint8_t* correct;
  loss_total* total;

  HASSE_DEVICE void add(int index, double (&sums)[2]) const {
    sums[0] += static_cast<double>(losses[index]);
    sums[1] += correct[index];
  }
  HASSE_DEVICE void finish(int, const double (&sums)[2]) const {
    total->loss += sums[0];
    total->correct += static_cast<std::int64_t>(sums[1]);
  }
};

}  // namespace hasse::detail::gpu
