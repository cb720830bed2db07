// Model-guided search: a Gaussian process on the coordinates of the order says which training is expected to add most to the frontier.
// Used by programs through session or exchange; models the concept Policy. The why and the figures: docs/explanation/model-guided-search.md.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <hasse/search/coordinates.hpp>
#include <hasse/search/ledger.hpp>
#include <hasse/search/search_model.hpp>

namespace hasse {

struct model_guided_options {
  std::uint64_t seed = 1;
  /// The best merit that there can be, such as 100 for accuracies in percent. Merits are then looked at as -log(best - merit).
  std::optional<double> best = {};
  double own_noise = 1;           ///< as search_model_options
  bool learns_noise = false;      ///< own_noise is a first guess, which repeated trainings correct
  bool repeats = false;           ///< train a network once more where that is worth more than a new one; needs own_noise below 1
  std::size_t beginning = 10;     ///< so many uniform draws before the model is asked
  std::size_t candidates = 512;   ///< for a proposal: so many children of the frontier and as many uniform draws
  std::size_t consider_all = 4096;  ///< a set of at most so many is considered whole for each proposal
  /// Stop when the model is nine tenths sure that so large a share of the hypervolume is found (search_model::outlook::low); 0: never.
  double enough = 0;
  stop_rule stop = {};
  std::size_t list_up_to = listing_limit;
};

/// Trains what is expected to add most hypervolume, given all that was told and what is under way. Nothing is pruned, and nothing trained twice
/// unless that was asked for. `domain` must outlive the policy.
template <Domain Space>
class model_guided_search : public policy_on_ledger<Space> {
  using base = policy_on_ledger<Space>;
  using base::books, base::domain;

 public:
  using candidate = typename Space::candidate;

  explicit model_guided_search(const Space& admissible, model_guided_options options = {})
      : base(admissible, options.seed, options.stop, options.list_up_to), options_(options), place_(admissible) {
    if (options.beginning < 1 || options.candidates < 1) throw error("a model-guided search needs at least one uniform draw to begin with and one candidate for a proposal");
    if (!(options.enough >= 0 && options.enough < 1)) throw error("the share of the hypervolume that is enough must be from 0 to less than 1; 0 never stops");
    if (!(options.own_noise >= 0 && options.own_noise <= 1)) throw error("the share of noise that is a network's own must be from 0 to 1; 1 trusts every merit");
    if (options.repeats && !(options.own_noise < 1)) throw error("a search repeats trainings to tell luck from merit, but own_noise 1 says that there is no luck; give less, such as 0.3, or leave repeats out");
    books().repeats = options.repeats;
  }
  /// Whether it may ask for what was told.
  bool repeats() const { return options_.repeats; }

  std::optional<candidate> ask() {
    if (expects_enough()) return books().end = search_end::expected, std::nullopt;
    return under_way([&] { return most_promising(); });
  }

  /// As ask, where it is known that x was proposed: the model is not asked, and what it fits is fitted when it is asked next. The draws of the
  /// beginning are drawn again.
  std::optional<candidate> retake(const candidate& x) {
    return under_way([&] { return books().open.take(x) || books().repeat(x) ? std::optional(x) : most_promising(); });
  }

  void tell(const candidate& x, const outcome& result) {
    books().tell(x, result);
    std::erase(under_way_, x);
    proposals_ = 0;
  }

  void release(const candidate& x) {
    base::release(x);
    std::erase(under_way_, x);
  }

  /// What somebody else trains counts as under way, as what was asked for here.
  bool take(const candidate& x) {
    if (!base::take(x)) return false;
    under_way_.push_back(x), ++proposals_;
    return true;
  }

