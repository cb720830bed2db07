// space/order.hpp: the closed forms against the moves that define the orders.
#include <deque>
#include <map>
#include <set>

#include <hasse/space/order.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

static_assert(precedes<two_stages>("[(32),(64)]"_arch, "[(32,32),(64)]"_arch));
static_assert(precedes<two_stages>("[(32),(64)]"_arch, "[(64),(128)]"_arch));
static_assert(!precedes<two_stages>("[(64),(64)]"_arch, "[(32,64),(64)]"_arch), "an inserted block may not be narrower");
static_assert(precedes<two_stages, embedding_order>("[(64),(64)]"_arch, "[(32,64),(64)]"_arch));
static_assert(!precedes<two_stages>("[(32,32),(64)]"_arch, "[(64),(64)]"_arch), "wider does not make up for shallower");
static_assert(BoundsStages<strict_order> && BoundsStages<embedding_order> && BoundsStages<chosen_order>);
static_assert(OrderPolicy<strict_order, two_stages> && OrderPolicy<embedding_order, two_stages>);

namespace {
using code = std::vector<std::vector<int>>;  // widths per stage

template <class Space>
code widths_of(const architecture<Space>& choice) {
  code result(static_cast<std::size_t>(Space::stages));
  for_each_block(choice, [&](int stage, int, int option) {
    result[static_cast<std::size_t>(stage)].push_back(Space::facts[static_cast<std::size_t>(stage)].widths[static_cast<std::size_t>(option)]);
  });
  return result;
}

bool never_decreases(const code& widths) {
  int last = 0;
  for (const auto& stage : widths)
    for (const int width : stage) {
      if (width < last) return false;
      last = width;
    }
  return true;
}

/// Everything reachable from `from` by widening one block or duplicating one, straight from the definition.
template <class Space>
std::set<code> reachable(const code& from, bool insert_any) {
  std::set<code> seen{from};
  std::deque<code> queue{from};
  const auto visit = [&](const code& next) {
    if (never_decreases(next) && seen.insert(next).second) queue.push_back(next);
  };
  while (!queue.empty()) {
    const code here = queue.front();
    queue.pop_front();
    for (std::size_t stage = 0; stage < here.size(); ++stage) {
      const stage_facts& facts = Space::facts[stage];
      for (std::size_t block = 0; block < here[stage].size(); ++block)
        for (int option = 0; option < facts.width_count; ++option)
          if (facts.widths[static_cast<std::size_t>(option)] > here[stage][block]) {
            code next = here;
            next[stage][block] = facts.widths[static_cast<std::size_t>(option)];
            visit(next);
          }
      if (static_cast<int>(here[stage].size()) == facts.most_depth) continue;
      for (std::size_t block = 0; block <= here[stage].size(); ++block)
        for (int option = 0; option < facts.width_count; ++option) {
          const int width = facts.widths[static_cast<std::size_t>(option)];
          const bool duplicate = (block > 0 && here[stage][block - 1] == width) || (block < here[stage].size() && here[stage][block] == width);
          if (!insert_any && !duplicate) continue;
          code next = here;
          next[stage].insert(next[stage].begin() + static_cast<std::ptrdiff_t>(block), width);
          visit(next);
        }
    }
  }
  return seen;
}

template <class Space, class Order>
void compare_with_closure(bool insert_any, std::size_t step) {
  const auto all = all_architectures<Space>();
  std::size_t compared = 0;
  for (std::size_t at = 0; at < all.size(); at += step) {
    const auto above = reachable<Space>(widths_of(all[at]), insert_any);
    for (const auto& other : all) {
      const bool expected = above.contains(widths_of(other));
      if (precedes<Space, Order>(all[at], other) != expected)
        FAIL(Order::name << ": " << to_text(all[at]) << " and " << to_text(other) << " should be " << (expected ? "ordered" : "unordered"));
      ++compared;
    }
  }
  REQUIRE(compared == all.size() * ((all.size() + step - 1) / step));
}
}  // namespace

TEST_CASE("the strict order is the closure of widening and duplicating", "[order]") {
  REQUIRE(all_architectures<three_stages>().size() == 453);
  compare_with_closure<three_stages, strict_order>(false, 1);
  compare_with_closure<two_stages, strict_order>(false, 3);
}

TEST_CASE("the embedding order is the closure of widening and inserting", "[order]") {
  compare_with_closure<three_stages, embedding_order>(true, 1);
}

TEST_CASE("with a searched decoder the order is that of the backbones and that of the widths at once", "[order]") {
  const auto all = all_architectures<decoded>();
  using bare = search_space<decoded::input_type, decoded::stem_type, decoded::stage_type<0>, decoded::stage_type<1>, decoded::stage_type<2>, head<global_average_pool, linear<2>>>;
  const auto backbone = [](const architecture<decoded>& choice) { return architecture<bare>{choice.depths, choice.options, {}}; };
  const auto compare = [&]<class Order>(Order) {
    std::size_t ordered = 0;
    for (std::size_t at = 0; at < all.size(); at += 3)  // meets every decoder
      for (const auto& other : all) {
        bool widths = true;
        for (std::size_t which = 0; which < 3; ++which) widths = widths && all[at].head[which] <= other.head[which];
        const bool expected = widths && precedes<bare, Order>(backbone(all[at]), backbone(other));
        if (precedes<decoded, Order>(all[at], other) != expected) FAIL(Order::name << ": " << to_text(all[at]) << " and " << to_text(other));
        ordered += expected;
      }
    REQUIRE(ordered > all.size());
  };
  compare(strict_order{}), compare(embedding_order{});
}

TEST_CASE("a signature is a comparison byte by byte", "[order]") {
  const auto low = strict_order::signature(parse<two_stages>("[(32),(64)]"));
  const auto high = strict_order::signature(parse<two_stages>("[(32,64),(64,256)]"));
  REQUIRE(low.below(high));
  REQUIRE_FALSE(high.below(low));
  REQUIRE(low.below(low));
}

TEST_CASE("an order that is chosen by name is one of the two, or refused", "[order]") {
  const auto x = parse<two_stages>("[(64),(64)]"), y = parse<two_stages>("[(32,64),(64)]");
  const auto compares = [&](const chosen_order& order) { return order.signature(x).below(order.signature(y)); };
  REQUIRE_FALSE(compares(chosen_order()));
  REQUIRE_FALSE(compares(chosen_order("strict")));
  REQUIRE(compares(chosen_order("embedding")));
  REQUIRE_THROWS_WITH(chosen_order("mine"), ContainsSubstring("there is no order 'mine'; choose strict or embedding"));
}
