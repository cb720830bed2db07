// A candidate's result depends on the run's seed and its ordinal only, and no test image can reach a candidate.
#include <hasse/train/candidate_trainer.hpp>

#include <type_traits>

#include <hasse/kernel/cpu.hpp>
#include "../support/catch.hpp"
#include "problem.hpp"

using namespace hasse;

// What candidates are trained with: the training images and the validation images. There is no place for a third set.
static_assert(std::is_constructible_v<candidate_trainer<cpu>, cpu&, training_data<>, recipe>);
static_assert(!std::is_constructible_v<candidate_trainer<cpu>, cpu&, const splits&, recipe>);
static_assert(!std::is_constructible_v<training_data<>, const splits&>);

namespace {
splits small_splits() {
  return {problem::quadrants(96, 1), problem::quadrants(40, 2), {}};  // a test split that nothing could be read from
}
const recipe quick = sgd{.epochs = 2, .batch = 16, .augment = augmentation{}, .seed = 4};
}  // namespace

TEST_CASE("a candidate's outcome does not depend on what was trained before it", "[train][classifier]") {
  cpu backend;
  const splits data = small_splits();
  const auto first = train_on(backend, data, quick), second = train_on(backend, data, quick);
  model alone, after, elsewhere;
  first("b", problem::network(), 1, {}, &alone);
  second("a", problem::network(6), 0);
  const training_outcome outcome = second("b", problem::network(), 1, {}, &after);
  second("c", problem::network(), 2, {}, &elsewhere);
  CHECK(alone.weights == after.weights);
  CHECK(alone.layers == problem::network());
  CHECK(alone.name == "b");
  CHECK_FALSE(alone.weights == elsewhere.weights);
  CHECK(accuracy(backend, after.layers, after.weights, data.validation, second.data().scale, 16) == outcome.score);
}

TEST_CASE("a candidate that was killed leaves one file, and none when it is done", "[train][classifier]") {
  cpu backend;
  const splits data = small_splits();
  const problem::scratch_folder folder("classifier");
  const auto candidates = train_on(backend, data, quick, {.folder = folder.path, .every_seconds = 0});
  model expected, got;
  train_on(backend, data, quick)("[(8)]", problem::network(), 3, {}, &expected);
  int calls = 0;
  CHECK_THROWS_AS(candidates("[(8)]", problem::network(), 3,
                             [&](const progress_event&) {
                               if (++calls == 8) throw 1;
                             }),
                  int);
  CHECK(std::filesystem::exists(folder.path / "[(8)].training.safetensors"));
  CHECK(folder.files() == 1);
  candidates("[(8)]", problem::network(), 3, {}, &got);
  CHECK(folder.files() == 0);
  CHECK(got.weights == expected.weights);
}

TEST_CASE("recipes are told apart by their text, the seed left out", "[train][recipe]") {
  recipe base;
  const std::string text = to_text(base);
  base.seed = 77;
  CHECK(to_text(base) == text);
  base.augment = augmentation{.pad = 4, .flip = true};
  CHECK(to_text(base) != text);
  CHECK_THAT(to_text(base), ContainsSubstring("augmentation pad 4 flip"));
  recipe stepped;
  stepped.schedule = step_decay{.plateaus = 4};
  CHECK_THAT(to_text(stepped), ContainsSubstring("schedule step(4 x 0.1"));
  CHECK(to_text(recipe{.average = 0.998}) == text + ", mean of weights 0.998");
}

TEST_CASE("impossible recipes are refused by the value that is impossible", "[train][recipe]") {
  CHECK_NOTHROW(check(recipe{}));
  CHECK_THROWS_WITH(check(recipe{.batch = 0}), "the batch is 0, but it must be between 1 and 65536");
  CHECK_THROWS_WITH(check(recipe{.learning_rate = -1}), ContainsSubstring("the learning rate is -1"));
  CHECK_THROWS_WITH(check(recipe{.momentum = 1}), ContainsSubstring("the momentum is 1"));
  CHECK_THROWS_WITH(classification{.label_smoothing = 1}.check(), ContainsSubstring("the label smoothing is 1"));
  CHECK_THROWS_WITH(check(recipe{.average = 1}), ContainsSubstring("a mean of weights keeps is 1"));
  CHECK_THROWS_WITH(check(recipe{.epochs = 2, .warmup_epochs = 3}), ContainsSubstring("the warm-up in epochs is 3"));
  CHECK_THROWS_WITH(check(recipe{.schedule = step_decay{.plateaus = 0}}), ContainsSubstring("plateaus"));
}