  /// A candidate, and what the model makes of it.
  struct forecast_point {
    candidate value{};
    ticks cost{};
    search_model::expectation merit{};
    double gain = 0;  ///< expected, as a share of the hypervolume now
    std::vector<ticks> elsewhere = {};  ///< what it costs on further devices
  };
  /// What the model expects.
  struct forecast {
    search_model::outlook outlook;
    std::vector<forecast_point> frontier;  ///< of the merits that trained networks would have again, without luck; from cheap to good
    std::vector<forecast_point> next;      ///< that promise most, the most promising first
    std::vector<std::vector<forecast_point>> elsewhere = {};  ///< such frontiers of further devices; costs are of the device
    double run_deviation = 0, luck_deviation = 0;  ///< as search_model, at the best of that frontier
  };
  /// What was trained, once each, and what it is taken to be worth: without luck, and one deviation below and above that.
  struct judged_candidate {
    candidate value{};
    search_model::expectation merit{};
  };
  /// Those with a merit, in the order of their first training; none before the beginning is over.
  std::vector<judged_candidate> judged() const {
    std::vector<judged_candidate> all;
    if (!may_be_asked(this->done().size())) return all;
    model_guided_search now = *this;
    const auto merits = now.model(this->done().size()).judged();
    for (std::size_t row = 0; row < merits.size(); ++row)
      if (now.has_merit_[row]) all.push_back({now.rows_[row], merits[row]});
    return all;
  }
  /// The networks that it would hand over after what was told, from cheap to good: those on the frontier (of any device) of what each is
  /// taken to be worth, without luck. With own_noise 1 the frontier itself.
  std::vector<candidate> believed() const {
    std::vector<candidate> chosen;
    if (!may_be_asked(this->done().size())) {
      for (const auto& each : this->boundary().points()) chosen.push_back(each.candidate);
      return chosen;
    }
    std::vector<frontier<candidate>> fronts(1);
    for (const judged_candidate& each : judged()) {
      fronts[0].add({each.value, domain().cost(each.value), each.merit.middle});
      if constexpr (CostsElsewhere<Space>) {
        const std::vector<ticks> costs = domain().costs_elsewhere(each.value);
        fronts.resize(1 + costs.size());
        for (std::size_t device = 0; device < costs.size(); ++device) fronts[1 + device].add({each.value, costs[device], each.merit.middle});
      }
    }
    for (const auto& front : fronts)
      for (const auto& point : front.points())
        if (&front == &fronts[0] || std::find(chosen.begin(), chosen.end(), point.candidate) == chosen.end()) chosen.push_back(point.candidate);
    return chosen;
  }

  /// Nothing before the beginning is over, or as long as every training failed.
  std::optional<forecast> expected(std::size_t most_next = 5) const {
    if (!may_be_asked(this->done().size())) return std::nullopt;
    model_guided_search now = *this;
    search_model& knows = now.model(this->done().size());
    const auto [pool, points] = now.considered();
    forecast found{.outlook = points.empty() ? search_model::outlook{1, 1, 0} : knows.look_ahead(points), .frontier = {}, .next = {}};
    std::vector<model_point> trained_points;
    for (const candidate& each : now.rows_) trained_points.push_back(point_of(each));
    const auto trained_merits = knows.expected(trained_points);
    const auto expected_on = [&](std::size_t device) {
      frontier<std::size_t> front;
      for (std::size_t row = 0; row < trained_points.size(); ++row)
        if (now.has_merit_[row]) front.add({row, device == 0 ? trained_points[row].cost : trained_points[row].elsewhere[device - 1], trained_merits[row].middle});
      std::vector<forecast_point> points_of;
      for (const auto& [row, cost, middle] : front.points()) points_of.push_back({now.rows_[row], cost, trained_merits[row], 0});
      return points_of;
    };
    found.frontier = expected_on(0);
    for (std::size_t device = 1; device <= trained_points[0].elsewhere.size(); ++device) found.elsewhere.push_back(expected_on(device));
    if (!found.frontier.empty()) found.run_deviation = knows.run_deviation(found.frontier.back().merit.middle), found.luck_deviation = knows.luck_deviation(found.frontier.back().merit.middle);
    if (points.empty()) return found;
    const std::vector<double> gains = knows.gains(points);
    const auto merits = knows.expected(points);
    const double area = knows.area();
    std::vector<std::size_t> order(points.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t one, std::size_t other) { return gains[one] > gains[other]; });
    for (std::size_t i = 0; i < std::min(most_next, order.size()); ++i)
      found.next.push_back({pool[order[i]], points[order[i]].cost, merits[order[i]], area > 0 ? gains[order[i]] / area : 0, points[order[i]].elsewhere});
    return found;
  }

