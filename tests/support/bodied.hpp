// An engine with bodies of its own for some blocks, a space whose entries carry them, and a clock on which bodies are faster.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <hasse/catalogue/shard.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/fuse.hpp>

#include "catch.hpp"
#include "spaces.hpp"

namespace hasse::testing {

/// The readable backend; its bodies run the layers of a block with it, after they have written over all memory that is theirs alone.
struct bodied {
  static constexpr float nothing = std::numeric_limits<float>::quiet_NaN();
  using scalar = float;
  static constexpr const char* name = "bodied";
  std::string identity() const { return name; }
  reference<float> plain;
  std::vector<std::string> inferred, trained;  ///< blocks, in the order in which bodies were asked for
  bool refuses = false;
  std::shared_ptr<std::int64_t> clock = std::make_shared<std::int64_t>(0);  ///< imagined nanoseconds: 1000 a layer, 100 a body

  struct inference_step {
    std::vector<decltype(std::declval<reference<float>&>().make_inference(layer{}, 1, {}))> parts;
    std::vector<std::span<float>> cleared;
    std::shared_ptr<std::int64_t> clock;
    void run() {
      *clock += cleared.empty() ? 1000 : 100;
      for (const auto memory : cleared) std::ranges::fill(memory, nothing);
      for (auto& part : parts) part.run();
    }
    std::string implementation() const { return cleared.empty() ? "layer" : "body"; }
  };
  struct training_step {
    std::vector<decltype(std::declval<reference<float>&>().make_training(layer{}, 1, {}))> parts;
    std::vector<std::span<float>> before_forward, before_backward;
    void forward() {
      for (const auto memory : before_forward) std::ranges::fill(memory, nothing);
      for (auto& part : parts) part.forward();
    }
    void backward() {
      for (const auto memory : before_backward) std::ranges::fill(memory, nothing);
      for (std::size_t i = parts.size(); i-- > 0;) parts[i].backward();
    }
    void recompute() { parts.front().recompute(); }
  };
  std::string supports(const layer& item) const { return plain.supports(item); }
  inference_step make_inference(const layer& item, int batch, const inference_operands<float>& at) {
    inference_step made;
    made.parts.push_back(plain.make_inference(item, batch, at));
    made.clock = clock;
    return made;
  }
  training_step make_training(const layer& item, int batch, const training_operands<float>& at) {
    training_step made;
    made.parts.push_back(plain.make_training(item, batch, at));
    return made;
  }
  std::size_t saved_bytes(const layer& item, int batch) { return plain.saved_bytes(item, batch); }
  backward_operands backward_reads(const layer& item) { return plain.backward_reads(item); }
};

template <class Spec>
inline constexpr bool has_own_body = std::is_same_v<Spec, basic> || std::is_same_v<Spec, joining_sequence<lateral, tap<"maps">>>;
}  // namespace hasse::testing

template <auto BlockSpec, hasse::feature_shape In, hasse::feature_shape Second>
  requires(hasse::testing::has_own_body<std::remove_const_t<decltype(BlockSpec)>>)
struct hasse::block_body<hasse::testing::bodied, hasse::block<BlockSpec, In, Second>> {
  using made = block<BlockSpec, In, Second>;
  using bodied = testing::bodied;

  static std::optional<bodied::inference_step> inference(bodied& engine, std::span<const layer> folded, int batch,
                                                         std::span<const inference_operands<float>> operands) {
    engine.inferred.push_back(made::text());
    if (engine.refuses) return std::nullopt;
    CHECK(folded.size() == fold_for_inference(made::layers).layers.size());
    bodied::inference_step step;
    step.clock = engine.clock;
    for (std::size_t i = 0; i < folded.size(); ++i) {
      step.parts.push_back(engine.plain.make_inference(folded[i], batch, operands[i]));
      step.cleared.emplace_back(operands[i].dst, static_cast<std::size_t>(batch * folded[i].out.size()));
    }
    return step;
  }
  static std::optional<bodied::training_step> training(bodied& engine, std::span<const layer> fused, int batch,
                                                       std::span<const training_operands<float>> operands) {
    engine.trained.push_back(made::text());
    if (engine.refuses) return std::nullopt;
    bodied::training_step step;
    const auto memory = [&](float* first, feature_shape shape) { return std::span<float>(first, static_cast<std::size_t>(batch * shape.size())); };
    for (std::size_t i = 0; i < fused.size(); ++i) {
      const training_operands<float>& at = operands[i];
      step.parts.push_back(engine.plain.make_training(fused[i], batch, at));
      step.before_forward.push_back(memory(at.dst, fused[i].out));
      const auto is_written_outside = [&](const float* gradient) {  // another reader of the block's input wrote it before
        for (std::size_t later = i + 1; later < fused.size(); ++later)
          if (operands[later].d_src == gradient || operands[later].d_other == gradient) return false;
        return true;
      };
      if (at.d_src && !(at.accumulate_d_src && is_written_outside(at.d_src))) step.before_backward.push_back(memory(at.d_src, fused[i].in));
      if (at.d_other && !(at.accumulate_d_other && is_written_outside(at.d_other)))
        step.before_backward.push_back(memory(at.d_other, fused[i].other_shape()));
    }
    return step;
  }
};

namespace hasse::testing {
using bodied_space = search_space<input<3, 16, 16>, stem<conv{.out = 4}>, stage<basic{.stride = 2}, widths<4, 8>, depth<1, 2>>,
                           stage<bottleneck{.stride = 2}, widths<8, 16>, depth<1, 2>>,
                           head<fixed_layer<conv{.out = 6, .kernel = 1}>, with_stage<1, lateral>, tap<"maps">, from_stage<2>, global_average_pool,
                                linear<3>, tap<"classes">>>;
}  // namespace hasse::testing
template <>
inline constexpr hasse::engines<hasse::testing::bodied> hasse::engines_of<hasse::testing::bodied_space>{};
