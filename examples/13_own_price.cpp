// 13: a price of your own, beside a task and a policy of your own, in one search. Killed at any time, the same call goes on.
#include <cstdio>
#include <hasse/hasse.hpp>
using namespace hasse;
using space = search_space<input<3, 16, 16>, stem<conv{.out = 8, .stride = 2}>, stage<basic{.stride = 2}, widths<8, 16>, depth<1, 3>>, head<global_average_pool, linear<1>>>;

struct energy : exact_price {
  double of(const layer_list& layers) const {
    const cost all = cost_of(layers);  // say 5 picojoules a multiply-accumulate, and 80 a number that is written or a weight
    return static_cast<double>(5 * all.macs + 80 * (all.activations + all.parameters())) / 1e6;
  }
  price_unit unit() const { return {"microjoules", "uJ"}; }
};

struct rating : image_task {  // how far from its label the network's only answer is
  static constexpr metric measure{.name = "squared error", .larger_is_better = false};
  std::string text() const { return "rating"; }
  void check(const image_set& set, const layer_list& layers) const { check_shape(set, layers.input); }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const int> wanted, slopes<Scalar> gradient) const {
    double sum = 0;
    for (int n = 0; n < found[0].count; ++n) {
      const double off = static_cast<double>(found[0].of(n)[0]) - wanted[static_cast<std::size_t>(n)];
      sum += off * off / found[0].count;
      if (!gradient.empty()) gradient[0].of(n)[0] = static_cast<Scalar>(2 * off / found[0].count);
    }
    return {sum};
  }
  mean_loss<rating> tally(const normalisation&) const { return mean_loss(*this); }
};

template <Domain Space> struct drawing_twice : policy_on_ledger<Space> {
  using policy_on_ledger<Space>::policy_on_ledger;
  std::optional<typename Space::candidate> draw() { return this->books().open.next([](const auto&) { return false; }); }
  std::optional<typename Space::candidate> ask() {
    return this->books().ask([&] {
      auto one = draw(), other = draw();
      if (other && this->domain().cost(*other) < this->domain().cost(*one)) std::swap(one, other);
      if (other) this->books().open.put_back(*other);
      return one;
    });
  }
};
struct cheaper_of_two {
  using role = hasse::role::proposing;
  std::string text() const { return "the cheaper of two"; }
  template <Domain Space> drawing_twice<Space> on(const Space& domain, const stop_rule& stop) const { return drawing_twice<Space>(domain, 1, stop); }
};

int main() try {
  any_backend<float> backend = backend_of({});
  run_folder folder("run_13_own_price", {{"example", "13_own_price"}});
  const auto images = open_data("synthetic:0.2", {.wanted = space::image, .synthetic_train = 200, .synthetic_validation = 100, .synthetic_test = 100});
  const auto train = train_on(backend, training_data(rating{}, images.train, images.validation), sgd{.epochs = 1, .batch = 50, .learning_rate = 0.01});
  const auto answer = search<space>(energy{}, train, images.test, folder, cheaper_of_two{}, stop_rule{.trainings = 8});
  write_report(folder.report(), answer.report), write_frontier(folder.frontier(), answer.report);
  std::printf("%s", frontier_table(answer.report).c_str());
} catch (const error& refused) {
  return std::fprintf(stderr, "%s\n", refused.what()), 2;
}
