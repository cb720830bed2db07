// Which networks of a space are visited for its table, which of them gives the beat, and what is known of its parts beforehand.
// Used by table.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <hasse/catalogue/space_at.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/latency/detail/estimate.hpp>
#include <hasse/latency/detail/laps.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/count.hpp>

namespace hasse::detail {

template <class Space>
struct space_survey {
  static constexpr std::size_t parts = static_cast<std::size_t>(part_count<Space>);

  /// A network of the survey: which parts it runs, and after how many steps each part ends.
  struct visitable {
    architecture<Space> choice;
    bool whole = false;
    std::vector<part_id> parts() const {
      std::vector<part_id> result;
      for_each_part(choice, [&](part_id part) { result.push_back(part); });
      return result;
    }
    /// Step counts at the ends of the parts; one end when it is measured whole.
    template <class Network>
    std::vector<int> ends(Network& network, const space_at<Space>& space) const {
      if (whole) return {static_cast<int>(network.steps().size())};
      std::vector<int> result;
      int layers = 0;
      for (const part_id part : parts()) {
        layers += static_cast<int>(space.at(part).layers.size());
        result.push_back(network.steps_until(layers));
      }
      return result;
    }
  };

  /// Why each part has no latency; "" for those that are measured.
  template <Backend Engine>
  static std::vector<std::string> reasons_against(const Engine& backend, const space_at<Space>& space) {
    std::vector<std::string> reasons(parts);
    for (const entry& each : space.entries())
      for (const layer& item : each.layers)
        if (const std::string why = backend.supports(item); !why.empty() && reasons[static_cast<std::size_t>(each.id)].empty())
          reasons[static_cast<std::size_t>(each.id)] =
              std::string("backend ") + name_of(backend) + ": a " + std::string(name_of(item.kind)) + " " + why;
    return reasons;
  }

  /// The networks to visit: for each part, architectures drawn uniformly from those that contain it, until it has its contexts;
  /// then the ones to check sums with, drawn uniformly from the space.
  static std::vector<visitable> draw(const protocol& rules, std::vector<std::string>& reasons) {
    constexpr std::int64_t forbidden = 1'000'000;
    std::array<ticks, parts> marks{};
    for (std::size_t part = 0; part < parts; ++part)
      if (!reasons[part].empty()) marks[part].count = forbidden;
    std::vector<visitable> networks;
    std::array<int, parts> seen{};
    random_source random(derive(rules.seed, 1));
    for (std::size_t part = 0; part < parts; ++part) {
      if (!reasons[part].empty() || seen[part] >= rules.contexts) continue;
      std::array<ticks, parts> wanted = marks;
      wanted[part].count = 1;
      const counter<Space> with_part(wanted, {ticks{1}, ticks{forbidden - 1}});
      if (with_part.size() == 0) {
        reasons[part] = "no architecture of the space that the backend can run has this part";
        continue;
      }
      while (seen[part] < rules.contexts) {
        networks.push_back({with_part.sample(random), false});
        for (const part_id each : networks.back().parts()) ++seen[static_cast<std::size_t>(each)];
      }
    }
    const counter<Space> runnable(marks, {ticks{0}, ticks{forbidden - 1}});
    if (runnable.size() == 0)
      throw error("the backend cannot run any architecture of this space (" + reasons.front() +
                  "); choose another backend or space");
    for (int i = 0; i < rules.checked; ++i) networks.push_back({runnable.sample(random), true});
    return networks;
  }

  /// Of known work, and short: a quarter of the surveyed networks compute less.
  static architecture<Space> beat_of(const std::vector<visitable>& networks, const space_at<Space>& space) {
    std::vector<std::pair<std::int64_t, std::size_t>> by_work;
    for (std::size_t at = 0; at < networks.size(); ++at) by_work.emplace_back(cost_of(layers_of(networks[at].choice, space)).macs, at);
    std::sort(by_work.begin(), by_work.end());
    return networks[by_work[by_work.size() / 4].second].choice;
  }

  static std::vector<visited_network> visited(const std::vector<visitable>& networks) {
    std::vector<visited_network> result;
    for (const visitable& each : networks) {
      const std::vector<part_id> row = each.parts();
      result.push_back({{row.begin(), row.end()}, each.whole, to_text(each.choice)});
    }
    return result;
  }

  static row_features features(const space_at<Space>& space) {
    row_features result;
    for (const entry& each : space.entries()) {
      layer_list part{.input = each.in, .items = {}};
      append_layers(part, each.layers, each.outputs, 0, 0);
      result.push_back(features_of(part));
    }
    return result;
  }

  /// What runs for each part, as far as the backend's steps can tell.
  template <Backend Engine>
  static void name_implementations(Engine& backend, const visitable& each, const space_at<Space>& space, std::vector<std::string>& names) {
    const std::vector<part_id> row = each.parts();
    if (std::none_of(row.begin(), row.end(), [&](part_id part) { return names[static_cast<std::size_t>(part)].empty(); })) return;
    random_source random(1);
    const layer_list layers = layers_of(each.choice, space);
    auto network = network_for_timing(backend, layers, random);
    const std::vector<int> ends = each.ends(network, space);
    const std::vector<std::string> texts = implementations_of(network, backend, ends);
    for (std::size_t at = 0; at < row.size(); ++at) names[static_cast<std::size_t>(row[at])] = texts[at];
  }
};

}  // namespace hasse::detail
