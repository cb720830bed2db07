// The bodies of network/channel_groups.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <hasse/network/channel_groups.hpp>

namespace hasse {

HASSE_BODY std::string to_text(const channel_configuration& it) {
  std::string text;
  for (const int count : it.counts) text += (text.empty() ? "" : ",") + std::to_string(count);
  return text;
}

HASSE_BODY std::string width_text(int thousandths) {
  const std::int64_t size = std::abs(std::int64_t{thousandths});
  std::string digits = std::to_string(1000 + size % 1000).substr(1);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return (thousandths < 0 ? "-" : "") + std::to_string(size / 1000) + '.' + digits;
}

HASSE_BODY int parse_width(std::string_view text) {
  const auto refuse = [&] {
    return error(
        detail::in_quotes(text, 40) +
        " is no width; give a decimal number above 0 and up to 8 with at most three digits behind the point, such as 0.75");
  };
  int whole = 0, rest = 0, digits = -1, seen = 0;
  for (const char letter : text) {
    if (letter == '.' && digits < 0) {
      digits = 0;
      continue;
    }
    if (letter < '0' || letter > '9' || digits == 3 || ++seen > 7) throw refuse();
    if (digits < 0)
      whole = whole * 10 + (letter - '0');
    else
      rest = rest * 10 + (letter - '0'), ++digits;
  }
  if (seen == 0) throw refuse();
  for (; digits >= 0 && digits < 3; ++digits) rest *= 10;
  const int thousandths = whole > 8 ? 0 : whole * 1000 + rest;
  if (thousandths < 1 || thousandths > 8000) throw refuse();
  return thousandths;
}

HASSE_BODY channel_configuration configuration_of(const layer_list& list, const channel_groups<layer_list>& groups,
                                              const layer_list& other) {
  channel_configuration made;
  for (int g = 0; g < groups.size(); ++g)
    made.counts.push_back(detail::at(groups[g].layer) < other.size() ? other.items[detail::at(groups[g].layer)].out.c : 0);
  if (with_channels(list, groups, made.counts) != other)
    throw error("two networks differ in more than the channels of their groups; compare one network at two widths");
  return made;
}

HASSE_BODY channel_groups<layer_list> channel_groups_of(const layer_list& list) { return channel_groups_of<layer_list>(list); }

HASSE_BODY width_family::width_family(layer_list base, int most, width_rule rule) : rule_(rule), most_(most), base_(std::move(base)), base_groups_(channel_groups_of(base_)) {
  if (base_groups_.size() == 0)
    throw error("every channel count of the network is fixed; a slimmable network needs a layer between two others");
  layers_ = with_channels(base_, base_groups_, uniform_width(base_, base_groups_, most, rule).counts);
  groups_ = channel_groups_of(layers_);
}

HASSE_BODY channel_configuration width_family::at(int thousandths) const {
  if (thousandths < 1 || thousandths > most_)
    throw error("a width of " + width_text(thousandths) + " was asked for; this network has widths above 0 and up to " +
                width_text(most_));
  return uniform_width(base_, base_groups_, thousandths, rule_);
}

HASSE_BODY int width_family::at(int thousandths, int group) const {
  const bool kept = rule_.keep_features && detail::are_features(base_, base_groups_, group);
  return channels_at(base_groups_[group], kept ? std::max(thousandths, 1000) : thousandths);
}

HASSE_BODY layer_list width_family::layers_at(const channel_configuration& configuration) const {
  check(configuration, groups_);
  return with_channels(layers_, groups_, configuration.counts);
}

HASSE_BODY channel_configuration width_family::parse(std::string_view text) const {
  const auto number = [&](std::string_view digits) {
    int value = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (fault != std::errc() || end != digits.data() + digits.size())
      throw error(detail::in_quotes(text) +
                  " is no configuration; give a width (0.5), one count per channel group (16,32,96), or a width and the groups "
                  "that differ (0.5 3=24)");
    return value;
  };
  const auto next = [](std::string_view& rest, char separator) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
  };
  channel_configuration made;
  std::string_view rest = text;
  if (text.find(',') != std::string_view::npos) {
    while (!rest.empty()) made.counts.push_back(number(next(rest, ',')));
  } else {
    made = at(parse_width(next(rest, ' ')));
    while (!rest.empty()) {
      std::string_view part = next(rest, ' ');
      const int group = number(next(part, '='));
      if (group < 0 || group >= groups_.size())
        throw error("there is no channel group " + std::to_string(group) + "; the network has the groups 0 to " +
                    std::to_string(groups_.size() - 1));
      made.counts[detail::at(group)] = number(part);
    }
  }
  check(made, groups_);
  return made;
}

}  // namespace hasse
