// The laws of domains, policies and evaluators: what ships keeps them, and each is broken once.
#include <hasse/laws/domain.hpp>
#include <hasse/laws/evaluator.hpp>
#include <hasse/laws/policy.hpp>

#include <string>
#include <vector>

#include <hasse/search/choices.hpp>
#include <hasse/search/space_domain.hpp>
#include <hasse/search/tabular.hpp>

#include "../search/code_domain.hpp"
#include "../search/macro_table.hpp"
#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
using small = search_space<input<3, 8, 8>, stem<conv{.out = 4}>, stage<basic{.stride = 2}, widths<4, 8>, depth<1, 3>>,
                           stage<basic{.stride = 2}, widths<4, 8, 16>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
std::vector<ticks> costs() {
  std::vector<ticks> all;
  for (int part = 0; part < part_count<small>; ++part) all.push_back({10 + 3 * part});
  return all;
}

/// A domain with one fault.
enum class fault { none, size, text, parse, negative, nonsense, reflexive, antisymmetric, transitive, elsewhere, skewed, unsteady, neighbour };
struct bent : test::code_domain {
  fault how = fault::none;
  explicit bent(fault of) : how(of) {}
  count_type size() const { return codes.size() + (how == fault::size); }
  std::string text(candidate x) const { return how == fault::text && x.index == 3 ? test::code_domain::text({4}) : test::code_domain::text(x); }
  candidate parse(std::string_view text) const {
    if (how == fault::nonsense && text.empty()) return {0};
    const candidate x = test::code_domain::parse(text);
    return how == fault::parse && x.index == 5 ? candidate{6} : x;
  }
  ticks cost(candidate x) const { return how == fault::negative && x.index == 2 ? ticks{-1} : test::code_domain::cost(x); }
  bool precedes(candidate x, candidate y) const {
    if (how == fault::reflexive && x == y) return x.index != 7;
    if (how == fault::antisymmetric) return true;
    if (how == fault::transitive) return x == y || y.index == (x.index + 1) % static_cast<int>(codes.size()) || (y.index > x.index && y.index < x.index + 40);
    return test::code_domain::precedes(x, y);
  }
  candidate sample(random_source& random) const {
    static int calls = 0;
    const candidate x = test::code_domain::sample(random);
    if (how == fault::skewed) return {x.index / 2};
    if (how == fault::unsteady) return {(x.index + ++calls) % static_cast<int>(codes.size())};
    return x;
  }
  candidate mutate(candidate x, random_source& random) const {
    static int calls = 0;
    return how == fault::neighbour ? candidate{++calls % static_cast<int>(codes.size())} : test::code_domain::mutate(x, random);
  }
};

/// The same with coordinates and children, which it need not have.
enum class slant { none, short_place, no_share, no_size, chance };
struct located : test::code_domain {
  slant how = slant::none;
  explicit located(slant of) : test::code_domain(1, {ticks{0}, ticks{200}}), how(of) {}
  coordinates coordinates_of(candidate x) const {
    coordinates place{.levels = {static_cast<double>(x.index) / static_cast<double>(codes.size())}, .counts = {0.5}, .sizes = {3}};
    if (x.index != 7) return place;
    if (how == slant::short_place) place.counts.clear();
    if (how == slant::no_share) place.levels[0] = 1.5;
    if (how == slant::no_size) place.sizes[0] = 0;
    return place;
  }
  candidate cross(candidate x, candidate y, random_source& random) const {
    static int calls = 0;
    if (how == slant::chance) return ++calls % 2 ? x : y;
    return random.below(2) ? x : y;
  }
  std::string text(candidate x) const { return x.index < 0 ? "elsewhere" : test::code_domain::text(x); }
};
struct bearing_elsewhere : located {
  using located::located;
  candidate cross(candidate, candidate, random_source&) const { return {-1}; }
};

/// Random search with one fault.
enum class slip { none, repeats, endless, silent_end, forgets, outside, loses_released, wrong_front, wrong_hash, wrong_count, by_chance, pruned, over_budget, retakes_other, retakes_half };
template <Domain Space>
struct slipping : policy_on_ledger<Space> {
  using candidate = typename Space::candidate;
  using base = policy_on_ledger<Space>;
  slip how;
  std::uint64_t chance;
  std::vector<trained<candidate>> none{};
  frontier<candidate> empty{};
  std::optional<candidate> first{}, released{};

