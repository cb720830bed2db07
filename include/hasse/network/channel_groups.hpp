// Which channel counts of a network are free, and which have to change together: read off its layers, at compile time for a
// network that is a type. Used by slimmable networks, whose architecture is one number per group.
#pragma once

#include <algorithm>
#include <charconv>
#include <compare>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/space/layer.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/rounding.hpp>

namespace hasse {

/// Channels that are always as many, wherever they are written or read: a residual stream, what a depthwise layer reads and writes,
/// the channels that a squeeze-excite gates and its gates.
struct channel_group {
  int channels = 0;   ///< in the list that the groups were read off
  int parts = 1;      ///< counts are multiples of it: a grouped convolution keeps its groups, and each of them loses channels
  int expansion = 1;  ///< inner width of an inverted bottleneck: this many times its input, at every uniform width
  int layer = 0;      ///< the first that writes them
  friend constexpr bool operator==(const channel_group&, const channel_group&) = default;
};

/// Where the channels of a value come from: a group, channels that are never slimmed, or two values one behind the other.
struct channel_source {
  static constexpr int fixed = -1, pair = -2;
  int group = fixed;
  int channels = 0;  ///< in the list that the groups were read off
  value_id left = no_value, right = no_value;
  friend constexpr bool operator==(const channel_source&, const channel_source&) = default;
};

/// The channel groups of a list, in the order of the layers that first write them. The image's channels, those of the outputs and what
/// `pad_channels` writes never change (Slimmable Networks; US-Nets; AutoSlim).
template <class List>
struct channel_groups {
  detail::row<List, channel_group> groups;    ///< the first `count`
  detail::row<List, channel_source> sources;  ///< of each value
  int count = 0;

  constexpr int size() const { return count; }
  constexpr const channel_group& operator[](int index) const { return groups[detail::at(index)]; }

  /// Calls `visit(group, begin, channels)` for each stretch of the channels of a value; `begin` counts from the first one.
  template <class Visit>
  constexpr void for_each_run(value_id value, Visit&& visit) const {
    int begin = 0;
    walk(value, begin, visit);
  }
  /// How many channels a value has when group g has counts[g].
  template <class Counts>
  constexpr int channels_of(value_id value, const Counts& counts) const {
    int sum = 0;
    for_each_run(value, [&](int group, int, int channels) {
      sum += group < 0 ? channels : static_cast<int>(counts[static_cast<std::size_t>(group)]);
    });
    return sum;
  }

 private:
  template <class Visit>
  constexpr void walk(value_id value, int& begin, Visit&& visit) const {
    const channel_source& source = sources[detail::at(value)];
    if (source.group == channel_source::pair) {
      walk(source.left, begin, visit), walk(source.right, begin, visit);
      return;
    }
    visit(source.group, begin, source.channels);
    begin += source.channels;
  }
};

namespace detail {
/// Sets of channels that are joined while a list is read. A set is named by the value that first had it.
template <class List>
class channel_sets {
 public:
  constexpr explicit channel_sets(const List& list)
      : list_(list),
        count_(static_cast<int>(list.size())),
        sources_(row_of<List, channel_source>::make(at(count_) + 1, {})),
        parents_(row_of<List, int>::make(at(count_) + 1, 0)),
        parts_(row_of<List, int>::make(at(count_) + 1, 1)),
        pinned_(row_of<List, bool>::make(at(count_) + 1, false)) {
    make(0);
    pin(0);
    for (int i = 0; i < count_; ++i) read(i);
    for (int i = 0; i < list.output_count(); ++i) pin(list.output(i));
  }

  constexpr channel_groups<List> result() {
    channel_groups<List> made{row_of<List, hasse::channel_group>::make(at(count_) + 1, {}), sources_, 0};
    auto numbers = row_of<List, int>::make(at(count_) + 1, channel_source::fixed);
    for (value_id value = 0; value <= count_; ++value) {
      channel_source& source = made.sources[at(value)];
      if (source.group == channel_source::pair) continue;
      const int root = find(source.group);
      source.group = channel_source::fixed;
      if (pinned_[at(root)]) continue;
      if (numbers[at(root)] < 0) {
        numbers[at(root)] = made.count;
        made.groups[at(made.count++)] = {list_.shape_of(root).c, parts_[at(root)], 1, root - 1};
      }
      source.group = numbers[at(root)];
    }
    for (int i = 1; i < count_; ++i) expand(made, i);
    return made;
  }

