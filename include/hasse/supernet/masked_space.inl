// The bodies of supernet/masked_space.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/supernet/masked_space.hpp>

namespace hasse {

HASSE_BODY masked_space::masked_space(masked_design design) : design_(std::move(design)) {
  check();
  for (int block = 0; block < blocks(); ++block) {
    const masked_block& own = design_.blocks[static_cast<std::size_t>(block)];
    places_.push_back({decide(own.name + " filters", own.filters.size(), decision_kind::filters, -1, 0), {}});
    for (std::size_t at = 0; at < own.layers.size(); ++at) {
      const masked_layer& layer = own.layers[at];
      const std::string name = own.name + " layer " + std::to_string(at + 1);
      layer_place place{decide(name, layer.options.size(), decision_kind::operation, -1, 0), {}};
      for (std::size_t i = 0; i < layer.options.size(); ++i) {
        const masked_option& option = layer.options[i];
        const auto inside = [&](const char* what, std::size_t count) {
          return decide(name + ' ' + what + " of " + name_of(option.operation), count, decision_kind::operation, place.option,
                        static_cast<int>(i));
        };
        option_place made;
        if (option.operation != masked_operation::skip) made.kernel = inside("kernel", option.kernels.size());
        if (has_widths(option.operation)) made.width = inside("width", option.widths.size());
        if (option.operation == masked_operation::tucker) made.rank = inside("rank", option.ranks.size());
        if (searches_squeeze(layer, option)) made.squeeze = inside("squeeze-excite", 2);
        place.inside.push_back(made);
      }
      places_.back().layers.push_back(std::move(place));
    }
  }
  if (decisions_.empty()) throw error("nothing is to be decided in this space; give a layer two options or a block two widths");
}

HASSE_BODY int masked_space::filters_of(std::span<const int> code, int index) const {
  const int taken = taken_in(code, places_[static_cast<std::size_t>(index)].filters);
  return block(index).filters[static_cast<std::size_t>(taken)];
}

HASSE_BODY layer_choice masked_space::choice_of(std::span<const int> code, int block_index, int index) const {
  const layer_place& place = place_of(block_index, index);
  layer_choice made{.option = taken_in(code, place.option)};
  if (made.option == all_options) return {all_options, all_options, all_options, all_options, all_options};
  const option_place& inside = place.inside[static_cast<std::size_t>(made.option)];
  made.kernel = taken_in(code, inside.kernel), made.width = taken_in(code, inside.width), made.rank = taken_in(code, inside.rank);
  if (inside.squeeze >= 0) made.squeeze = taken_in(code, inside.squeeze);
  return made;
}

HASSE_BODY void masked_space::set(std::vector<int>& code, int block_index, int index, const layer_choice& choice) const {
  const layer_place& place = place_of(block_index, index);
  const auto put = [&](int at, int option) {
    if (at >= 0) code[static_cast<std::size_t>(at)] = option;
  };
  for (const option_place& each : place.inside)
    for (const int at : {each.kernel, each.width, each.rank, each.squeeze}) put(at, 0);
  put(place.option, choice.option);
  const option_place& inside = place.inside[static_cast<std::size_t>(choice.option)];
  put(inside.kernel, choice.kernel), put(inside.width, choice.width), put(inside.rank, choice.rank), put(inside.squeeze, choice.squeeze);
}

HASSE_BODY void masked_space::set_filters(std::vector<int>& code, int index, int taken) const {
  if (const int at = places_[static_cast<std::size_t>(index)].filters; at >= 0) code[static_cast<std::size_t>(at)] = taken;
}

HASSE_BODY std::vector<layer_choice> masked_space::choices_of(int block_index, int index) const {
  const masked_layer& layer = layer_at(block_index, index);
  std::vector<layer_choice> all;
  for (int option = 0; option < static_cast<int>(layer.options.size()); ++option) {
    const masked_option& own = layer.options[static_cast<std::size_t>(option)];
    const auto count = [](bool counts, const std::vector<int>& of) { return counts ? static_cast<int>(of.size()) : 1; };
    const bool tucked = own.operation == masked_operation::tucker;
    for (int kernel = 0; kernel < count(own.operation != masked_operation::skip, own.kernels); ++kernel)
      for (int width = 0; width < count(has_widths(own.operation), own.widths); ++width)
        for (int rank = 0; rank < count(tucked, own.ranks); ++rank)
          for (int squeeze = searches_squeeze(layer, own) ? 0 : 1; squeeze < 2; ++squeeze) all.push_back({option, kernel, width, rank, squeeze});
  }
  return all;
}

HASSE_BODY std::vector<int> masked_space::any_code(random_source& random) const {
  std::vector<int> code(decisions_.size(), 0);
  for (int at = 0; at < blocks(); ++at) {
    set_filters(code, at, static_cast<int>(random.below(block(at).filters.size())));
    for (int layer = 0; layer < static_cast<int>(block(at).layers.size()); ++layer) {
      const std::vector<layer_choice> all = choices_of(at, layer);
      set(code, at, layer, all[random.below(all.size())]);
    }
  }
  return code;
}

HASSE_BODY std::vector<int> masked_space::everything() const {
  std::vector<int> code;
  for (const decision& each : decisions_) code.push_back(each.kind == decision_kind::operation ? all_options : each.options - 1);
  return code;
}

HASSE_BODY double masked_space::log10_networks() const {
  double sum = 0;
  for (int at = 0; at < blocks(); ++at) {
    sum += std::log10(static_cast<double>(block(at).filters.size()));
    for (int layer = 0; layer < static_cast<int>(block(at).layers.size()); ++layer)
      sum += std::log10(static_cast<double>(choices_of(at, layer).size()));
  }
  return sum;
}

HASSE_BODY double masked_space::log10_codes() const {
  double sum = 0;
  for (const decision& each : decisions_) sum += std::log10(static_cast<double>(each.options));
  return sum;
}

HASSE_BODY std::string masked_space::size_text() const {
  char text[120];
  std::snprintf(text, sizeof text, "10^%.1f networks in %zu decisions, written in 10^%.1f ways", log10_networks(), decisions_.size(), log10_codes());
  return text;
}

HASSE_BODY std::string masked_space::text(std::span<const int> code) const {
  check(code);
  std::string all;
  for (int at = 0; at < blocks(); ++at) {
    all += (at > 0 ? " | " : "") + std::to_string(filters_of(code, at)) + ':';
    for (int layer = 0; layer < static_cast<int>(block(at).layers.size()); ++layer) all += ' ' + word_of(at, layer, choice_of(code, at, layer));
  }
  return all;
}

HASSE_BODY void masked_space::check(std::span<const int> code) const {
  if (code.size() != decisions_.size())
    throw error("a code with " + std::to_string(code.size()) + " options was given to a space of " + std::to_string(decisions_.size()) +
                " decisions; give one option for each");
  for (std::size_t at = 0; at < code.size(); ++at) {
    const decision& own = decisions_[at];
    const bool averages = code[at] == all_options && own.kind == decision_kind::operation;
    if (!averages && (code[at] < 0 || code[at] >= own.options))
      throw error("option " + std::to_string(code[at]) + " was given for " + own.name + ", which has " + std::to_string(own.options) +
                  "; count them from 0");
    if (code[at] != 0 && !counts_in(decisions_, code, static_cast<int>(at)))
      throw error("option " + std::to_string(code[at]) + " was given for " + own.name +
                  ", which does not count beside what its layer took; give 0 there");
  }
}

HASSE_BODY std::string masked_space::word_of(int block_index, int index, const layer_choice& choice) const {
  if (choice.option == all_options) return "*";
  const masked_layer& layer = layer_at(block_index, index);
  const masked_option& own = layer.options[static_cast<std::size_t>(choice.option)];
  const auto number = [](const std::vector<int>& of, int taken) {
    return taken == all_options ? std::string("*") : std::to_string(of[static_cast<std::size_t>(taken)]);
  };
  if (own.operation == masked_operation::skip) return "zero";
  std::string word = own.operation == masked_operation::inverted ? "k" : name_of(own.operation) + "-k";
  word += number(own.kernels, choice.kernel);
  if (own.operation == masked_operation::tucker)
    word += "i" + number(own.widths, choice.width) + "o" + number(own.ranks, choice.rank);
  else if (has_widths(own.operation))
    word += "e" + number(own.widths, choice.width);
  if (searches_squeeze(layer, own)) word += choice.squeeze == all_options ? "*se" : choice.squeeze == 1 ? "+se" : "-se";
  return word;
}

HASSE_BODY std::string masked_space::name_of(masked_operation operation) {
  constexpr const char* names[] = {"inverted", "fused", "tucker", "dense", "zero"};
  return names[static_cast<int>(operation)];
}

HASSE_BODY bool masked_space::has_widths(masked_operation operation) {
  return operation == masked_operation::inverted || operation == masked_operation::fused || operation == masked_operation::tucker;
}

HASSE_BODY bool masked_space::has_squeeze(const masked_layer& layer, const masked_option& option) {
  return layer.se.percent > 0 && (option.operation == masked_operation::inverted || option.operation == masked_operation::fused);
}

HASSE_BODY bool masked_space::searches_squeeze(const masked_layer& layer, const masked_option& option) {
  return layer.squeeze == squeeze_choice::searched && has_squeeze(layer, option);
}

HASSE_BODY const masked_space::layer_place& masked_space::place_of(int block_index, int index) const {
  return places_[static_cast<std::size_t>(block_index)].layers[static_cast<std::size_t>(index)];
}

HASSE_BODY int masked_space::taken_in(std::span<const int> code, int decision_index) {
  return decision_index < 0 ? 0 : code[static_cast<std::size_t>(decision_index)];
}

HASSE_BODY int masked_space::decide(std::string name, std::size_t options, decision_kind kind, int parent, int when) {
  if (options < 2) return -1;
  decisions_.push_back({std::move(name), static_cast<int>(options), kind, parent, when});
  return static_cast<int>(decisions_.size()) - 1;
}

HASSE_BODY void masked_space::check() const {
  const auto ascends = [](const std::vector<int>& of) {
    return !of.empty() && of.front() > 0 && std::adjacent_find(of.begin(), of.end(), std::greater_equal<>()) == of.end();
  };
  if (design_.input.h < 1 || design_.input.w < 1 || design_.input.c < 1)
    throw error("a space was given images of " + detail::gated_shape_text(design_.input) + "; every size must be at least 1");
  if (design_.blocks.empty()) throw error("a space without blocks was given; give it at least one");
  if (!design_.head) throw error("a space without a head was given; give a function that adds what stands behind the last block");
  for (const masked_block& own : design_.blocks) {
    if (!ascends(own.filters)) throw error("block \"" + own.name + "\" needs widths above 0 that ascend; list each once, the narrowest first");
    if (own.layers.empty()) throw error("block \"" + own.name + "\" has no layer; give it one, or leave it out");
    for (std::size_t at = 0; at < own.layers.size(); ++at) {
      const masked_layer& layer = own.layers[at];
      const std::string name = "layer " + std::to_string(at + 1) + " of block \"" + own.name + "\" ";
      if (layer.options.empty()) throw error(name + "has no option; give it one, or several to choose from");
      if (layer.stride < 1) throw error(name + "has stride " + std::to_string(layer.stride) + "; it must be at least 1");
      if (layer.residual && (at == 0 || layer.stride != 1))
        throw error(name + "adds its input, which has another shape; only a layer of stride 1 behind the first one can be residual");
      bool works = false;
      for (std::size_t i = 0; i < layer.options.size(); ++i) {
        const masked_option& option = layer.options[i];
        if (option.operation == masked_operation::skip) {
          if (!layer.residual) throw error(name + "cannot be left out; offer `skip` to residual layers alone");
        } else {
          works = true;
          if (std::any_of(option.kernels.begin(), option.kernels.end(), [](int kernel) { return kernel % 2 == 0; }))
            throw error(name + "offers " + name_of(option.operation) + " with an even window; windows have a pixel in their middle: 1, 3, 5, 7");
          if (!ascends(option.kernels) || (has_widths(option.operation) && !ascends(option.widths)) ||
              (option.operation == masked_operation::tucker && !ascends(option.ranks)))
            throw error(name + "offers " + name_of(option.operation) + " with choices that do not ascend from above 0; list each once, the smallest first");
        }
        for (std::size_t other = 0; other < i; ++other)
          if (layer.options[other].operation == option.operation)
            throw error(name + "offers " + name_of(option.operation) + " twice; put all kernels and widths into one option");
      }
      if (!works) throw error(name + "can only be left out; offer an operation beside `skip`, or leave it out yourself");
    }
  }
}

HASSE_BODY std::vector<int> masked_space::parse(std::string_view text) const {
  const std::string given = "code " + detail::in_quotes(text) + ": ";
  const std::vector<std::string_view> words = detail::gated_words(text);
  std::vector<int> code(decisions_.size(), 0);
  std::size_t next = 0;
  const auto take = [&](const std::string& what) {
    if (next == words.size()) throw error(given + "it ends before " + what + "; write the width and every layer of each block");
    return words[next++];
  };
  // Finds the word among those that are possible.
  const auto find = [&](std::string_view word, const std::string& what, std::size_t count, auto&& word_at) {
    std::string known;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string possible = word_at(i);
      if (possible == word) return i;
      known += (i > 0 ? ", " : "") + possible;
    }
    throw error(given + detail::in_quotes(word, 60) + " cannot be " + what + "; choose from " + known);
  };
  for (int at = 0; at < blocks(); ++at) {
    const masked_block& own = block(at);
    if (at > 0 && take("the bar in front of block " + own.name) != "|")
      throw error(given + "a bar is missing before block " + own.name + "; write blocks with | between, each with its width and " +
                  std::to_string(block(at - 1).layers.size()) + " layers before it");
    const std::string width = "the width of block " + own.name;
    const std::size_t taken = find(take(width), width, own.filters.size(), [&](std::size_t i) { return std::to_string(own.filters[i]) + ':'; });
    set_filters(code, at, static_cast<int>(taken));
    for (int layer = 0; layer < static_cast<int>(own.layers.size()); ++layer) {
      const std::string what = "layer " + std::to_string(layer + 1) + " of block " + own.name;
      const std::vector<layer_choice> all = choices_of(at, layer);
      set(code, at, layer, all[find(take(what), what, all.size(), [&](std::size_t i) { return word_of(at, layer, all[i]); })]);
    }
  }
  if (next < words.size())
    throw error(given + detail::in_quotes(words[next], 60) + " stands behind the last layer; this space has " + std::to_string(blocks()) + " blocks");
  return code;
}

}  // namespace hasse