  slipping(const Space& domain, slip of, std::uint64_t seed, const stop_rule& stop)
      : base(domain, seed, of == slip::over_budget ? stop_rule{} : stop), how(of), chance(seed) {}
  std::optional<candidate> ask() {
    if (how == slip::repeats && this->done().size() == 5) return this->done()[0].candidate;
    const auto x = this->books().ask([&] {
      auto next = this->books().open.next([](const candidate&) { return false; });
      if (how == slip::loses_released && released && next == released) next = this->books().open.next([](const candidate&) { return false; });
      return next;
    });
    if (!first) first = x;
    return x || how != slip::endless ? x : first;
  }
  /// Where it retakes half, x is not under way, and asked for once more.
  std::optional<candidate> retake(const candidate& x) {
    if (how == slip::retakes_other) {
      (void)this->books().open.next([](const candidate&) { return false; });
      return this->books().open.next([](const candidate&) { return false; });
    }
    if (how == slip::retakes_half) (void)ask();
    return this->books().ask([&]() -> std::optional<candidate> { return this->books().open.take(x) ? std::optional(x) : this->books().open.next([](const candidate&) { return false; }); });
  }
  void release(const candidate& x) { released = x, base::release(x); }
  const std::vector<trained<candidate>>& done() const { return how == slip::forgets ? none : base::done(); }
  const frontier<candidate>& boundary() const { return how == slip::wrong_front ? empty : base::boundary(); }
  search_end end() const { return how == slip::silent_end ? search_end::none : base::end(); }
  std::uint64_t state_hash() const { return base::state_hash() + (how == slip::wrong_hash ? chance : 0); }
  std::optional<count_type> pruned() const { return how == slip::wrong_count ? 1 : 0; }
  bool is_pruned(const candidate& x) const { return how == slip::pruned && first == x; }
};
struct slipping_value {
  using role = hasse::role::proposing;
  slip how = slip::none;
  std::string text() const { return "slipping"; }
  template <Domain Space>
  slipping<Space> on(const Space& domain, const stop_rule& stop) const {
    static std::uint64_t calls = 0;
    return slipping<Space>(domain, how, how == slip::by_chance || how == slip::wrong_hash ? ++calls : 1, stop);
  }
};

/// An evaluator with one fault.
struct graded {
  const test::code_domain* domain;
  int kind = 0;  ///< 1: not finite, 2: not the same twice, 3: by what came before, 4: two lines, 5: another configuration each
  int calls = 0;
  test::code_domain::candidate before{};
  std::string text{};

  outcome evaluate(test::code_domain::candidate x, std::size_t ordinal) {
    ++calls;
    double merit = domain->accuracy(x) + 1e-3 * static_cast<double>(ordinal);
    if (kind == 1) merit = std::numeric_limits<double>::infinity();
    if (kind == 2) merit += calls;
    if (kind == 3) merit += before.index, before = calls % 2 ? before : x;
    return {merit, kind == 4 ? "one\ntwo" : "one"};
  }
  std::string configuration() const { return "graded" + text; }
};
}  // namespace

TEST_CASE("domains keep their laws", "[laws]") {
  CHECK(broken_law(space_domain<small>(costs(), {})) == "");
  CHECK(broken_law(space_domain<small, embedding_order>(costs(), {{60}, {130}})) == "");
  CHECK(broken_law(test::code_domain(3)) == "");
  const tabular_benchmark table = parse_benchmark(test::macro_table(1), "table");
  for (const tabular_order order : {tabular_order::strict, tabular_order::embedding}) CHECK(broken_law(tabular_domain(table, order)) == "");
}

