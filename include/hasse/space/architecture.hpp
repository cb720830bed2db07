// An architecture: what was chosen, nothing of how it runs. A value of a few bytes with one text form, parsed and printed everywhere.
// Used by order, count, search (candidates), catalogue (layers), and every file and command line.
#pragma once

#include <string>
#include <string_view>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/space/parts.hpp>

namespace hasse {

/// A choice in `Space`: how many blocks each stage has, and the width option of every block, front to back.
/// Options beyond the last block are 0, so that equal choices are equal bytes. Structural: may be a template argument.
template <class Space>
struct architecture {
  std::array<std::uint8_t, static_cast<std::size_t>(Space::stages)> depths{};
  std::array<std::uint8_t, static_cast<std::size_t>(Space::most_blocks)> options{};

  constexpr int blocks() const {
    int sum = 0;
    for (const std::uint8_t depth : depths) sum += depth;
    return sum;
  }
  friend constexpr bool operator==(const architecture&, const architecture&) = default;
  friend constexpr auto operator<=>(const architecture&, const architecture&) = default;
};

/// Calls `visit(stage, position in the stage, width option)` for every block.
template <class Space, class Visit>
constexpr void for_each_block(const architecture<Space>& choice, Visit visit) {
  std::size_t at = 0;
  for (int stage = 0; stage < Space::stages; ++stage)
    for (int position = 0; position < choice.depths[static_cast<std::size_t>(stage)]; ++position) visit(stage, position, int{choice.options[at++]});
}

/// Calls `visit(part_id)` for every part in execution order: the network is their layers in a row.
template <class Space, class Visit>
constexpr void for_each_part(const architecture<Space>& choice, Visit visit) {
  for (int layer = 0; layer < detail::stem_layers<Space>; ++layer) visit(part_id{layer});
  int before = 0;
  for_each_block(choice, [&](int stage, int position, int option) {
    visit(part_id{detail::block_ids<Space>[position > 0][static_cast<std::size_t>(stage)][static_cast<std::size_t>(before)][static_cast<std::size_t>(option)]});
    before = option;
  });
  visit(part_id{part_count<Space> - Space::facts[Space::stages - 1].width_count + before});
}

/// Why a text is no architecture of a space.
enum class architecture_fault : std::uint8_t {
  none, not_in_brackets, wrong_number_of_stages, not_a_width, width_not_in_list, width_decreases, depth_out_of_range, total_depth_out_of_range
};

template <class Space>
struct parsed_architecture {
  architecture<Space> value{};
  architecture_fault fault = architecture_fault::none;
  int stage = 0, number = 0;  ///< where, and the number that does not fit
};

namespace detail {
constexpr bool is_space(char letter) { return letter == ' ' || letter == '\t'; }

}  // namespace detail

/// Reads "[(64,64),(128,256),(256)]"; blanks are allowed between the marks. The answer carries the fault, if any.
template <class Space>
constexpr parsed_architecture<Space> try_parse(std::string_view text) {
  parsed_architecture<Space> result;
  std::size_t at = 0;
  const auto fail = [&](architecture_fault fault, int stage, int number) {
    result.fault = fault, result.stage = stage, result.number = number;
    return result;
  };
  const auto take = [&](char letter) {
    while (at < text.size() && detail::is_space(text[at])) ++at;
    return at < text.size() && text[at] == letter ? (++at, true) : false;
  };
  if (!take('[')) return fail(architecture_fault::not_in_brackets, 0, 0);
  int blocks = 0, last_width = 0;
  for (int stage = 0; stage < Space::stages; ++stage) {
    if (stage > 0 && !take(',')) return fail(architecture_fault::wrong_number_of_stages, stage, stage);
    if (!take('(')) return fail(architecture_fault::not_in_brackets, stage, 0);
    const stage_facts& facts = Space::facts[static_cast<std::size_t>(stage)];
    int depth = 0;
    do {
      while (at < text.size() && detail::is_space(text[at])) ++at;
      int width = 0, digits = 0;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 7; ++at, ++digits) width = width * 10 + (text[at] - '0');
      if (digits == 0 || digits == 7) return fail(architecture_fault::not_a_width, stage, 0);
      const int option = facts.option_of(width);
      if (option < 0) return fail(architecture_fault::width_not_in_list, stage, width);
      if (width < last_width) return fail(architecture_fault::width_decreases, stage, width);
      last_width = width;
      if (++depth > facts.most_depth) return fail(architecture_fault::depth_out_of_range, stage, depth);
      if (blocks == Space::most_blocks) return fail(architecture_fault::total_depth_out_of_range, stage, blocks + 1);
      result.value.options[static_cast<std::size_t>(blocks++)] = static_cast<std::uint8_t>(option);
    } while (take(','));
    if (!take(')')) return fail(architecture_fault::not_in_brackets, stage, 0);
    if (depth < facts.least_depth) return fail(architecture_fault::depth_out_of_range, stage, depth);
    result.value.depths[static_cast<std::size_t>(stage)] = static_cast<std::uint8_t>(depth);
  }
  if (take(',')) return fail(architecture_fault::wrong_number_of_stages, Space::stages, Space::stages + 1);
  if (!take(']')) return fail(architecture_fault::not_in_brackets, Space::stages - 1, 0);
  take(' ');
  if (at != text.size()) return fail(architecture_fault::not_in_brackets, Space::stages - 1, 0);
  if (blocks < Space::least_blocks) return fail(architecture_fault::total_depth_out_of_range, Space::stages - 1, blocks);
  return result;
}

