// The bodies of kernel/cpu.hpp, as core/apart.hpp says: compiled apart, they are there for float and bfloat16.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/cpu/candidates.hpp>
#include <hasse/kernel/cpu/choice.hpp>
#include <hasse/kernel/cpu/context.hpp>
#include <hasse/kernel/cpu/library.hpp>
#include <hasse/kernel/cpu/loop_kernels.hpp>
#include <hasse/kernel/cpu/team.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/kernel/run_text.hpp>

namespace hasse {

HASSE_BODY std::string cpu_library(kernel_policy kernels, simd_level level) {
  return detail::library::identity() + ", own kernels for " + std::string(name_of(level)) + ", kernels " + std::string(name_of(kernels));
}

template <class Scalar>
basic_cpu<Scalar>::basic_cpu(cpu_options options) : kernels_(options.kernels), choices_(std::move(options.choices)) {
  if (const std::string problem = detail::problem_of_threads(options.threads); !problem.empty())
    throw error(std::string(name) + ": " + problem);
  if (options.simd > best_simd_level() || !has_simd_level(options.simd))
    throw error(std::string(name) + ": kernels for " + std::string(name_of(options.simd)) +
                " were asked for; this program on this processor runs " + std::string(name_of(best_simd_level())));
  context_ = std::make_unique<detail::cpu_context>();
  context_->threads = options.threads;
  use_threads();
  if (const std::string why = detail::library::refuses<Scalar>(*context_); !why.empty()) throw error(std::string(name) + ": " + why);
  context_->level = options.simd;
  detail::library::keep_primitives();
}
template <class Scalar>
basic_cpu<Scalar>::~basic_cpu() = default;

template <class Scalar>
void basic_cpu<Scalar>::inference_step::run() {
  backend_->use_threads();
  kernel_.run(*backend_->context_);
}

template <class Scalar>
std::vector<std::string> basic_cpu<Scalar>::training_step::implementations() const {
  std::vector<std::string> names;
  for (const auto* passes : {&forward_, &backward_})
    for (const detail::bound_kernel& pass : *passes) names.push_back(pass.implementation);
  return names;
}
template <class Scalar>
void basic_cpu<Scalar>::training_step::run(std::vector<detail::bound_kernel>& passes) {
  backend_->use_threads();
  for (detail::bound_kernel& pass : passes) pass.run(*backend_->context_);
}

template <class Scalar>
std::string basic_cpu<Scalar>::supports(const layer& item) const {
  if (item.kind == layer_kind::max_pool && item.kernel > 15)
    return "has a window of more than 15x15, which backend " + std::string(name) + " does not pool";
  return detail::problem_of(item);
}

template <class Scalar>
auto basic_cpu<Scalar>::make_inference(const layer& item, int batch, const inference_operands<Scalar>& operands) -> inference_step {
  detail::require_runnable(name, item, batch, supports(item));
  use_threads();
  if (!detail::is_product(item)) return {*this, detail::inference_loop(*context_, item, batch, operands)};
  if constexpr (own_products)
    return {*this, chosen_product(item, batch, operands)};
  else
    return {*this, detail::library::inference(*context_, item, batch, operands)};
}

template <class Scalar>
auto basic_cpu<Scalar>::make_joined(std::span<const layer> run, int batch, std::span<const inference_operands<float>> operands)
    -> std::optional<inference_step> requires std::is_same_v<Scalar, float> {
  const auto joined = detail::joined_candidate(*context_, run, batch);
  if (!joined || kernels_ == kernel_policy::library) return std::nullopt;
  use_threads();
  bool takes = joined->by_rule;
  if (kernels_ == kernel_policy::by_measurement) {
    const std::string key = key_of(run, batch, operands.back().other != nullptr);
    const auto known = choices_.find(key);
    std::string chosen = known == choices_.end() ? std::string() : known->second;
    if (chosen != joined->name && chosen != separate_layers) choices_[key] = chosen = measured(run, batch, operands, *joined);
    takes = chosen == joined->name;
  }
  if (!takes) return std::nullopt;
  return inference_step{*this, joined->bind(operands)};
}

template <class Scalar>
auto basic_cpu<Scalar>::make_training(const layer& item, int batch, const training_operands<Scalar>& operands) -> training_step {
  detail::require_runnable(name, item, batch, supports(item));
  use_threads();
  training_step step(*this);
  if (!detail::is_product(item)) {
    detail::training_loops(*context_, item, batch, operands, step.forward_, step.again_, step.backward_);
    return step;
  }
  const bool library = kernels_ == kernel_policy::library;
  step.forward_.push_back(detail::training_forward(*context_, item, batch, operands, library));
  step.backward_ = detail::training_gradients(*context_, item, batch, operands, library);
  return step;
}

template <class Scalar>
std::size_t basic_cpu<Scalar>::saved_bytes(const layer& item, int batch) const {
  if (item.kind == layer_kind::batch_norm)
    return detail::batch_norm_kernel(item, batch, context_->threads, context_->level).saved_bytes();
  if (item.kind == layer_kind::max_pool) return static_cast<std::size_t>(batch * item.out.size());
  return 0;
}

template <class Scalar>
backward_operands basic_cpu<Scalar>::backward_reads(const layer& item) const {
  return detail::backward_reads(item);
}

template <class Scalar>
std::string basic_cpu<Scalar>::identity() const {
  return std::string(name) + ", " + std::to_string(context_->threads) + (context_->threads == 1 ? " thread, " : " threads, ") +
         cpu_library(kernels_, context_->level);
}
template <class Scalar>
int basic_cpu<Scalar>::threads() const {
  return context_->threads;
}

/// OpenMP keeps the count per calling thread, so every entry sets it.
template <class Scalar>
void basic_cpu<Scalar>::use_threads() const {
  detail::use_threads(context_->threads);
}

template <class Scalar>
std::string basic_cpu<Scalar>::key_of(std::span<const layer> run, int batch, bool residual) const {
  return text_of_run(run, residual) + "; batch " + std::to_string(batch) + ", " + std::to_string(context_->threads) +
         (context_->threads == 1 ? " thread" : " threads");
}

template <class Scalar>
detail::bound_kernel basic_cpu<Scalar>::chosen_product(const layer& item, int batch, const inference_operands<float>& operands) {
  const std::vector<detail::kernel_candidate> candidates = detail::product_candidates(*context_, item, batch);
  std::size_t chosen = kernels_ == kernel_policy::library ? 0 : detail::rule_of(candidates);
  if (kernels_ == kernel_policy::by_measurement && candidates.size() > 1) {
    const std::span<const layer> run(&item, 1);
    const std::string key = key_of(run, batch, operands.other != nullptr);
    const auto known = choices_.find(key);
    const auto same = [&](const detail::kernel_candidate& each) { return each.name == known->second; };
    const auto found = known == choices_.end() ? candidates.end() : std::find_if(candidates.begin(), candidates.end(), same);
    if (found != candidates.end()) {
      chosen = static_cast<std::size_t>(found - candidates.begin());
    } else {
      const detail::timing_operands own(run, batch, {&operands, 1});
      std::vector<detail::bound_kernel> bound;
      for (const detail::kernel_candidate& each : candidates) bound.push_back(each.bind(own.operands()));
      chosen = fastest(bound, chosen, own);
      choices_[key] = candidates[chosen].name;
    }
  }
  return candidates[chosen].bind({&operands, 1});
}

template <class Scalar>
std::size_t basic_cpu<Scalar>::fastest(std::vector<detail::bound_kernel>& bound, std::size_t usual, const detail::timing_operands& own) {
  std::vector<std::function<void()>> runs;
  std::size_t weight_bytes = 0;
  for (detail::bound_kernel& each : bound) {
    weight_bytes = std::max(weight_bytes, each.weight_bytes);
    runs.push_back([this, &each] { each.run(*context_); });
  }
  return detail::fastest_of(runs, usual, detail::cache_eviction(weight_bytes), [&own] { own.touch(); });
}

template <class Scalar>
std::string basic_cpu<Scalar>::measured(std::span<const layer> run, int batch, std::span<const inference_operands<float>> operands,
                                        const detail::kernel_candidate& joined) {
  const detail::timing_operands own(run, batch, operands);
  std::vector<inference_step> steps;
  detail::bound_kernel separate;
  for (std::size_t at = 0; at < run.size(); ++at) {
    if constexpr (own_products) steps.push_back(make_inference(run[at], batch, own.operands()[at]));
    separate.weight_bytes += steps.back().kernel_.weight_bytes;
  }
  separate.run = [&steps](detail::cpu_context&) {
    for (inference_step& step : steps) step.run();
  };
  std::vector<detail::bound_kernel> bound{std::move(separate), joined.bind(own.operands())};
  return fastest(bound, joined.by_rule ? 1 : 0, own) == 1 ? joined.name : separate_layers;
}

#if !HASSE_BODIES_INLINE
template class basic_cpu<float>;
template class basic_cpu<bfloat16>;
#endif

}  // namespace hasse
