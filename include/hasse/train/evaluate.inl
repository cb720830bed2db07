// The bodies of train/evaluate.hpp, as core/apart.hpp says: what most programs judge, and on what.
#pragma once

#include <hasse/train/evaluate.hpp>

namespace hasse {

#if !HASSE_BODIES_INLINE
template evaluation evaluate<any_backend<float>, classification>(any_backend<float>&, const classification&, const model&, const image_set&,
                                                                 const normalisation&, int);
#endif

}  // namespace hasse
