// space/gated_space.hpp: what a space of mixed stages works out at compile time. What it refuses is in compile_fail.
#include <hasse/space.hpp>
#include <hasse/space/proxyless.hpp>

#include <string>

#include <boost/hana/for_each.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace own {
/// Somebody's own block: two paths that are added.
struct twin {
  int out = 0, stride = 1;
  friend constexpr bool operator==(const twin&, const twin&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const value_id left = list.conv_bn(from, out, 3, stride, activation::none, {}),
                   right = list.conv_bn(from, out, 1, stride, activation::none, {});
    return list.activate(list.add(left, right), activation::relu);
  }
  std::string text() const { return "twin s" + std::to_string(stride); }
};
}  // namespace own

namespace {
using some = choices<mbconv{.kernel = 3, .expand = 3}, own::twin{}, basic{}, zero{}>;
using space =
    gated_space<input<3, 33, 20>, stem<conv{.out = 8}, mbconv{.out = 16, .expand = 1}>,
                mixed_stage<some, stage_shape{.out = 16, .blocks = 2}>, fixed_layer<max_pool{.kernel = 3, .stride = 1, .pad = 1}>,
                mixed_stage<some, stage_shape{.out = 24, .blocks = 3, .stride = 2}>, fixed_layer<conv{.out = 64, .kernel = 1}>,
                head<global_average_pool, linear<10>>>;
static_assert(space::image == feature_shape{33, 20, 3} && space::features == feature_shape{17, 10, 64});
static_assert(proxyless_imagenet_space::features == feature_shape{7, 7, 1280});

static_assert(detail::is_offered<zero>({8, 8, 16}, 16, 1) && !detail::is_offered<zero>({8, 8, 16}, 24, 1));
static_assert(!detail::is_offered<zero>({8, 8, 16}, 16, 2) && detail::is_offered<mbconv>({8, 8, 16}, 24, 2));

static_assert(detail::all_differ(mbconv{.kernel = 3}, mbconv{.kernel = 5}, basic{}, zero{}));
static_assert(!detail::all_differ(mbconv{.kernel = 3}, basic{}, mbconv{.kernel = 3}));
}  // namespace

TEST_CASE("the body of a gated space keeps the order in which it is listed", "[gated]") {
  std::string order;
  hana::for_each(space::body_types, [&](auto part) {
    using type = typename decltype(part)::type;
    if constexpr (type::role == space_role::mixed)
      order += std::to_string(type::shape.blocks) + "x" + std::to_string(type::shape.out) + " ";
    else
      order += hana::at_c<0>(type::specs).text() + " ";
  });
  REQUIRE(order == "2x16 max_pool3 s1 3x24 conv1x1 s1 ");
}
