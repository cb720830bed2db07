// Shard 1 of the test space.
#include <hasse/catalogue/shard.hpp>

#include "space.hpp"

template struct hasse::catalogue_shard<hasse::testing::sharded_space, 1, 2>;
