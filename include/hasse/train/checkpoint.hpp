// A training that can go on after a kill: weights, statistics, momentum and the exact place in the data, as one safetensors file.
// Used by train/trainer.hpp. The file is replaced as a whole and carries a checksum; a reader believes nothing that it says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/task/record.hpp>

namespace hasse {

/// Whose checkpoint it is: the architecture's text, one number for everything else that was asked for and decides the weights, and
/// what trains.
struct training_identity {
  std::string architecture;
  std::uint64_t configuration = 0, seed = 0;
  std::string backend{};  ///< its identity()
};

/// Where a training stands: `batch` batches of epoch `epoch` (both from 0) are done; the sums run over them.
struct training_position {
  std::int64_t epoch = 0, batch = 0;
  double loss_sum = 0;
  std::int64_t correct = 0;
  double seconds = 0;  ///< of this epoch so far
  std::vector<epoch_record> curve;
};

/// What an optimiser keeps of each parameter, under a name: "momentum". As long as the parameters.
template <class Scalar>
struct descent_state {
  std::string name;
  std::span<Scalar> values;
};

/// More numbers that a training keeps with its state, under a name of their own; how many there are does not change.
struct checkpoint_numbers {
  std::string name;
  std::span<double> values;
};

namespace detail {
inline constexpr const char* checkpoint_remedy = "move it away and the training starts again from its first epoch";

/// Of two lists such as "cpu, 1 thread, ...", the items between those that they begin and end with alike.
HASSE_BODY std::pair<std::string, std::string> differing_parts(const std::string& left, const std::string& right);

/// Of a checkpoint of so many parameters and other numbers: all that one may have, written and read. The rest are names, places and at
/// most 100,000 epochs.
constexpr std::uintmax_t largest_checkpoint(std::uintmax_t parameters, std::size_t bytes_of_each) {
  return parameters * bytes_of_each + (std::uintmax_t{256} << 20);
}
template <class Scalar>
std::uintmax_t largest_checkpoint(const parameters<Scalar>& weights, std::span<const descent_state<Scalar>> states, std::span<const checkpoint_numbers> more = {}) {
  std::uintmax_t largest = largest_checkpoint(weights.values.size() * (1 + states.size()) + weights.statistics.size(), sizeof(Scalar));
  for (const checkpoint_numbers& each : more) largest += each.values.size() * sizeof(double);
  return largest;
}
}  // namespace detail

/// Brings a training's state to disk; whatever happens, `path` holds this state or the one before, whole.
template <class Scalar>
void save_checkpoint(const std::filesystem::path& path, const training_identity& whose, const training_position& at,
                     const parameters<Scalar>& weights, std::span<const descent_state<Scalar>> states,
                     std::span<const checkpoint_numbers> more = {});

/// Reads what `save_checkpoint` wrote, into parameters and states of the same layout. Refuses a file that is damaged, that is no
/// checkpoint, or that belongs to another architecture, configuration or seed; then nothing has been changed.
template <class Scalar>
training_position load_checkpoint(const std::filesystem::path& path, const training_identity& whose, parameters<Scalar>& weights,
                                  std::span<const descent_state<Scalar>> states, std::span<const checkpoint_numbers> more = {});

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/train/checkpoint.inl>
#endif
