// The bodies of train/candidate_trainer.hpp, as core/apart.hpp says: what most programs train, and what they train it on.
#pragma once

#include <hasse/train/candidate_trainer.hpp>

namespace hasse {

#if !HASSE_BODIES_INLINE
template class candidate_trainer<any_backend<float>, classification>;
#endif

}  // namespace hasse
