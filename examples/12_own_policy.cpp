// 12: a policy of your own. It trains the cheapest first and gives up on whoever is twice as dear as the best so far.
// The ledger keeps the books: what is open, what was told, the frontier, when to stop.
#include <cstdio>

#include <hasse/hasse.hpp>

using namespace hasse;

using space = search_space<input<3, 16, 16>,
                           stem<conv{.out = 8, .stride = 2}>,
                           stage<basic{.stride = 2}, widths<8, 16, 32>, depth<1, 2>>,
                           head<global_average_pool, linear<10>>>;

// begin: policy
template <Domain Space>
class cheapest_first : public policy_on_ledger<Space> {
 public:
  using candidate = typename Space::candidate;
  using policy_on_ledger<Space>::policy_on_ledger;

  std::optional<candidate> ask() {
    return this->books().ask([&]() -> std::optional<candidate> {
      std::optional<candidate> best;
      this->domain().for_each([&](const candidate& x) {
        if (!this->books().open.taken(x) && (!best || this->domain().cost(x) < this->domain().cost(*best))) best = x;
      });
      const auto& front = this->boundary().points();
      if (best && !front.empty() && this->domain().cost(*best).count > 2 * front.back().cost.count) return std::nullopt;
      if (best) this->books().open.take(*best);
      return best;
    });
  }
};

/// As a value that a search takes.
struct by_price {
  using role = hasse::role::proposing;
  std::string text() const { return "cheapest first"; }
  template <Domain Space>
  cheapest_first<Space> on(const Space& domain, const stop_rule& stop) const { return cheapest_first<Space>(domain, 1, stop); }
};
// end: policy

int main(int argc, char** argv) try {
  const device_name where = device_argument(argc, argv);
  const any_device device = device_of(where);
  any_backend<float> backend = backend_of(where);
  run_folder folder("run_12_own_policy", {{"example", "12_own_policy"}, {"device", device.facts().name}});
  const auto images = open_data("synthetic:0.2", {.wanted = space::image, .synthetic_train = 200, .synthetic_validation = 100, .synthetic_test = 100});
  const auto table = latency_table<space>::load_or_measure(folder.table(), device, {.rounds = 2, .samples = 5, .contexts = 1, .checked = 4});
  const auto train = train_on(backend, images, sgd{.epochs = 1, .batch = 50, .learning_rate = 0.1}, {.folder = folder.checkpoints()});
  // begin: search
  const auto answer = search<space>(table, device, train, images.test, folder, by_price{}, stop_rule{.trainings = 4}, embedding_order{});
  // end: search
  for (std::size_t i = 1; i < answer.report.networks.size(); ++i)
    if (answer.report.networks[i].cost < answer.report.networks[i - 1].cost) std::printf("out of order\n");
  std::printf("%zu trained, %zu on the frontier\n", answer.report.networks.size(), answer.finalists.size());
} catch (const error& refused) {
  return std::fprintf(stderr, "%s\n", refused.what()), 2;
}
