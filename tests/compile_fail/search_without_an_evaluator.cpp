// expect: hasse: search<Space>(costs, trainer, journal, parts...) needs an Evaluator behind the costs, and something else stands there (the arguments are named in this message); give a variable of a type with evaluate(candidate, ordinal), which gives an outcome
// expect: forgetful
#include <hasse/search/search.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
struct forgetful {
  void evaluate(const architecture<space>&, std::size_t) {}
};
void go(std::span<const ticks> costs, forgetful& train) { search<space>(costs, train, nullptr, stop_rule{.trainings = 3}); }
