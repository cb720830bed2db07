// The backend that the settings ask for: the processor's here, a GPU's in cuda/ where the program was built with one.
#include "backend.hpp"

#include <hasse/latency/on_cpu.hpp>

#if defined(HASSE_GPU_DEVICES)
#include "cuda/backend.hpp"
#endif

namespace bench {

using namespace hasse;

template <class Scalar>
any_backend<Scalar> backend_of(const settings& how, [[maybe_unused]] bool joins) {
  require_device(how.device);
#if defined(HASSE_GPU_DEVICES)
  if (how.device.is_gpu) return cuda_backend<Scalar>(how, joins);
#endif
  if constexpr (std::is_same_v<Scalar, float16>) {
    throw error("--number fp16 was asked of the processor, which computes in float or bf16; give one of these, or --device cuda");
  } else {
    if (how.numbers == number::tf32) throw error("--number tf32 was asked of the processor, which has none; give float");
    return any_backend<Scalar>([&] { return basic_cpu<Scalar>(options_of(how)); });
  }
}
template any_backend<float> backend_of(const settings& how, bool joins);
template any_backend<bfloat16> backend_of(const settings& how, bool joins);
template any_backend<float16> backend_of(const settings& how, bool joins);

template <class Scalar>
std::vector<library_plan> library_plans([[maybe_unused]] const settings& how, [[maybe_unused]] any_backend<Scalar>& backend,
                                        [[maybe_unused]] const layer& item, [[maybe_unused]] pass which) {
#if defined(HASSE_GPU_DEVICES)
  return cuda_library_plans(backend, item, how.batch, which);
#else
  return {};
#endif
}
template std::vector<library_plan> library_plans(const settings& how, any_backend<float>& backend, const layer& item, pass which);
template std::vector<library_plan> library_plans(const settings& how, any_backend<bfloat16>& backend, const layer& item,
                                                 pass which);
template std::vector<library_plan> library_plans(const settings& how, any_backend<float16>& backend, const layer& item, pass which);

device_facts facts_of(const settings& how) {
  require_device(how.device);
#if defined(HASSE_GPU_DEVICES)
  if (how.device.is_gpu) return cuda_facts(how);
#endif
  return on_cpu{.threads = how.threads}.facts();
}

}  // namespace bench
