// An architecture: what was chosen, nothing of how it runs. A value of a few bytes with one text form, parsed and printed everywhere.
// Used by order, count, search (candidates), catalogue (layers), and every file and command line.
#pragma once

#include <string>
#include <string_view>

#include <hasse/core/error.hpp>
#include <hasse/core/fixed_string.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/space/parts.hpp>

namespace hasse {

namespace detail {
template <class Type>
concept IsSearchSpace = requires { Type::facts[0].width_count; Type::most_blocks; };
/// What takes the place of a type that is none.
template <class Space>
using checked_space = std::conditional_t<IsSearchSpace<Space>, Space, search_space_of<false>>;

template <class Given>
consteval bool check_is_search_space() {
  static_assert(IsSearchSpace<Given>, "hasse: an architecture is one of a search_space<...>, and something else was given (named in this message); a network of a gated_space is gated_choice<space, candidates...>");
  return true;
}
}  // namespace detail

/// A choice in `Space`: how many blocks each stage has, and the width option of every block, front to back.
/// Options beyond the last block are 0, so that equal choices are equal bytes. Structural: may be a template argument.
template <class Space>
  requires(detail::check_is_search_space<Space>())
struct architecture {
  std::array<std::uint8_t, static_cast<std::size_t>(detail::checked_space<Space>::stages)> depths{};
  std::array<std::uint8_t, static_cast<std::size_t>(detail::checked_space<Space>::most_blocks)> options{};

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

/// A part of an architecture on its way through the network. Where `reads` names a stage (from 0) a piece of the head reads what that
/// stage gives: alone, or joined to what the part before gives. Any other part reads what the part before gives.
struct part_step {
  part_id part = 0;
  int ends = -1;  ///< the stage whose last block this is
  int reads = -1;
  bool joins = false;
};

/// Calls `visit(part_step)` for every part in execution order.
template <class Space, class Visit>
constexpr void for_each_step(const architecture<Space>& choice, Visit visit) {
  for (int layer = 0; layer < detail::stem_layers<Space>; ++layer) visit(part_step{.part = layer});
  int before = 0;
  std::array<int, static_cast<std::size_t>(Space::stages)> last{};  // the width option that each stage ends with
  for_each_block(choice, [&](int stage, int position, int option) {
    const part_id part{detail::block_ids<Space>[position > 0][static_cast<std::size_t>(stage)][static_cast<std::size_t>(before)][static_cast<std::size_t>(option)]};
    visit(part_step{.part = part, .ends = position + 1 == choice.depths[static_cast<std::size_t>(stage)] ? stage : -1});
    before = last[static_cast<std::size_t>(stage)] = option;
  });
  for (std::size_t piece = 0; piece < detail::head_facts<Space>.size(); ++piece) {
    const detail::piece_facts& facts = detail::head_facts<Space>[piece];
    visit(part_step{.part = detail::head_ids<Space>[piece] + last[static_cast<std::size_t>(facts.stage)], .reads = facts.stage, .joins = facts.joins});
  }
}
/// Calls `visit(part_id)` for every part in execution order.
template <class Space, class Visit>
constexpr void for_each_part(const architecture<Space>& choice, Visit visit) {
  for_each_step(choice, [&](const part_step& step) { visit(step.part); });
}
/// Calls `append(part_id, from, second)` for every part in execution order: the network is their layers in a row. `from` is the value that
/// the part reads, `second` the one that it reads besides, or no_value; the answer is the value that it gives.
template <class Space, class Append>
constexpr void assemble(const architecture<Space>& choice, Append append) {
  value_id made = 0;
  std::array<value_id, static_cast<std::size_t>(Space::stages)> exits{};
  for_each_step(choice, [&](const part_step& step) {
    const value_id exit = step.reads < 0 ? no_value : exits[static_cast<std::size_t>(step.reads)];
    made = append(step.part, step.reads < 0 || step.joins ? made : exit, step.joins ? exit : no_value);
    if (step.ends >= 0) exits[static_cast<std::size_t>(step.ends)] = made;
  });
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

/// In a constant expression a throw ends the compilation, and its line is shown.
template <class Space>
constexpr void require_architecture(std::string_view text, const parsed_architecture<Space>& parsed) {
  using enum architecture_fault;
  if (parsed.fault == none) return;
  if (!std::is_constant_evaluated()) throw error(fault_sentence(text, parsed));
  // A literal, "[(32),(64)]"_arch, is a type: there the compiler also names the stage, the number and what to choose from.
  switch (parsed.fault) {
    case wrong_number_of_stages: throw "hasse: this text has not as many stages as its space; write one (width,...) for each stage<...>";
    case not_a_width: throw "hasse: a stage of this text has something that is not a width; write numbers out of its widths<...>";
    case width_not_in_list: throw "hasse: a width of this text is not one of its stage; choose from its widths<...>, which \"...\"_arch would name";
    case width_decreases: throw "hasse: a width of this text is less than the one before it; widths never decrease in a search_space";
    case depth_out_of_range: throw "hasse: a stage of this text has too few or too many blocks; write as many widths as its depth<...> allows";
    case total_depth_out_of_range: throw "hasse: this text has too few or too many blocks in all; total_depth<...> says how many there may be";
    default: throw "hasse: this text does not read as an architecture; write it like [(64,64),(128,256),(256)]";
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
template <fixed_string Text>
struct architecture_literal {
  static constexpr std::string_view text = Text.view();
};

inline namespace literals {
template <fixed_string Text>
constexpr architecture_literal<Text> operator""_arch() { return {}; }
}  // namespace literals

/// Where a literal is wrong, as types: its stage, counted from 1, and the number that does not fit.
template <int Stage>
struct of_stage {};
template <int Number>
struct given {};

namespace detail {
template <architecture_fault Fault, class Stage, class Given, class Widths, class Depth>
consteval bool check_architecture() {
  using enum architecture_fault;
  static_assert(Fault != not_in_brackets, "hasse: this literal does not read as an architecture; write the widths of each stage in brackets, like \"[(64,64),(128,256),(256)]\"_arch");
  static_assert(Fault != wrong_number_of_stages, "hasse: this literal has not as many stages as its space; write one (width,...) for each stage<...>");
  static_assert(Fault != not_a_width, "hasse: a stage of this literal has something that is not a width; write numbers out of the widths<...> of of_stage<...>, named in this message");
  static_assert(Fault != width_not_in_list, "hasse: a width of this literal is not one of its stage: given<...> in of_stage<...> is not in widths<...>, all named in this message; choose from these");
  static_assert(Fault != width_decreases, "hasse: a width of this literal is less than the one before it: given<...> in of_stage<...>, named in this message; widths never decrease in a search_space, so write them in increasing order");
  static_assert(Fault != depth_out_of_range, "hasse: a stage of this literal has too few or too many blocks: given<...> in of_stage<...> is not within depth<...>, all named in this message; write as many widths");
  static_assert(Fault != total_depth_out_of_range, "hasse: this literal has too few or too many blocks: all stages together have given<...>, named in this message, and total_depth<...> of the space says how many they may have");
  return true;
}

/// True, or a sentence.
template <class Space, fixed_string Text>
consteval bool check_literal() {
  if constexpr (!IsSearchSpace<Space>) {
    return check_is_search_space<Space>();
  } else if constexpr (!Refused<Space>) {
    constexpr parsed_architecture<Space> parsed = try_parse<Space>(Text.view());
    using stage = typename Space::template stage_type<std::min(parsed.stage, Space::stages - 1)>;
    return check_architecture<parsed.fault, of_stage<parsed.stage + 1>, given<parsed.number>, typename stage::widths, typename stage::depth>();
  }
  return true;
}
/// What a literal names; the smallest architecture where it was refused.
template <class Space, fixed_string Text>
inline constexpr auto literal_choice = [] {
  parsed_architecture<checked_space<Space>> parsed = try_parse<checked_space<Space>>(Text.view());
  if (parsed.fault == architecture_fault::none) return parsed.value;
  architecture<checked_space<Space>> smallest;
  for (std::size_t stage = 0; stage < smallest.depths.size(); ++stage)
    smallest.depths[stage] = static_cast<std::uint8_t>(checked_space<Space>::facts[stage].least_depth);
  return smallest;
}();
}  // namespace detail

/// The architecture of a literal; one that the space does not have is a sentence of the compiler.
template <class Space, fixed_string Text>
  requires(detail::check_literal<Space, Text>())
constexpr auto parse(architecture_literal<Text>) { return detail::literal_choice<Space, Text>; }

/// What an architecture costs: the sum over its parts. What the head reads of a stage before the last part is kept until all is done.
template <class Space>
constexpr cost cost_of(const architecture<Space>& choice) {
  cost total;
  for_each_step(choice, [&](const part_step& step) {
    total += part_costs<Space>[static_cast<std::size_t>(step.part)];
    if (step.ends >= 0 && detail::is_kept<Space>[static_cast<std::size_t>(step.ends)]) total.kept_elements += part_output_sizes<Space>[static_cast<std::size_t>(step.part)];
  });
  return total;
}

/// Multiply-accumulates for one image.
template <class Space>
constexpr std::int64_t macs(const architecture<Space>& choice) { return cost_of(choice).macs; }
template <class Space, fixed_string Text>
  requires(detail::check_literal<Space, Text>())
constexpr std::int64_t macs(architecture_literal<Text> literal) { return macs(parse<Space>(literal)); }

/// Trainable numbers: convolutions, linear layers, batch norm scale and shift.
template <class Space>
constexpr std::int64_t parameter_count(const architecture<Space>& choice) { return cost_of(choice).parameters(); }
template <class Space, fixed_string Text>
  requires(detail::check_literal<Space, Text>())
constexpr std::int64_t parameter_count(architecture_literal<Text> literal) { return parameter_count(parse<Space>(literal)); }

/// Most activation elements alive at once in inference of one image.
template <class Space>
constexpr std::int64_t peak_elements(const architecture<Space>& choice) { return cost_of(choice).peak_elements; }
template <class Space, fixed_string Text>
  requires(detail::check_literal<Space, Text>())
constexpr std::int64_t peak_elements(architecture_literal<Text> literal) { return peak_elements(parse<Space>(literal)); }

}  // namespace hasse