  /// What the model expected after so many trainings: whenever its scales were fitted, which is where a search looks that has `enough`.
  struct look {
    std::size_t trainings;
    search_model::outlook outlook;
  };
  /// All looks so far, whether the search ends by them or not.
  std::vector<look> looks() const {
    std::vector<look> all;
    model_guided_search again = *this;
    again.model_.reset(), again.told_ = 0;
    for (std::size_t trainings = options_.beginning; trainings <= this->done().size(); ++trainings)
      if (may_be_asked(trainings) && last_look(trainings) == trainings) all.push_back({trainings, again.outlook_after(trainings)});
    return all;
  }

 private:
  model_point point_of(const candidate& x) const {
    model_point point{place_(x), domain().cost(x)};
    if constexpr (CostsElsewhere<Space>) point.elsewhere = domain().costs_elsewhere(x);
    return point;
  }
  bool considers_all() const { return static_cast<count_type>(domain().size()) <= options_.consider_all; }

  /// Trainings before the first that did not fail: they tell the model nothing.
  std::size_t mute() const {
    const auto& done = this->done();
    return static_cast<std::size_t>(std::find_if(done.begin(), done.end(), [](const auto& each) { return each.merit.has_value(); }) - done.begin());
  }
  bool may_be_asked(std::size_t trainings) const { return trainings >= options_.beginning && mute() < trainings; }
  std::size_t last_look(std::size_t trainings) const { return mute() + search_model::last_fit(trainings - mute()); }

  /// The model, told at least the first so many trainings.
  search_model& model(std::size_t trainings) {
    if (!model_) {
      rows_.clear(), has_merit_.clear(), row_of_.clear();
      std::vector<model_point> sample;
      if (considers_all()) {
        all_.clear();
        domain().for_each([&](const candidate& x) { all_.push_back({x, point_of(x)}), sample.push_back(all_.back().second); });
      } else {
        random_source random(derive(options_.seed, 0x73616d706c65));
        for (std::size_t i = 0; i < 2048; ++i) sample.push_back(point_of(domain().sample(random)));
      }
      model_.emplace(search_model_options{.seed = options_.seed, .scale = {options_.best}, .own_noise = options_.own_noise, .learns_noise = options_.learns_noise}, std::move(sample));
    }
    for (; told_ < trainings; ++told_) {
      const auto& [x, cost, merit] = this->done()[told_];
      if (told_ < mute()) continue;
      const auto [place, is_new] = row_of_.try_emplace(domain().text(x), rows_.size());
      if (is_new) rows_.push_back(x), has_merit_.push_back(merit.has_value()), model_->tell(point_of(x), merit);
      else model_->tell_again(place->second, merit);
    }
    return *model_;
  }

  /// What may be proposed next.
  std::pair<std::vector<candidate>, std::vector<model_point>> considered() {
    std::vector<candidate> pool;
    std::vector<model_point> points;
    const auto open = [&](const candidate& x) { return !books().open.taken(x); };
    if (considers_all()) {
      for (const auto& [x, point] : all_)
        if (open(x)) pool.push_back(x), points.push_back(point);
    } else {
      // As in regularised_evolution the source depends on what was told and on how many were asked for since.
      pool = drawn(random_source(derive(books().hash(), proposals_)), members(this->done().size()), open);
      for (const candidate& x : pool) points.push_back(point_of(x));
    }
    return {std::move(pool), std::move(points)};
  }

  // Looked at whenever the scales were fitted anew: between, a model is too sure of itself or too little for want of them. Only the trainings up
  // to there count, so that a search that was killed behind a look goes on as one that was not.
  bool expects_enough() {
    const std::size_t trainings = this->done().size();
    if (options_.enough <= 0 || !may_be_asked(trainings)) return false;
    if (const std::size_t last = last_look(trainings); last != looked_at_) looked_at_ = last, enough_ = outlook_after(last).low >= options_.enough;
    return enough_;
  }

  /// What is left after the first so many trainings; later ones must not have been told to the model.
  search_model::outlook outlook_after(std::size_t trainings) {
    search_model& knows = model(trainings);
    std::unordered_set<std::string> told;
    for (std::size_t i = 0; i < trainings; ++i) told.insert(domain().text(this->done()[i].candidate));
    std::vector<model_point> points;
    const auto open = [&](const candidate& x) { return !told.contains(domain().text(x)); };
    if (considers_all()) {
      for (const auto& [x, point] : all_)
        if (open(x)) points.push_back(point);
    } else {
      for (const candidate& x : drawn(random_source(derive(options_.seed, 0x70726f7370656374 + trainings)), members(trainings), open)) points.push_back(point_of(x));
    }
    return points.empty() ? search_model::outlook{1, 1, 0} : knows.look_ahead(points);
  }