 private:
  constexpr const layer& item(int index) const { return list_.data()[index]; }
  constexpr channel_source& source(value_id value) { return sources_[at(value)]; }
  constexpr bool is_pair(value_id value) { return source(value).group == channel_source::pair; }
  constexpr int find(int set) const {
    while (parents_[at(set)] != set) set = parents_[at(set)];
    return set;
  }
  constexpr void make(value_id value) {
    source(value) = {value, list_.shape_of(value).c, no_value, no_value};
    parents_[at(value)] = value;
  }
  constexpr void pin(value_id value) {
    if (is_pair(value)) {
      pin(source(value).left), pin(source(value).right);
    } else {
      pinned_[at(find(source(value).group))] = true;
    }
  }
  constexpr void part(value_id value, int groups) {
    if (is_pair(value)) return pin(value);
    int& parts = parts_[at(find(source(value).group))];
    parts = std::lcm(parts, groups);
  }
  /// From now on both have the same channels; where their stretches do not meet, both keep what they have.
  constexpr void join(value_id one, value_id other) {
    if (is_pair(one) && is_pair(other) && list_.shape_of(source(one).left).c == list_.shape_of(source(other).left).c) {
      join(source(one).left, source(other).left), join(source(one).right, source(other).right);
    } else if (is_pair(one) || is_pair(other)) {
      pin(one), pin(other);
    } else {
      const int left = find(source(one).group), right = find(source(other).group);
      const int root = std::min(left, right), leaf = std::max(left, right);
      parents_[at(leaf)] = root;
      parts_[at(root)] = std::lcm(parts_[at(root)], parts_[at(leaf)]);
      pinned_[at(root)] = pinned_[at(root)] || pinned_[at(leaf)];
    }
  }

  constexpr void read(int index) {
    const layer& it = item(index);
    const value_id made = index + 1;
    const auto keep = [&] {
      if (is_pair(it.input))
        source(made) = source(it.input);
      else
        source(made) = {source(it.input).group, list_.shape_of(made).c, no_value, no_value};
      parents_[at(made)] = made;
    };
    switch (it.kind) {
      case layer_kind::convolution:
        if (it.groups > 1 && it.groups == it.in.c && it.in.c == it.out.c) return keep();
        make(made);
        if (it.groups == 1) return;
        if (it.groups == it.in.c) return pin(it.input), pin(made);
        return part(it.input, it.groups), part(made, it.groups);
      case layer_kind::linear:
        return make(made);
      case layer_kind::pad_channels:
        make(made);
        return pin(made);
      case layer_kind::depth_to_space:
        make(made);
        return pin(it.input), pin(made);
      case layer_kind::concat:
        source(made) = {channel_source::pair, it.out.c, it.input, it.other};
        parents_[at(made)] = made;
        return;
      case layer_kind::add:
      case layer_kind::scale:
        join(it.input, it.other);
        return keep();
      default:
        return keep();
    }
  }

  /// The inner width of an inverted bottleneck: made by a 1x1 convolution, a whole number of times as wide as its input, read by a
  /// depthwise layer, and larger than what comes out.
  constexpr void expand(channel_groups<List>& made, int depthwise) const {
    const layer& it = item(depthwise);
    if (it.kind != layer_kind::convolution || it.groups == 1 || it.groups != it.in.c) return;
    const int inner = made.sources[at(it.input)].group;
    if (inner < 0) return;
    const layer& first = item(made.groups[at(inner)].layer);
    if (first.kind != layer_kind::convolution || first.kernel != 1 || first.groups != 1) return;
    const int outer = made.sources[at(first.input)].group;
    if (outer < 0 || outer == inner || first.out.c % first.in.c != 0) return;
    for (int i = depthwise + 1; i < count_; ++i) {
      const layer& reader = item(i);
      const bool projects = reader.kind == layer_kind::convolution && reader.groups == 1 && reader.in.c == first.out.c &&
                            made.sources[at(reader.input)].group == inner;
      if (projects && made.sources[at(i) + 1].group != inner && reader.out.c >= first.out.c) return;
    }
    made.groups[at(inner)].expansion = first.out.c / first.in.c;
  }

  const List& list_;
  int count_;
  row<List, channel_source> sources_;
  row<List, int> parents_, parts_;
  row<List, bool> pinned_;
};
}  // namespace detail

/// Reads the channel groups off an unfused list.
template <class List>
constexpr channel_groups<List> channel_groups_of(const List& list) {
  return detail::channel_sets<List>(list).result();
}

/// The same of a list that is known at run time, compiled once.
HASSE_BODY channel_groups<layer_list> channel_groups_of(const layer_list& list);

/// The list with counts[g] channels in group g, more or fewer than it has. Everything else, residuals included, stays.
template <class List, class Counts>
constexpr List with_channels(List list, const channel_groups<List>& groups, const Counts& counts) {
  const auto shaped = [&](value_id value, feature_shape shape) {
    shape.c = groups.channels_of(value, counts);
    return shape;
  };
  for (int i = 0; i < static_cast<int>(list.size()); ++i) {
    layer& item = list.items[detail::at(i)];
    const bool depthwise = item.groups > 1 && item.groups == item.in.c;
    item.in = shaped(item.input, item.in), item.out = shaped(i + 1, item.out);
    if (depthwise) item.groups = item.in.c;
  }
  return list;
}

/// One channel count per group: the architecture of a slimmable network. Its text is "16,32,96,24".
struct channel_configuration {
  std::vector<int> counts;