TEST_CASE("a domain that breaks a law is told which", "[laws]") {
  const std::vector<std::pair<fault, const char*>> faults{
      {fault::none, ""}, {fault::size, "size: "}, {fault::text, "text: two"}, {fault::parse, "parse: "}, {fault::negative, "cost: "},
      {fault::nonsense, "is taken for a candidate"}, {fault::reflexive, "does not precede itself"}, {fault::antisymmetric, "antisymmetric"},
      {fault::transitive, "transitive"}, {fault::skewed, "draw uniformly"}, {fault::unsteady, "sample: equal random sources"},
      {fault::neighbour, "mutate: equal random sources"}};
  for (const auto& [how, sentence] : faults) {
    const std::string broken = broken_law(bent(how));
    INFO(static_cast<int>(how));
    if (how == fault::none) CHECK(broken == "");
    else CHECK_THAT(broken, ContainsSubstring(sentence));
  }
}

TEST_CASE("coordinates and children keep laws, too", "[laws]") {
  const std::vector<std::pair<slant, const char*>> slants{{slant::none, ""}, {slant::short_place, "equally many"}, {slant::no_share, "0 to 1"},
                                                          {slant::no_size, "positive"}, {slant::chance, "cross: equal random sources"}};
  for (const auto& [how, sentence] : slants) {
    const std::string broken = broken_law(located(how));
    INFO(static_cast<int>(how));
    if (how == slant::none) CHECK(broken == "");
    else CHECK_THAT(broken, ContainsSubstring(sentence));
  }
  CHECK_THAT(broken_law(bearing_elsewhere(slant::none)), ContainsSubstring("elsewhere is not admissible"));
}

TEST_CASE("policies keep their laws", "[laws]") {
  const space_domain<small> domain(costs(), {});
  const test::code_domain codes(2);
  const auto keep = [](const auto& how, const auto& on) {
    INFO(how.text());
    CHECK(broken_law(how, on) == "");
  };
  const auto everywhere = [&](const auto& how) { keep(how, domain), keep(how, codes); };
  everywhere(pruning{}), everywhere(pruning{.margin = 30}), everywhere(pruning{}.excluding());
  everywhere(at_random{.seed = 4}), everywhere(evolution{.population = 6, .tournament = 3});
  everywhere(shipped_proposer{evolution{.population = 6, .tournament = 3}});
  const test::code_domain few(2, {ticks{0}, ticks{150}});
  keep(model_guided{.best = 4000, .beginning = 4}, few), keep(shipped_proposer{model_guided{.candidates = 4, .consider_all = 0}}, few);
}

TEST_CASE("a policy that breaks a law is told which", "[laws]") {
  const std::vector<std::pair<slip, const char*>> slips{
      {slip::none, ""}, {slip::repeats, "twice"}, {slip::endless, "when all are trained"}, {slip::silent_end, "end: ask gives nothing"},
      {slip::forgets, "done: "}, {slip::wrong_front, "boundary: "}, {slip::wrong_hash, "ask: two of the same options"}, {slip::wrong_count, "pruned: it counts 1"},
      {slip::by_chance, "ask: two of the same options"}, {slip::pruned, "which it calls pruned"}, {slip::loses_released, "release: "}, {slip::over_budget, "stop_rule: "},
      {slip::retakes_other, "retake: it does not give"}, {slip::retakes_half, "retake: "}};
  const test::code_domain domain(2);
  for (const auto& [how, sentence] : slips) {
    const std::string broken = broken_law(slipping_value{how}, domain);
    INFO(static_cast<int>(how));
    if (how == slip::none) CHECK(broken == "");
    else CHECK_THAT(broken, ContainsSubstring(sentence));
  }
}

TEST_CASE("evaluators keep their laws, and one that breaks them is told which", "[laws]") {
  const test::code_domain domain(2);
  const char* sentences[] = {"", "is no finite number", "another outcome when it is evaluated again", "depends on what was evaluated before", "several lines", "configuration: "};
  for (int kind = 0; kind < 6; ++kind) {
    int made = 0;
    const std::string broken = broken_law([&] { return graded{.domain = &domain, .kind = kind, .text = kind == 5 ? std::to_string(++made) : ""}; }, domain);
    INFO(kind);
    if (kind == 0) CHECK(broken == "");
    else CHECK_THAT(broken, ContainsSubstring(sentences[kind]));
  }
}
