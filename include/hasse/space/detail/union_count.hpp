// How many architectures precede at least one of several: dynamic programming over blocks, front to back.
// Used by count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/units.hpp>
#include <hasse/space/order.hpp>

namespace hasse::detail {

/// Whether the bound on all stages together can be felt: where the stages' own depths imply it, blocks need not be counted.
template <class Space>
inline constexpr bool total_matters = [] {
  int least = 0, most = 0;
  for (const stage_facts& stage : Space::facts) least += stage.least_depth, most += stage.most_depth;
  return least < Space::least_blocks || most > Space::most_blocks;
}();

/// What counting must know of a space, and of its parts' costs.
class union_space {
 public:
  std::span<const stage_facts> stages;
  int least_blocks = 0, most_blocks = 0;
  bool total_matters = false;
  std::int64_t stem = 0;  ///< what every architecture costs

  /// The searched width of the head that depends on a stage; -1: none.
  virtual int width_at(int stage) const = 0;
  /// What may be chosen of that behind `shallower`; that alone, where there is none.
  virtual std::vector<int> exits(int stage, int shallower) const = 0;
  virtual std::int64_t block_cost(bool later, int stage, int before, int own) const = 0;
  /// Of what is settled of the head when a stage is left.
  virtual std::int64_t exit_cost(int stage, int option, int shallower, int own) const = 0;

 protected:
  ~union_space() = default;
};

/// Counts unions of the sets below tops in an order that bounds stages. Compiled once for all spaces.
class union_count {
 public:
  explicit union_count(const union_space& space);
  ~union_count();

  /// One top more: what it has chosen of the head; then, stage by stage, of each depth from 0 on, the bound of what precedes it (null: nothing does).
  void add_top(std::span<const std::uint8_t> head);
  void add_bound(int stage, const std::vector<std::uint8_t>* bound);

  /// How many architectures of the union cost what a window admits, when each top counts within its own: from `first` to before `end`.
  /// Nothing when that takes too much work or memory.
  struct window {
    std::int64_t first = 0, end = 0;
  };
  std::optional<count_type> within(std::span<const window> of_tops);

 private:
  struct work;
  std::unique_ptr<work> work_;
};

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/space/detail/union_count.inl>
#endif