  /// What is asked for: by the model or, in the beginning and where it gives nothing, by a draw.
  template <class Propose>
  std::optional<candidate> under_way(Propose propose) {
    const std::optional<candidate> asked = books().ask([&]() -> std::optional<candidate> {
      if (this->done().size() + under_way_.size() >= options_.beginning && mute() < this->done().size())
        if (const auto found = propose()) return found;
      return books().open.next([](const candidate&) { return false; });
    });
    if (asked) under_way_.push_back(*asked), ++proposals_;
    return asked;
  }

  std::optional<candidate> most_promising() {
    search_model& knows = model(this->done().size());
    const auto [pool, points] = considered();
    std::vector<model_point> busy;
    for (const candidate& x : under_way_) busy.push_back(point_of(x));
    if (pool.empty()) return std::nullopt;
    const std::vector<double> gains = knows.gains(points, busy);
    const auto most = std::max_element(gains.begin(), gains.end());
    if (options_.repeats) {
      const std::vector<double> again = knows.repeat_gains();
      double best = *most;
      std::optional<candidate> unsure;
      for (std::size_t row = 0; row < again.size(); ++row)
        if (again[row] > best && has_merit_[row] && std::find(under_way_.begin(), under_way_.end(), rows_[row]) == under_way_.end()) best = again[row], unsure = rows_[row];
      if (unsure && books().repeat(*unsure)) return unsure;
    }
    if (!(*most > 0)) return std::nullopt;
    const candidate x = pool[static_cast<std::size_t>(most - gains.begin())];
    books().open.take(x);
    return x;
  }

  /// What is on the frontier of some device after the first so many trainings.
  std::vector<candidate> members(std::size_t trainings) const {
    std::vector<frontier<std::size_t>> fronts(1);
    for (std::size_t i = 0; i < trainings; ++i) {
      const auto& [x, cost, merit] = this->done()[i];
      if (!merit) continue;
      fronts[0].add({i, cost, *merit});
      if constexpr (CostsElsewhere<Space>) {
        const std::vector<ticks> costs = domain().costs_elsewhere(x);
        fronts.resize(1 + costs.size());
        for (std::size_t device = 0; device < costs.size(); ++device) fronts[1 + device].add({i, costs[device], *merit});
      }
    }
    std::vector<candidate> all;
    for (const auto& front : fronts)
      for (const auto& point : front.points())
        if (const candidate& x = this->done()[point.candidate].candidate; fronts.size() == 1 || std::find(all.begin(), all.end(), x) == all.end()) all.push_back(x);
    return all;
  }

  // Of a set too large to consider: children of the frontier, and uniform draws.
  template <class Open>
  std::vector<candidate> drawn(random_source random, const std::vector<candidate>& front, Open open) const {
    std::vector<candidate> pool;
    std::unordered_set<std::string> seen;
    const auto keep = [&](const candidate& x) {
      if (open(x) && seen.insert(domain().text(x)).second) pool.push_back(x);
    };
    const auto member = [&] { return front[static_cast<std::size_t>(random.below(front.size()))]; };
    for (std::size_t i = 0; i < options_.candidates; ++i) keep(domain().sample(random));
    for (std::size_t i = 0; i < options_.candidates && !front.empty(); ++i) {
      candidate x = member();
      if constexpr (CrossesCandidates<Space>)
        if (random.uniform() < 0.3) x = domain().cross(x, member(), random);
      const double more = random.uniform();
      for (int steps = more < 0.25 ? 3 : more < 0.5 ? 2 : 1; steps > 0; --steps) x = domain().mutate(x, random);
      keep(x);
    }
    return pool;
  }

  model_guided_options options_;
  coordinate_system<Space> place_;
  std::optional<search_model> model_;
  std::vector<std::pair<candidate, model_point>> all_;  // of a set that is considered whole
  std::vector<candidate> under_way_;                    // in the order in which they were asked for
  std::vector<candidate> rows_;                         // what the model was told, each once
  std::vector<bool> has_merit_;
  std::unordered_map<std::string, std::size_t> row_of_;
  std::size_t told_ = 0, looked_at_ = 0;
  bool enough_ = false;
  std::uint64_t proposals_ = 0;
};

}  // namespace hasse
