// The bodies of train/checkpoint.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/file/safetensors.hpp>
#include <hasse/network/parameter_tensors.hpp>
#include <hasse/train/checkpoint.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::pair<std::string, std::string> differing_parts(const std::string& left, const std::string& right) {
  const auto items_of = [](const std::string& text) {
    std::vector<std::string> items;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(", ", at), text.size());
      items.push_back(text.substr(at, end - at)), at = end + 2;
    }
    return items;
  };
  std::vector<std::string> then = items_of(left), now = items_of(right);
  while (!then.empty() && !now.empty() && then.back() == now.back()) then.pop_back(), now.pop_back();
  const auto [from, to] = std::mismatch(then.begin(), then.end(), now.begin(), now.end());
  const auto joined = [](auto first, auto last) {
    std::string text;
    for (; first != last; ++first) text += (text.empty() ? "" : ", ") + *first;
    return text;
  };
  return {joined(from, then.end()), joined(to, now.end())};
}

inline constexpr std::size_t record_fields = 6;
}  // namespace detail

template <class Scalar>
void save_checkpoint(const std::filesystem::path& path, const training_identity& whose, const training_position& at,
                     const parameters<Scalar>& weights, std::span<const descent_state<Scalar>> states,
                     std::span<const checkpoint_numbers> more) {
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

template <class Scalar>
training_position load_checkpoint(const std::filesystem::path& path, const training_identity& whose, parameters<Scalar>& weights,
                                  std::span<const descent_state<Scalar>> states, std::span<const checkpoint_numbers> more) {
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

#if !HASSE_BODIES_INLINE
template void save_checkpoint<float>(const std::filesystem::path&, const training_identity&, const training_position&, const parameters<float>&,
                                     std::span<const descent_state<float>>, std::span<const checkpoint_numbers>);
template void save_checkpoint<double>(const std::filesystem::path&, const training_identity&, const training_position&, const parameters<double>&,
                                      std::span<const descent_state<double>>, std::span<const checkpoint_numbers>);
template training_position load_checkpoint<float>(const std::filesystem::path&, const training_identity&, parameters<float>&,
                                                  std::span<const descent_state<float>>, std::span<const checkpoint_numbers>);
template training_position load_checkpoint<double>(const std::filesystem::path&, const training_identity&, parameters<double>&,
                                                   std::span<const descent_state<double>>, std::span<const checkpoint_numbers>);
#endif

}  // namespace hasse