  int operator[](std::size_t group) const { return counts[group]; }
  std::size_t size() const { return counts.size(); }
  friend bool operator==(const channel_configuration&, const channel_configuration&) = default;
  friend auto operator<=>(const channel_configuration&, const channel_configuration&) = default;
};

HASSE_BODY std::string to_text(const channel_configuration& it);

/// "0.75": a width in thousandths, as errors and files say it.
HASSE_BODY std::string width_text(int thousandths);

/// The width in thousandths that "0.75", "1" or ".5" says. Throws unless it is above 0 and at most 8.
HASSE_BODY int parse_width(std::string_view text);

/// How channel counts follow from a width.
struct width_rule {
  bool keep_features = false;  ///< what the layers read that make outputs keeps its channels below full width (MobileNet v2)
};

/// How many channels a group has at a width in thousandths: md(C w / r) r, where r is its expansion and md is make_divisible by 8
/// (US-Nets, released code). All of them at width 1, and never more below it.
constexpr int channels_at(const channel_group& group, int thousandths) {
  if (thousandths == 1000) return group.channels;
  const int step = std::lcm(8, group.parts), divisor = step <= group.channels ? step : group.parts;
  const int count =
      group.expansion * make_divisible(std::int64_t{group.channels} * thousandths, std::int64_t{1000} * group.expansion, divisor);
  return thousandths < 1000 ? std::min(count, group.channels) : count;
}

namespace detail {
/// Whether a layer that makes an output reads the group.
template <class List>
constexpr bool are_features(const List& list, const channel_groups<List>& groups, int group) {
  for (int i = 0; i < list.output_count(); ++i)
    if (list.output(i) > 0 && groups.sources[at(list.data()[list.output(i) - 1].input)].group == group) return true;
  return false;
}
}  // namespace detail

/// The configuration of one width, in thousandths, for all groups.
template <class List>
channel_configuration uniform_width(const List& list, const channel_groups<List>& groups, int thousandths, width_rule rule = {}) {
  if (thousandths < 1 || thousandths > 8000)
    throw error("a width of " + std::to_string(thousandths) + " thousandths was asked for; give 1 to 8000");
  channel_configuration made;
  for (int g = 0; g < groups.size(); ++g) {
    const bool kept = rule.keep_features && detail::are_features(list, groups, g);
    made.counts.push_back(channels_at(groups[g], kept ? std::max(thousandths, 1000) : thousandths));
  }
  return made;
}

/// Refuses a configuration that is none of these groups'.
template <class List>
void check(const channel_configuration& it, const channel_groups<List>& groups) {
  if (it.size() != static_cast<std::size_t>(groups.size()))
    throw error("the configuration " + detail::clipped(to_text(it)) + " has " + std::to_string(it.size()) +
                " channel counts, but the network has " + std::to_string(groups.size()) +
                " channel groups; give one count per group");
  for (int g = 0; g < groups.size(); ++g) {
    const int count = it[detail::at(g)];
    if (count < 1 || count > groups[g].channels)
      throw error("channel group " + std::to_string(g) + " was given " + std::to_string(count) + " channels; it has 1 to " +
                  std::to_string(groups[g].channels));
    if (count % groups[g].parts != 0)
      throw error("channel group " + std::to_string(g) + " was given " + std::to_string(count) +
                  " channels; a grouped convolution needs a multiple of " + std::to_string(groups[g].parts));
  }
}

/// The channel counts of `other`, a list of the same layers as `list` with other numbers of channels.
HASSE_BODY channel_configuration configuration_of(const layer_list& list, const channel_groups<layer_list>& groups,
                                              const layer_list& other);

/// A network at every width: `base` is width 1, and every width up to `most` (in thousandths) is a configuration of one list.
class width_family {
 public:
  explicit width_family(layer_list base, int most = 1000, width_rule rule = {});

  /// At full width, that is at `most`.
  const layer_list& layers() const { return layers_; }
  const channel_groups<layer_list>& groups() const { return groups_; }
  const channel_groups<layer_list>& base_groups() const { return base_groups_; }
  const layer_list& base() const { return base_; }
  int most() const { return most_; }
  width_rule rule() const { return rule_; }

  channel_configuration full() const { return at(most_); }
  /// The uniform configuration of a width in thousandths.
  channel_configuration at(int thousandths) const;
  /// How many channels one group has at a width.
  int at(int thousandths, int group) const;
  /// The network of a configuration.
  layer_list layers_at(const channel_configuration& configuration) const;

  /// A configuration from its text: "16,32,96" (one count per group), or a width and groups that differ from it, "0.5 3=24 7=48".
  channel_configuration parse(std::string_view text) const;

 private:
  width_rule rule_;
  int most_;
  layer_list base_, layers_;
  channel_groups<layer_list> base_groups_, groups_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/network/channel_groups.inl>
#endif
