// Shard 0 of the test space.
#include <hasse/catalogue/shard.hpp>

#include "space.hpp"

template struct hasse::catalogue_shard<hasse::testing::sharded_space, 0, 2>;
