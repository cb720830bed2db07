// The GPU behind hasse_bench: the only file of it that sees the CUDA Toolkit.
#include "backend.hpp"

#include <memory>

#include <hasse/latency/on_gpu.hpp>

namespace bench {

using namespace hasse;

namespace {

template <class Scalar>
using gpu_backend = basic_cuda<Scalar, cuda_backend_stream>;

template <class Scalar>
basic_on_gpu<Scalar> policy_of(const settings& how) {
  return {.device = how.device.index,
          .tf32 = how.numbers == number::tf32,
          .plans = how.kernels == kernel_policy::by_measurement ? plan_policy::by_measurement : plan_policy::by_heuristics};
}

}  // namespace

template <class Scalar>
any_backend<Scalar> cuda_backend(const settings& how, bool joins) {
  any_backend<Scalar> made([&] { return policy_of<Scalar>(how).make_backend(); });
  made.template as<gpu_backend<Scalar>>()->join_layers(joins);
  return made;
}
template any_backend<float> cuda_backend(const settings& how, bool joins);
template any_backend<bfloat16> cuda_backend(const settings& how, bool joins);
template any_backend<float16> cuda_backend(const settings& how, bool joins);

template <class Scalar>
std::vector<library_plan> cuda_library_plans([[maybe_unused]] any_backend<Scalar>& backend, [[maybe_unused]] const layer& item,
                                             [[maybe_unused]] int batch, [[maybe_unused]] pass which) {
  std::vector<library_plan> found;
#if defined(HASSE_CUDNN)
  using namespace hasse::detail::gpu;
  constexpr std::size_t most_plans = 8;
  constexpr product_result results[] = {product_result::output, product_result::source, product_result::weights};
  cuda_backend_stream& stream = backend.template as<gpu_backend<Scalar>>()->stream();
  number_type type = stream.libraries().float_type();
  if constexpr (std::is_same_v<Scalar, bfloat16>) type = number_type::bfloat16;
  if constexpr (std::is_same_v<Scalar, float16>) type = number_type::float16;
  const dense_problem problem(results[static_cast<int>(which)], type, item, batch);

  struct tensors {
    device_array<Scalar> source, weights, output;
  };
  const auto filled = [](std::int64_t size) { return device_array<Scalar>(std::span<const Scalar>(drawn_values<Scalar>(size))); };
  const auto at = std::make_shared<tensors>(
      tensors{filled(batch * item.in.size()), filled(problem.weight_count()), filled(batch * item.out.size())});
  for (auto& plan : stream.libraries().plans(problem, most_plans)) {
    const std::shared_ptr<dense_plan> held = std::move(plan);
    const auto workspace = std::make_shared<device_array<std::byte>>(held->workspace());
    found.push_back({held->name(), [held, workspace, at] {
                       held->run({at->source.data(), at->weights.data(), at->output.data()}, workspace->data());
                     }});
  }
#endif
  return found;
}
template std::vector<library_plan> cuda_library_plans(any_backend<float>& backend, const layer& item, int batch, pass which);
template std::vector<library_plan> cuda_library_plans(any_backend<bfloat16>& backend, const layer& item, int batch, pass which);
template std::vector<library_plan> cuda_library_plans(any_backend<float16>& backend, const layer& item, int batch, pass which);

device_facts cuda_facts(const settings& how) {
  return with_scalar(how, [&](auto zero) { return policy_of<decltype(zero)>(how).facts(); });
}

}  // namespace bench