namespace detail {
template <class Space>
std::string fault_sentence(std::string_view text, const parsed_architecture<Space>& parsed) {
  const stage_facts& facts = Space::facts[static_cast<std::size_t>(std::min(parsed.stage, Space::stages - 1))];
  std::string list;
  for (int option = 0; option < facts.width_count; ++option)
    list += (option > 0 ? ", " : "") + std::to_string(facts.widths[static_cast<std::size_t>(option)]);
  const std::string stage = "stage " + std::to_string(parsed.stage + 1), number = std::to_string(parsed.number);
  const std::string given = "architecture " + detail::in_quotes(text) + ": ";
  switch (parsed.fault) {
    case architecture_fault::wrong_number_of_stages:
      return given + "it has not the " + std::to_string(Space::stages) + " stages of this space; write one (width,...) for each";
    case architecture_fault::not_a_width:
      return given + stage + " has something that is not a width; write numbers out of " + list;
    case architecture_fault::width_not_in_list:
      return given + "width " + number + " is not one of " + stage + "; choose from " + list;
    case architecture_fault::width_decreases:
      return given + "width " + number + " in " + stage + " is less than the width before it; widths never decrease in this space";
    case architecture_fault::depth_out_of_range:
      return given + stage + " has " + number + (parsed.number > facts.most_depth ? " blocks or more; give it " : " blocks; give it ") + std::to_string(facts.least_depth) + " to " + std::to_string(facts.most_depth);
    case architecture_fault::total_depth_out_of_range:
      return given + number + " blocks are out of range; all stages together have " + std::to_string(Space::least_blocks) + " to " + std::to_string(Space::most_blocks);
    default:
      return given + "it does not read as an architecture; write it like [(64,64),(128,256),(256)]";
  }
}

/// Not constexpr on purpose: reached in a constant expression, it ends the compilation, and its name and `Fault` are the reason.
template <architecture_fault Fault, class Space>
[[noreturn]] void this_text_is_no_architecture_of_this_space(std::string_view text, const parsed_architecture<Space>& parsed) {
  throw error(fault_sentence(text, parsed));
}

template <class Space>
constexpr void require_architecture(std::string_view text, const parsed_architecture<Space>& parsed) {
  using enum architecture_fault;
  switch (parsed.fault) {
    case none: return;
    case not_in_brackets: this_text_is_no_architecture_of_this_space<not_in_brackets>(text, parsed);
    case wrong_number_of_stages: this_text_is_no_architecture_of_this_space<wrong_number_of_stages>(text, parsed);
    case not_a_width: this_text_is_no_architecture_of_this_space<not_a_width>(text, parsed);
    case width_not_in_list: this_text_is_no_architecture_of_this_space<width_not_in_list>(text, parsed);
    case width_decreases: this_text_is_no_architecture_of_this_space<width_decreases>(text, parsed);
    case depth_out_of_range: this_text_is_no_architecture_of_this_space<depth_out_of_range>(text, parsed);
    case total_depth_out_of_range: this_text_is_no_architecture_of_this_space<total_depth_out_of_range>(text, parsed);
  }
}
}  // namespace detail

/// The architecture that a text names. Throws `error` with a sentence; in a constant expression it does not compile.
template <class Space>
constexpr architecture<Space> parse(std::string_view text) {
  const parsed_architecture<Space> parsed = try_parse<Space>(text);
  detail::require_architecture(text, parsed);
  return parsed.value;
}

/// The one text form: "[(64,64),(128,256),(256)]".
template <class Space>
std::string to_text(const architecture<Space>& choice) {
  std::string text = "[";
  for_each_block(choice, [&](int stage, int position, int option) {
    text += position > 0 ? "," : stage > 0 ? "),(" : "(";
    text += std::to_string(Space::facts[static_cast<std::size_t>(stage)].widths[static_cast<std::size_t>(option)]);
  });
  return text + ")]";
}

/// A literal that a space reads later: "[(32),(64)]"_arch.
struct architecture_literal {
  std::string_view text;
};

inline namespace literals {
constexpr architecture_literal operator""_arch(const char* text, std::size_t size) { return {{text, size}}; }
}  // namespace literals

/// What an architecture costs: the sum over its parts.
template <class Space>
constexpr cost cost_of(const architecture<Space>& choice) {
  cost total;
  for_each_part(choice, [&](part_id part) { total += part_costs<Space>[static_cast<std::size_t>(part)]; });
  return total;
}

/// Multiply-accumulates for one image.
template <class Space>
constexpr std::int64_t macs(const architecture<Space>& choice) { return cost_of(choice).macs; }
template <class Space>
constexpr std::int64_t macs(architecture_literal literal) { return macs(parse<Space>(literal.text)); }

/// Trainable numbers: convolutions, linear layers, batch norm scale and shift.
template <class Space>
constexpr std::int64_t parameter_count(const architecture<Space>& choice) { return cost_of(choice).parameters(); }
template <class Space>
constexpr std::int64_t parameter_count(architecture_literal literal) { return parameter_count(parse<Space>(literal.text)); }

/// Most activation elements alive at once in inference of one image.
template <class Space>
constexpr std::int64_t peak_elements(const architecture<Space>& choice) { return cost_of(choice).peak_elements; }
template <class Space>
constexpr std::int64_t peak_elements(architecture_literal literal) { return peak_elements(parse<Space>(literal.text)); }

}  // namespace hasse
