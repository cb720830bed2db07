// How what a search through gates chose among looks and reads on its page: colours of candidates, words of networks.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/detail/score.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse::detail {

inline constexpr std::array gated_roles{gated_role::random, gated_role::tried, gated_role::other, gated_role::found};

constexpr ink ink_of(gated_role role) {
  return role == gated_role::found ? ink::frontier : role == gated_role::other ? ink::other : ink::trained;
}

/// Throws `error` where an epoch's probabilities are not those of the blocks.
inline void check(const gated_data& data) {
  std::size_t wanted = 0;
  for (const gated_report_block& block : data.blocks) wanted += block.candidates.size();
  for (const gated_report_epoch& each : data.epochs)
    if (!each.probabilities.empty() && each.probabilities.size() != wanted)
      throw error("epoch " + std::to_string(each.epoch) + " of a report was given " + std::to_string(each.probabilities.size()) +
                  " probabilities, and its blocks have " + std::to_string(wanted) +
                  " candidates; give one for each candidate, block after block, or none");
}

inline std::string cost_text(double value, const std::string& unit) {
  if (unit == "ms") return milliseconds_text(value);
  const double size = std::abs(value);
  return fixed_text(value, size < 10 ? 3 : size < 1000 ? 2 : 0) + (std::isfinite(value) && !unit.empty() ? " " + unit : "");
}
/// Four digits of a number of any size: "0.6931", "1.25e-05".
inline std::string digits_text(double value) {
  if (!std::isfinite(value)) return "-";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, 4).ptr};
}
/// "+1.2 %".
inline std::string change_text(double share) { return (share > 0 ? "+" : "") + percent_text(share, 1); }

/// How a candidate looks in every picture of a page: candidates that begin alike (k5e3, k5e6) share a hue.
struct candidate_look {
  std::string text;
  ink colour = ink::trained;
  double strength = 0.55;  ///< opacity
  std::string group{};
};

/// One look for each word that names a candidate, in the order in which they come up. Zero is grey.
inline std::vector<candidate_look> candidate_looks(const gated_data& data) {
  std::vector<candidate_look> looks;
  std::vector<std::string> groups;
  const auto add = [&](const std::string& text) {
    if (text.empty() || std::any_of(looks.begin(), looks.end(), [&](const auto& each) { return each.text == text; })) return;
    const std::string_view digits = "0123456789";
    const std::size_t number = text.find_first_of(digits);
    candidate_look look{.text = text,
                        .group = text.substr(0, number == text.npos ? number : text.find_first_not_of(digits, number))};
    if (text != "zero" && std::find(groups.begin(), groups.end(), look.group) == groups.end()) groups.push_back(look.group);
    looks.push_back(std::move(look));
  };
  for (const gated_report_block& block : data.blocks)
    for (const std::string& text : block.candidates) add(text);
  for (const gated_report_network& network : data.networks)
    for (const drawn_block& block : network.blocks) add(block.is_zero ? "zero" : block.candidate);
  constexpr std::array inks{ink::frontier, ink::other, ink::good, ink::pruned, ink::violation};
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const auto is_member = [&](const candidate_look& each) { return each.text != "zero" && each.group == groups[group]; };
    const auto members = std::count_if(looks.begin(), looks.end(), is_member);
    double place = 0;
    for (candidate_look& each : looks)
      if (is_member(each)) {
        each.colour = inks[group % inks.size()];
        each.strength = members < 2 ? 1 : 0.45 + 0.55 * place++ / static_cast<double>(members - 1);
      }
  }
  return looks;
}

inline const candidate_look& look_of(const std::vector<candidate_look>& looks, const std::string& text) {
  static const candidate_look same{.text = {}, .colour = ink::grid, .strength = 1};
  const auto found = std::find_if(looks.begin(), looks.end(), [&](const candidate_look& each) { return each.text == text; });
  return found == looks.end() ? same : *found;
}

inline std::string candidate_legend(const std::vector<candidate_look>& looks) {
  std::string html = "<p class='keys'>";
  for (const candidate_look& each : looks)
    html += "<span><i class='k-" + std::string(name_of(each.colour)) + "' style='opacity:" + fixed_text(each.strength, 2) +
            "'></i>" + markup_text(each.text) + "</span>";
  return html + "</p>";
}

/// A probability as it is drawn: whatever it is, inside of 0..1.
inline double drawn_share(double probability) { return std::isfinite(probability) ? std::clamp(probability, 0.0, 1.0) : 0.0; }

/// Whether the target is about the latency that was measured on this machine.
inline bool limits_measured(const gated_data& data) { return data.cost == "ms" && data.is_measured; }

inline std::string hwc_text(feature_shape it) {
  return std::to_string(it.h) + "x" + std::to_string(it.w) + "x" + std::to_string(it.c);
}

/// What a network is, and how well it does, in one line.
inline std::string network_line(const gated_report_network& network, const gated_data& data) {
  std::string line;
  const auto add = [&](bool known, const std::string& text) {
    if (known) line += (line.empty() ? "" : ", ") + text;
  };
  const bool has_test = std::isfinite(network.test_accuracy);
  add(has_test, score_text(data.measure, network.test_accuracy) + " on test images");
  add(!has_test && std::isfinite(network.accuracy), score_text(data.measure, network.accuracy) + " on validation images");
  add(std::isfinite(network.summed), cost_text(network.summed, data.cost) + " summed");
  add(std::isfinite(network.milliseconds), milliseconds_text(network.milliseconds) + " measured");
  add(std::isfinite(network.macs), count_text(network.macs) + " MACs");
  return line;
}

}  // namespace hasse::detail
