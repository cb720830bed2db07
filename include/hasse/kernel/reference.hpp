// The readable backend: one thread, Eigen maps and plain loops, any floating type. It defines what every layer means.
// Used by the tests, which hold the other backends against it and its own gradients, in double, against finite differences.
#pragma once

#include <cstddef>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/space/layer.hpp>

namespace hasse {

template <class Scalar>
class reference {
 public:
  using scalar = Scalar;
  static constexpr const char* name = "reference";
  std::string identity() const;

  /// A folded layer. A batch norm that stands alone is dst = act(weights * src + bias), its statistics already folded in.
  class inference_step {
   public:
    void run();
    std::string implementation() const { return name; }

   private:
    friend reference;
    inference_step(const layer& item, int batch, const inference_operands<Scalar>& operands)
        : item_(item), batch_(batch), operands_(operands) {}

    layer item_;
    int batch_;
    inference_operands<Scalar> operands_;
  };

  /// A training-fused layer, forward and backward.
  class training_step {
   public:
    void forward();
    void recompute();
    void backward();

   private:
    friend reference;
    training_step(const layer& item, int batch, const training_operands<Scalar>& operands)
        : item_(item), batch_(batch), operands_(operands) {}

    layer item_;
    int batch_;
    training_operands<Scalar> operands_;
  };

  std::string supports(const layer& item) const;
  inference_step make_inference(const layer& item, int batch, const inference_operands<Scalar>& operands);
  training_step make_training(const layer& item, int batch, const training_operands<Scalar>& operands);
  std::size_t saved_bytes(const layer& item, int) const {
    return item.kind == layer_kind::batch_norm ? 2 * static_cast<std::size_t>(item.out.c) * sizeof(Scalar) : 0;
  }
  backward_operands backward_reads(const layer&) const { return {}; }
};

static_assert(Backend<reference<float>> && Backend<reference<double>>);

#if !HASSE_BODIES_INLINE
extern template class reference<float>;
extern template class reference<double>;
#endif

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/kernel/reference.inl>
#endif
