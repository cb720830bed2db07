// Super-resolution, trained: all widths get better than bicubic interpolation, a kill changes nothing, networks leave as ONNX.
#include <hasse/supernet/slimmable_trainer.hpp>
#include <hasse/task/super_resolution.hpp>

#include <stdexcept>
#include <string>

#include <hasse/kernel/cpu.hpp>
#include <hasse/result/onnx.hpp>

#include "../support/catch.hpp"
#include "edges.hpp"
#include "problem.hpp"

using namespace hasse;

namespace {
const image_set train_edges = problem::edges(480, 1, 24), validation_edges = problem::edges(60, 2, 24);
const recipe how{.epochs = 2, .batch = 4, .learning_rate = 0.1, .decay = 0, .largest_gradient = 1};

}  // namespace

TEST_CASE("all widths beat bicubic interpolation on edges, and plain networks cut out say the same", "[super_resolution]") {
  cpu backend;
  const training_data data(super_resolution{}, train_edges, validation_edges);
  const width_family family(problem::enlarging(problem::tiny, 12));
  recipe longer = how;
  longer.epochs = 6;
  std::string said;
  slimmable_trainer<cpu, sandwich, super_resolution> training(backend, "wdsr", family, sandwich{.least = 500, .passes = 3, .distils = false},
                                                   data, longer, 7);
  const training_outcome outcome = training.run([&](const progress_event& event) { said = event.doing; });
  CHECK_THAT(said, ContainsSubstring(" dB"));
  CHECK_FALSE(outcome.diverged);
  const slimmable_model made = training.result();
  const evaluation bicubic = evaluate_bicubic(validation_edges, data.scale);
  for (const int width : {1000, 700, 500}) {
    const evaluation found = evaluate(backend, data.task, made.extract(family.at(width)), validation_edges, data.scale, 16);
    INFO(width << ": " << found.score << " dB, bicubic " << bicubic.score);
    CHECK(found.score > bicubic.score + 0.1);
    CHECK(found.loss < bicubic.loss);
    if (width == 1000) CHECK(found.score == Approx(outcome.score).margin(1e-3));
  }
  CHECK(outcome.curve.back().loss < outcome.curve.front().loss);
}

TEST_CASE("what interpolates stays bicubic, weight decay or not", "[super_resolution]") {
  cpu backend;
  const training_data data(super_resolution{}, train_edges, validation_edges);
  const width_family family(problem::enlarging(problem::tiny, 12));
  recipe pulling = how;
  pulling.epochs = 1, pulling.decay = 0.01;
  slimmable_trainer<cpu, sandwich, super_resolution> training(backend, "wdsr", family, sandwich{}, data, pulling, 7);
  const parameters<float> first = training.weights();
  training.run();
  int fixed = 0;
  for (const parameter_tensor& tensor : first.layout.trainable) {
    if (tensor.role != parameter_role::weight || !detail::interpolates(family.layers(), tensor.layer)) continue;
    ++fixed;
    const auto before = first.of(tensor.layer, tensor.role), after = training.weights().of(tensor.layer, tensor.role);
    CHECK(std::equal(before.begin(), before.end(), after.begin()));
  }
  CHECK(fixed == 1);
}

TEST_CASE("a training that was cut off ends with the same weights", "[super_resolution]") {
  cpu backend;
  const training_data data(super_resolution{}, train_edges, validation_edges);
  const width_family family(problem::enlarging(problem::tiny, 12));
  const sandwich rule{.least = 500};
  slimmable_trainer<cpu, sandwich, super_resolution> whole(backend, "wdsr", family, rule, data, how, 7);
  whole.run();
  const problem::scratch_folder folder("super-resolution");
  const checkpoint_policy saving{.folder = folder.path, .every_seconds = 0};
  {
    int left = 29;
    slimmable_trainer<cpu, sandwich, super_resolution> first(backend, "wdsr", family, rule, data, how, 7, saving);
    CHECK_THROWS_AS(first.run([&](const progress_event&) {
      if (--left == 0) throw problem::interrupted();
    }),
                    problem::interrupted);
  }
  const sandwich other{.least = 500, .distils = false};
  using trainer_type = slimmable_trainer<cpu, sandwich, super_resolution>;
  CHECK_THROWS_WITH(trainer_type(backend, "wdsr", family, other, data, how, 7, saving), ContainsSubstring("configuration"));
  cpu two({.threads = 2});
  CHECK_THROWS_WITH(trainer_type(two, "wdsr", family, rule, data, how, 7, saving), ContainsSubstring("which gives other bits"));
  trainer_type second(backend, "wdsr", family, rule, data, how, 7, saving);
  CHECK(second.position().batch == 29);
  const training_outcome outcome = second.run();
  CHECK(second.weights() == whole.weights());
  CHECK(outcome.curve.size() == 2);
  CHECK(folder.files() == 0);
}

TEST_CASE("an extracted width leaves as ONNX with its pixels rearranged", "[super_resolution]") {
  const width_family family(problem::enlarging(problem::tiny, 12));
  const slimmable_model made{"wdsr", family, detail::first_weights<float>(family.layers(), 1), {}, {}};
  const model narrow = made.extract(family.at(500));
  CHECK(narrow.layers.items.front().out.c == 8);
  CHECK(narrow.layers.items.back().out == feature_shape{24, 24, 3});
  const std::string file = onnx_bytes(narrow);
  CHECK_THAT(file, ContainsSubstring("DepthToSpace"));
  CHECK_THAT(file, ContainsSubstring("blocksize"));
  CHECK_THAT(file, ContainsSubstring("DCR"));
  CHECK(file.find("BatchNormalization") == std::string::npos);
  CHECK(file.size() > narrow.weights.values.size() * sizeof(float) / 2);
}

TEST_CASE("networks and images that do not fit are refused in a sentence", "[super_resolution]") {
  cpu backend;
  const training_data data(super_resolution{}, train_edges, validation_edges);
  const auto refusal = [&](const layer_list& layers) {
    try {
      const width_family family(layers);
      slimmable_trainer<cpu, sandwich, super_resolution> refused(backend, "net", family, sandwich{}, data, how, 1);
    } catch (const error& refused) {
      return std::string(refused.what());
    }
    return std::string();
  };
  CHECK_THAT(refusal(problem::network()), ContainsSubstring("none for super-resolution"));
  CHECK_THAT(refusal(problem::enlarging(problem::tiny, 16)), ContainsSubstring("are 24x24x3 but the network makes 32x32x3"));
  layer_list norms{.input = {12, 12, 3}, .items = {}};
  layer_builder<layer_list> list{norms};
  list.depth_to_space(list.convolution(list.conv_bn(0, 16, 3, 1, activation::relu, {}), 12, 3), 2);
  CHECK_THAT(refusal(norms), ContainsSubstring("batch norm"));
  CHECK_THROWS_WITH(evaluate_bicubic(problem::edges(2, 1, 9), data.scale), ContainsSubstring("even height and width"));
}
