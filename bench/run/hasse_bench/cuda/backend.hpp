// The GPU behind hasse_bench; only programs that are built with CUDA have it.
#pragma once

#include <vector>

#include "../backend.hpp"

namespace bench {

template <class Scalar>
hasse::any_backend<Scalar> cuda_backend(const settings& how, bool joins);

/// `backend` is one of those.
template <class Scalar>
std::vector<library_plan> cuda_library_plans(hasse::any_backend<Scalar>& backend, const hasse::layer& item, int batch, pass which);

hasse::device_facts cuda_facts(const settings& how);

}  // namespace bench
