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

/// A choice in `Space`: how many blocks each stage has, the width option of every block, front to back, and that of every width that the head
/// searches. Options beyond the last block are 0, so that equal choices are equal bytes. Structural: may be a template argument.
template <class Space>
  requires(detail::check_is_search_space<Space>())
struct architecture {
  std::array<std::uint8_t, static_cast<std::size_t>(detail::checked_space<Space>::stages)> depths{};
  std::array<std::uint8_t, static_cast<std::size_t>(detail::checked_space<Space>::most_blocks)> options{};
  std::array<std::uint8_t, detail::checked_space<Space>::head_widths.size()> head{};  ///< as Space::head_widths, from the shallowest stage

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
  bool joins = false;   ///< without a stage: what the part before gives beside
  bool beside = false;  ///< it stands beside what was made before it, which the next part joins it to
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
  const auto searched = [&](int width) { return width < 0 ? 0 : int{choice.head[static_cast<std::size_t>(width)]}; };
  for (std::size_t piece = 0; piece < detail::head_facts<Space>.size(); ++piece) {
    const detail::piece_facts& facts = detail::head_facts<Space>[piece];
    const int option = facts.exit >= 0 ? last[static_cast<std::size_t>(facts.exit)] : searched(facts.deep);
    visit(part_step{.part = detail::head_part<Space>(piece, option, searched(facts.width)), .reads = facts.stage, .joins = facts.joins(), .beside = facts.kind == detail::piece_kind::controls});
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
  value_id made = 0, beside = no_value;
  std::array<value_id, static_cast<std::size_t>(Space::stages)> exits{};
  for_each_step(choice, [&](const part_step& step) {
    const value_id other = step.reads < 0 ? beside : exits[static_cast<std::size_t>(step.reads)];
    const value_id given = append(step.part, step.reads < 0 || step.joins ? made : other, step.joins ? other : no_value);
    (step.beside ? beside : made) = given;
    if (step.ends >= 0) exits[static_cast<std::size_t>(step.ends)] = made;
  });
}

/// Why a text is no architecture of a space.
enum class architecture_fault : std::uint8_t {
  none, not_in_brackets, wrong_number_of_stages, not_a_width, width_not_in_list, width_decreases, depth_out_of_range, total_depth_out_of_range,
  no_head, not_a_head_width, head_width_not_in_list, head_width_decreases
};

template <class Space>
struct parsed_architecture {
  architecture<Space> value{};
  architecture_fault fault = architecture_fault::none;
  int stage = 0, number = 0;  ///< where, and the number that does not fit; of the head: which of its widths
};

namespace detail {
constexpr bool is_space(char letter) { return letter == ' ' || letter == '\t'; }

}  // namespace detail

/// Reads "[(64,64),(128,256),(256)]", and the widths that a head searches behind a plus: "[(64,64),(128,256),(256)]+(16,32,64)"; blanks are
/// allowed between the marks. The answer carries the fault, if any.
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
  const auto read_width = [&](int& width) {
    while (at < text.size() && detail::is_space(text[at])) ++at;
    int digits = 0;
    for (width = 0; at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 7; ++at, ++digits) width = width * 10 + (text[at] - '0');
    return digits > 0 && digits < 7;
  };
  int blocks = 0, last_width = 0, width = 0;
  for (int stage = 0; stage < Space::stages; ++stage) {
    if (stage > 0 && !take(',')) return fail(architecture_fault::wrong_number_of_stages, stage, stage);
    if (!take('(')) return fail(architecture_fault::not_in_brackets, stage, 0);
    const stage_facts& facts = Space::facts[static_cast<std::size_t>(stage)];
    int depth = 0;
    do {
      if (!read_width(width)) return fail(architecture_fault::not_a_width, stage, 0);
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
  if constexpr (Space::head_widths.size() > 0) {
    if (!take('+') || !take('(')) return fail(architecture_fault::no_head, 0, 0);
    last_width = 0;
    for (std::size_t which = 0; which < Space::head_widths.size(); ++which) {
      const int place = static_cast<int>(which);
      if (which > 0 && !take(',')) return fail(architecture_fault::no_head, place, 0);
      if (!read_width(width)) return fail(architecture_fault::not_a_head_width, place, 0);
      const int option = Space::head_widths[which].option_of(width);
      if (option < 0 || !detail::is_usable<Space>(place, option)) return fail(architecture_fault::head_width_not_in_list, place, width);
      if (width < last_width) return fail(architecture_fault::head_width_decreases, place, width);
      result.value.head[which] = static_cast<std::uint8_t>(option), last_width = width;
    }
    if (!take(')')) return fail(architecture_fault::no_head, static_cast<int>(Space::head_widths.size()), 0);
  }
  take(' ');
  if (at != text.size()) return fail(architecture_fault::not_in_brackets, Space::stages - 1, 0);
  if (blocks < Space::least_blocks) return fail(architecture_fault::total_depth_out_of_range, Space::stages - 1, blocks);
  return result;
}

namespace detail {
/// ", " between the widths of a list.
inline std::string listed_text(const width_list& widths) {
  std::string list;
  for (int option = 0; option < widths.width_count; ++option) list += (option > 0 ? ", " : "") + std::to_string(widths[option]);
  return list;
}
/// What to write for the widths of the head: the greatest that can be.
template <class Space>
std::string head_example() {
  std::string text = "+(";
  for (std::size_t which = 0; which < Space::head_widths.size(); ++which) {
    int greatest = 0;
    for (int option = 0; option < Space::head_widths[which].width_count; ++option)
      if (is_usable<Space>(static_cast<int>(which), option)) greatest = Space::head_widths[which][option];
    text += (which > 0 ? "," : "") + std::to_string(greatest);
  }
  return text + ')';
}
template <class Space>
std::string head_sentence(const std::string& given, const parsed_architecture<Space>& parsed) {
  using enum architecture_fault;
  if constexpr (Space::head_widths.size() > 0) {
    const auto& own = Space::head_widths[std::min(static_cast<std::size_t>(parsed.stage), Space::head_widths.size() - 1)];
    const std::string number = std::to_string(parsed.number), place = "the width that its head searches at stage " + std::to_string(own.stage + 1);
    if (parsed.fault == not_a_head_width) return given + "something that is not a width stands for " + place + "; write a number out of " + listed_text(own);
    if (parsed.fault == head_width_not_in_list)
      return given + number + " cannot be " + place + "; choose from " + listed_text(own) + (own.option_of(parsed.number) < 0 ? "" : ", of which the other widths of the head leave no room for this one");
    if (parsed.fault == head_width_decreases) return given + number + " is less than the width of the head before it; these never decrease from the shallowest stage to the deepest";
  }
  return given + "it lacks the " + std::to_string(Space::head_widths.size()) + " widths that its head searches; write them behind a plus, from the shallowest stage to the deepest, such as " + head_example<Space>();
}

template <class Space>
std::string fault_sentence(std::string_view text, const parsed_architecture<Space>& parsed) {
  const stage_facts& facts = Space::facts[static_cast<std::size_t>(std::min(parsed.stage, Space::stages - 1))];
  const std::string list = listed_text(facts);
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
    case architecture_fault::no_head:
    case architecture_fault::not_a_head_width:
    case architecture_fault::head_width_not_in_list:
    case architecture_fault::head_width_decreases:
      return head_sentence(given, parsed);
    default:
      return given + "it does not read as an architecture; write it like [(64,64),(128,256),(256)]" + (Space::head_widths.size() > 0 ? head_example<Space>() : "");
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
    case no_head: throw "hasse: this text lacks the widths that the head of its space searches; write them behind a plus, as in [(64),(128)]+(16,32)";
    case not_a_head_width: throw "hasse: something that is not a width stands for one of the head; write numbers out of the widths<...> of its searched<...>";
    case head_width_not_in_list: throw "hasse: a width of the head is not one of its searched<...>, or the others leave no room for it; choose another, which \"...\"_arch would name";
    case head_width_decreases: throw "hasse: a width of the head is less than the one before it; they never decrease from the shallowest stage to the deepest";
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

/// The one text form: "[(64,64),(128,256),(256)]", and where a head searches widths "[(64,64),(128,256),(256)]+(16,32,64)".
template <class Space>
std::string to_text(const architecture<Space>& choice) {
  std::string text = "[";
  for_each_block(choice, [&](int stage, int position, int option) {
    text += position > 0 ? "," : stage > 0 ? "),(" : "(";
    text += std::to_string(Space::facts[static_cast<std::size_t>(stage)].widths[static_cast<std::size_t>(option)]);
  });
  text += ")]";
  if constexpr (Space::head_widths.size() > 0) {
    for (std::size_t which = 0; which < choice.head.size(); ++which) text += (which > 0 ? "," : "+(") + std::to_string(Space::head_widths[which][choice.head[which]]);
    text += ')';
  }
  return text;
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
template <int Stage>
struct of_head_at_stage {};
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
  static_assert(Fault != no_head, "hasse: this literal lacks the widths that the head of its space searches; write them behind a plus, from the shallowest stage to the deepest, like \"[(64),(128)]+(16,32)\"_arch");
  static_assert(Fault != not_a_head_width, "hasse: something that is not a width stands for one of the head in this literal; write a number out of the widths<...> of of_head_at_stage<...>, named in this message");
  static_assert(Fault != head_width_not_in_list, "hasse: a width of the head in this literal cannot be: given<...> of of_head_at_stage<...> is not in widths<...>, all named in this message, or the other widths of the head leave no room for it; choose another of these");
  static_assert(Fault != head_width_decreases, "hasse: a width of the head in this literal is less than the one before it: given<...> of of_head_at_stage<...>, named in this message; they never decrease from the shallowest stage to the deepest");
  static_assert(Fault != total_depth_out_of_range, "hasse: this literal has too few or too many blocks: all stages together have given<...>, named in this message, and total_depth<...> of the space says how many they may have");
  return true;
}

/// The widths<...> of what a head searches.
template <int Left, class First, class... Rest>
constexpr auto searched_widths_at(head_pieces<First, Rest...>) {
  if constexpr (!searches_width(First::kind))
    return searched_widths_at<Left>(head_pieces<Rest...>{});
  else if constexpr (Left > 0)
    return searched_widths_at<Left - 1>(head_pieces<Rest...>{});
  else
    return typename First::searched_type::searched_widths{};
}

/// True, or a sentence.
template <class Space, fixed_string Text>
consteval bool check_literal() {
  if constexpr (!IsSearchSpace<Space>) {
    return check_is_search_space<Space>();
  } else if constexpr (!Refused<Space>) {
    constexpr parsed_architecture<Space> parsed = try_parse<Space>(Text.view());
    using stage = typename Space::template stage_type<std::min(parsed.stage, Space::stages - 1)>;
    if constexpr (parsed.fault >= architecture_fault::no_head) {
      constexpr std::size_t last = Space::head_widths.size() - 1, which = std::min(static_cast<std::size_t>(parsed.stage), last);
      using widths = decltype(searched_widths_at<static_cast<int>(last - which)>(typename Space::head_type::pieces{}));  // the head has them the other way round
      return check_architecture<parsed.fault, of_head_at_stage<Space::head_widths[which].stage + 1>, given<parsed.number>, widths, typename stage::depth>();
    } else {
      return check_architecture<parsed.fault, of_stage<parsed.stage + 1>, given<parsed.number>, typename stage::widths, typename stage::depth>();
    }
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
  for (std::size_t which = 0; which < smallest.head.size(); ++which)
    while (!is_usable<checked_space<Space>>(static_cast<int>(which), smallest.head[which])) ++smallest.head[which];
  return smallest;
}();
}  // namespace detail

/// The architecture of a literal; one that the space does not have is a sentence of the compiler.
template <class Space, fixed_string Text>
  requires(detail::check_literal<Space, Text>())
constexpr auto parse(architecture_literal<Text>) { return detail::literal_choice<Space, Text>; }

/// What an architecture costs: the sum over its parts. What the head reads of a stage before the last part is kept until all is done, and
/// what was made while something is made beside it.
template <class Space>
constexpr cost cost_of(const architecture<Space>& choice) {
  cost total;
  std::int64_t made = 0;
  for_each_step(choice, [&](const part_step& step) {
    if (step.beside) total.kept_elements += made;
    total += part_costs<Space>[static_cast<std::size_t>(step.part)];
    if (step.beside)
      total.kept_elements -= made;
    else
      made = part_output_sizes<Space>[static_cast<std::size_t>(step.part)];
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
