// A training that can go on after a kill: weights, statistics, momentum and the exact place in the data, as one safetensors file.
// Used by train/trainer.hpp. The file is replaced as a whole and carries a checksum; a reader believes nothing that it says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/file/safetensors.hpp>
#include <hasse/network/parameter_tensors.hpp>
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

inline constexpr std::size_t record_fields = 6;
}  // namespace detail

/// Brings a training's state to disk; whatever happens, `path` holds this state or the one before, whole.
template <class Scalar>
void save_checkpoint(const std::filesystem::path& path, const training_identity& whose, const training_position& at,
                     const parameters<Scalar>& weights, std::span<const descent_state<Scalar>> states,
                     std::span<const checkpoint_numbers> more = {}) {
  tensor_file file;
  for (const checkpoint_numbers& each : more)
    file.tensors.push_back(tensor_of<double>("more." + each.name, {static_cast<std::int64_t>(each.values.size())},
                                             std::span<const double>(each.values)));
  detail::append_tensors<Scalar>(file, "", weights.layout.trainable, weights.values);
  detail::append_tensors<Scalar>(file, "", weights.layout.statistics, weights.statistics);
  for (const descent_state<Scalar>& each : states)
    detail::append_tensors<Scalar>(file, each.name + '.', weights.layout.trainable, std::span<const Scalar>(each.values));
  const std::int64_t counts[] = {at.epoch, at.batch, at.correct};
  const double sums[] = {at.loss_sum, at.seconds};
  std::vector<double> curve;
  for (const epoch_record& each : at.curve)
    curve.insert(curve.end(), {static_cast<double>(each.epoch), each.loss, each.train_correct, each.validation_score,
                               each.learning_rate, each.seconds});
  file.tensors.push_back(tensor_of<std::int64_t>("position.counts", {3}, counts));
  file.tensors.push_back(tensor_of<double>("position.sums", {2}, sums));
  file.tensors.push_back(tensor_of<double>(
      "position.curve", {static_cast<std::int64_t>(at.curve.size()), static_cast<std::int64_t>(detail::record_fields)}, curve));
  file.metadata = {{"format", std::string(detail::checkpoint_format)},
                   {"architecture", whose.architecture},
                   {"configuration", std::string(hex64(whose.configuration).view())},
                   {"seed", std::to_string(whose.seed)},
                   {"backend", whose.backend}};
  file.metadata["checksum"] = hex64(detail::content_hash(file)).view();
  write_safetensors(path, file, detail::largest_checkpoint(weights, states, more));
}

/// Reads what `save_checkpoint` wrote, into parameters and states of the same layout. Refuses a file that is damaged, that is no
/// checkpoint, or that belongs to another architecture, configuration or seed; then nothing has been changed.
template <class Scalar>
training_position load_checkpoint(const std::filesystem::path& path, const training_identity& whose, parameters<Scalar>& weights,
                                  std::span<const descent_state<Scalar>> states, std::span<const checkpoint_numbers> more = {}) {
  const std::string where = path.string();
  const auto refuse = [&](const std::string& problem) { return file_error(where, problem, detail::checkpoint_remedy); };
  const tensor_file file = read_safetensors(path, detail::largest_checkpoint<Scalar>(weights, states, more));
  const auto said = [&](const char* key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (said("format") != detail::checkpoint_format) throw refuse("is not a checkpoint of a training");
  if (said("checksum") != hex64(detail::content_hash(file)).view()) throw refuse("is damaged (its checksum is wrong)");
  const auto belongs = [&](const char* key, const std::string& wanted) {
    if (said(key) != wanted)
      throw file_error(where,
                       "belongs to a training with " + std::string(key) + ' ' + detail::in_quotes(said(key)) + ", not " +
                           detail::in_quotes(wanted),
                       "give this run a folder of its own, or move the file away");
  };
  belongs("architecture", whose.architecture);
  belongs("configuration", std::string(hex64(whose.configuration).view()));
  belongs("seed", std::to_string(whose.seed));
  if (const auto [then, now] = detail::differing_parts(said("backend"), whose.backend); then != now)
    throw file_error(where,
                     "was begun with " + detail::in_quotes(then) + " and this is " + detail::in_quotes(now) +
                         ", which gives other bits",
                     "go on there, with the same number of threads and the same libraries, or delete the file and the training "
                     "starts again from its first epoch");

  std::int64_t counts[3];
  double sums[2];
  copy_tensor<std::int64_t>(file, "position.counts", {3}, counts, where);
  copy_tensor<double>(file, "position.sums", {2}, sums, where);
  const std::int64_t epochs = counts[0];
  const named_tensor* stored = file.find("position.curve");
  if (epochs < 0 || counts[1] < 0 || counts[2] < 0 || !stored ||
      stored->bytes.size() / sizeof(double) / detail::record_fields != static_cast<std::uint64_t>(epochs))
    throw refuse("counts " + std::to_string(epochs) + " epochs and does not hold as many records");
  std::vector<double> numbers(static_cast<std::size_t>(epochs) * detail::record_fields);
  copy_tensor<double>(file, "position.curve", {epochs, static_cast<std::int64_t>(detail::record_fields)}, numbers, where);
  training_position at{
      .epoch = epochs, .batch = counts[1], .loss_sum = sums[0], .correct = counts[2], .seconds = sums[1], .curve = {}};
  for (std::int64_t i = 0; i < epochs; ++i) {
    const double* field = numbers.data() + static_cast<std::size_t>(i) * detail::record_fields;
    at.curve.push_back({static_cast<int>(i + 1), field[1], field[2], field[3], field[4], field[5]});
  }

  parameters<Scalar> read(weights.layout);
  std::vector<aligned_vector<Scalar>> kept;
  detail::copy_tensors<Scalar>(file, "", read.layout.trainable, read.values, where);
  detail::copy_tensors<Scalar>(file, "", read.layout.statistics, read.statistics, where);
  for (const descent_state<Scalar>& each : states) {
    kept.emplace_back(each.values.size());
    detail::copy_tensors<Scalar>(file, each.name + '.', read.layout.trainable, std::span<Scalar>(kept.back()), where);
  }
  std::vector<std::vector<double>> numbers_read;
  for (const checkpoint_numbers& each : more) {
    numbers_read.emplace_back(each.values.size());
    copy_tensor<double>(file, "more." + each.name, {static_cast<std::int64_t>(each.values.size())}, numbers_read.back(), where);
  }
  for (std::size_t i = 0; i < more.size(); ++i) std::copy(numbers_read[i].begin(), numbers_read[i].end(), more[i].values.begin());
  std::copy(read.values.begin(), read.values.end(), weights.values.begin());
  std::copy(read.statistics.begin(), read.statistics.end(), weights.statistics.begin());
  for (std::size_t i = 0; i < states.size(); ++i) std::copy(kept[i].begin(), kept[i].end(), states[i].values.begin());
  return at;
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/train/checkpoint.inl>
#endif
