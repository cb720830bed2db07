// Slimmable training on problems whose answer is known: passes, calibration, batch norms that are shared or switched, the
// sandwich's ends, resume, and the file of a trained network.
#include <hasse/supernet/slimmable_trainer.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/named.hpp>
#include "../support/catch.hpp"
#include "../train/problem.hpp"

using namespace hasse;

namespace {
const image_set easy_train = problem::quadrants(192, 1), easy_validation = problem::quadrants(96, 2);
const recipe short_recipe{.epochs = 3,
                          .batch = 32,
                          .learning_rate = 0.05,
                          .warmup_epochs = 0.5,
                          .augment = augmentation{.pad = 1}};

/// Counts the passes over the first layer of a network.
struct counting_backend : cpu {
  struct step : cpu::training_step {
    int *forwards, *backwards;
    void forward() { ++*forwards, cpu::training_step::forward(); }
    void backward() { ++*backwards, cpu::training_step::backward(); }
  };
  step make_training(const layer& item, int batch, const training_operands<float>& operands) {
    const bool counts = item.in.c == 3;
    return {cpu::make_training(item, batch, operands), counts ? &forwards : &others, counts ? &backwards : &others};
  }
  int forwards = 0, backwards = 0, others = 0;
};

/// Accuracy over a set at a width, with statistics of `batches` batches of the training images.
double accuracy_at(cpu& backend, const slimmable_model& trained, int width, const training_data<>& data, int batches = 6) {
  slimmable<cpu> network(backend, trained, data, {.batches = batches, .batch = 32});
  network.set_width(width);
  network.calibrate();
  return network.evaluate(*data.validation).score;
}

/// The class is the direction of stripes whose place and sign tell nothing: not a linear matter, and harder when they are pale.
image_set stripes(std::size_t count, std::uint64_t seed) {
  image_set set = empty_images("stripes", {8, 8, 3}, {"level", "upright", "falling", "rising"});
  random_source random(seed);
  for (std::size_t n = 0; n < count; ++n) {
    const int label = static_cast<int>(random.below(4)), phase = static_cast<int>(random.below(4)),
              contrast = 16 + static_cast<int>(random.below(40));
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x)
        for (int c = 0; c < 3; ++c) {
          const int along[] = {y, x, x + y, x - y + 8};
          const bool bright = (along[label] + phase) % 4 < 2;
          set.pixels.push_back(static_cast<std::uint8_t>(20 + static_cast<int>(random.below(150)) + (bright ? contrast : 0)));
        }
    set.labels.push_back(static_cast<std::uint16_t>(label));
  }
  return set;
}
const image_set striped_train = stripes(640, 11), striped_validation = stripes(800, 12);
layer_list striped_network() {
  layer_list layers{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  value_id value = list.conv_bn(0, 32, 3, 1, activation::relu, {});
  for (int i = 0; i < 3; ++i) value = basic{.out = 32}.lower(list, value);
  value = basic{.out = 32, .stride = 2}.lower(list, value);
  list.linear(list.global_average_pool(value), 4);
  return layers;
}

template <class Rule>
slimmable_model trained(cpu& backend, const width_family& family, const Rule& rule, const training_data<>& data, int epochs,
                        double* train_accuracy = nullptr) {
  slimmable_trainer<cpu, Rule> training(
      backend, "stripes", family, rule, data,
      {.epochs = epochs, .batch = 32, .learning_rate = 0.03, .warmup_epochs = 1, .augment = augmentation{}}, 3);
  const training_outcome outcome = training.run();
  if (train_accuracy) *train_accuracy = outcome.curve.back().train_correct;
  return training.result();
}
}  // namespace

TEST_CASE("an iteration is four passes forward and backward, and one step", "[slimmable][train]") {
  counting_backend backend;
  const training_data data(easy_train, easy_validation);
  const width_family family(problem::network(16));
  slimmable_trainer<counting_backend, sandwich> training(backend, "net", family, {.least = 500}, data, short_recipe, 7);
  CHECK_THROWS_AS(training.run(problem::stop_after(5)), problem::interrupted);
  CHECK(backend.forwards == 20);
  CHECK(backend.backwards == 20);
}

TEST_CASE("the gradient of an iteration is the sum of its passes' gradients", "[slimmable][train]") {
  reference<double> backend;
  const width_family family(problem::network(16));
  const recipe how{.batch = 4};
  const predefined_widths both{.list = {family.at(1000), family.at(500)}, .distils = false, .share_norms = true};
  const predefined_widths wide{.list = {family.at(1000)}, .distils = false, .share_norms = true},
      narrow{.list = {family.at(500)}, .distils = false, .share_norms = true};
  const int labels[] = {0, 3, 1, 2};
  const auto gradient_of = [&](const predefined_widths& rule) {
    detail::many_widths<reference<double>, classification, predefined_widths> trainee(backend, family, rule, {}, how, 5);
    random_source random(8);
    for (int i = 0; i < 4 * 8 * 8 * 3; ++i) trainee.input()[i] = random.normal();
    trainee.step(labels, 0);
    return std::vector<double>(trainee.gradients(), trainee.gradients() + trainee.weights().values.size());
  };
  const auto sum = gradient_of(both), one = gradient_of(wide), other = gradient_of(narrow);
  for (std::size_t i = 0; i < sum.size(); ++i) CHECK(std::abs(sum[i] - one[i] - other[i]) < 1e-9);
}

TEST_CASE("a slimmable training that was killed anywhere goes on to the same bits", "[slimmable][train]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  const width_family family(problem::network(16));
  const auto check_rule = [&](const auto& rule) {
    using training = slimmable_trainer<cpu, std::remove_cvref_t<decltype(rule)>>;
    training whole(backend, "net", family, rule, data, short_recipe, 5);
    const training_outcome expected = whole.run();
    for (const int killed_after : {1, 4, 6, 11, 17}) {
      CAPTURE(killed_after);
      const problem::scratch_folder folder("slimmable");
      const checkpoint_policy saving{.folder = folder.path, .every_seconds = 0};
      {
        training first(backend, "net", family, rule, data, short_recipe, 5, saving);
        CHECK_THROWS_AS(first.run(problem::stop_after(killed_after)), problem::interrupted);
      }
      training second(backend, "net", family, rule, data, short_recipe, 5, saving);
      const training_outcome outcome = second.run();
      CHECK(second.weights() == whole.weights());
      CHECK(std::equal(second.momentum().begin(), second.momentum().end(), whole.momentum().begin()));
      REQUIRE(outcome.curve.size() == expected.curve.size());
      for (std::size_t i = 0; i < expected.curve.size(); ++i)
        CHECK(outcome.curve[i].validation_score == expected.curve[i].validation_score);
    }
  };
  check_rule(sandwich{.least = 500, .per_group = true});
  check_rule(predefined_widths{.list = {family.at(1000), family.at(500)}});
}

TEST_CASE("another rule is another training", "[slimmable][train]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  const width_family family(problem::network(16));
  const problem::scratch_folder folder("rules");
  const checkpoint_policy saving{.folder = folder.path, .every_seconds = 0};
  using training = slimmable_trainer<cpu, sandwich>;
  {
    training first(backend, "net", family, {.least = 500}, data, short_recipe, 5, saving);
    CHECK_THROWS_AS(first.run(problem::stop_after(2)), problem::interrupted);
  }
  CHECK_THROWS_AS(training(backend, "net", family, {.least = 400}, data, short_recipe, 5, saving), error);
  CHECK_THROWS_AS(training(backend, "net", family, {.least = 500, .distils = false}, data, short_recipe, 5, saving), error);
  cpu two({.threads = 2});
  CHECK_THROWS_WITH(training(two, "net", family, {.least = 500}, data, short_recipe, 5, saving), ContainsSubstring("which gives other bits"));
  CHECK_NOTHROW(training(backend, "net", family, {.least = 500}, data, short_recipe, 5, saving));
  // The same layers at full width, other channels below.
  const width_family kept(problem::network(16), 1000, {.keep_features = true}), wider(problem::network(8), 2000);
  REQUIRE((kept.layers() == family.layers() && wider.layers() == family.layers()));
  CHECK_THROWS_AS(training(backend, "net", kept, {.least = 500}, data, short_recipe, 5, saving), error);
  CHECK_THROWS_AS(training(backend, "net", wider, {.least = 500}, data, short_recipe, 5, saving), error);
}

TEST_CASE("statistics are the mean over batches of the batches' own", "[slimmable][train]") {
  reference<double> backend;
  const training_data data(easy_train, easy_validation);
  const width_family family(problem::network(16));
  slimmable_model net{"net", family, parameters<float>(first_slimmable_weights<double>(family.layers(), 0, 3)), {}, {}};
  const channel_configuration at = family.at(500);
  CHECK_THROWS_WITH(net.extract(at), Catch::Matchers::Contains("calibrate it first"));
  const calibration how{.batches = 3, .batch = 16, .augment = {.pad = 1}, .seed = 9};
  calibrate(backend, classification{}, net, {&at, 1}, easy_train, data.scale, how);

  // By hand: the narrow network alone, whose batch norms keep the last batch's statistics.
  layer_list narrow = family.layers_at(at);
  for (layer& item : narrow.items) item.norm.keep_percent = 0;
  parameters<double> values(cut_out(family.layers(), family.groups(), parameters<double>(net.shared), at));
  training_network<reference<double>> network(backend, narrow, 16, values);
  batch_reader reader(easy_train, data.scale, 16, read_order::training, 9, {.pad = 1});
  std::vector<float> images(16 * easy_train.image_bytes());
  std::vector<int> labels(16);
  std::vector<double> mean(values.statistics.size());
  for (int batch = 0; batch < 3; ++batch) {
    reader.next(images.data(), labels.data());
    std::copy(images.begin(), images.end(), network.input());
    network.forward();
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += values.statistics[i] / 3;
  }
  const model plain = net.extract(at);
  for (std::size_t i = 0; i < mean.size(); ++i)
    CHECK(std::abs(plain.weights.statistics[i] - mean[i]) < 1e-6 * (1 + std::abs(mean[i])));
}

TEST_CASE("a US network works at widths it never saw, once it is calibrated", "[slimmable][train]") {
  cpu backend;
  const training_data images(striped_train, striped_validation);
  const width_family family(striped_network());
  const slimmable_model net = trained(backend, family, sandwich{}, images, 8);
  double known[4];
  int next = 0;
  for (const int width : {250, 500, 750, 1000}) known[next++] = accuracy_at(backend, net, width, images, 30);
  INFO(known[0] << ' ' << known[1] << ' ' << known[2] << ' ' << known[3]);
  CHECK(known[0] > 0.5);
  CHECK(known[3] > known[0] - 0.03);  // wider is not worse, up to the noise of 800 images
  const double unseen = accuracy_at(backend, net, 370, images, 30);
  CHECK(unseen > known[0] + 0.48 * (known[1] - known[0]) - 0.04);
  // Its weights with the statistics of the full width, and with none, are worth little there.
  slimmable_model borrowed = net;
  const channel_configuration at = family.at(370), full = family.full();
  calibrate(backend, classification{}, borrowed, {&full, 1}, striped_train, images.scale, {.batches = 6, .batch = 32});
  const layer_list narrow = family.layers_at(at);
  parameters<float> without = cut_out(family.layers(), family.groups(), net.shared, at);
  CHECK(accuracy(backend, narrow, without, striped_validation, images.scale) < unseen - 0.2);
  for (parameter_tensor tensor : without.layout.statistics) {
    const parameter_tensor& wide = *layout_of(family.layers()).find(tensor.layer, tensor.role);
    std::copy_n(borrowed.statistics.at(full).begin() + static_cast<std::ptrdiff_t>(wide.offset), tensor.size,
                without.of(tensor).begin());
  }
  CHECK(accuracy(backend, narrow, without, striped_validation, images.scale) < unseen - 0.05);
}

TEST_CASE("one batch norm for all widths fails when it is evaluated, one for each does not", "[slimmable][train]") {
  cpu backend;
  const training_data images(striped_train, striped_validation);
  const width_family family(striped_network());
  predefined_widths rule{.list = {family.at(1000), family.at(500), family.at(250)}, .distils = false};
  const auto narrow_accuracy = [&](const slimmable_model& net, int norms) {
    const auto weights = cut_out(family.layers(), family.groups(), net.shared, family.at(250), norms);
    return accuracy(backend, family.layers_at(family.at(250)), weights, striped_validation, images.scale);
  };
  double switched_training = 0, shared_training = 0;
  const slimmable_model switched = trained(backend, family, rule, images, 6, &switched_training);
  CHECK(switched.switched == rule.list);
  const double good = narrow_accuracy(switched, 2);
  CHECK(switched.extract(family.at(250)).weights == cut_out(family.layers(), family.groups(), switched.shared, family.at(250), 2));
  rule.share_norms = true;
  const slimmable_model shared = trained(backend, family, rule, images, 6, &shared_training);
  const double bad = narrow_accuracy(shared, 0);
  INFO(switched_training << ' ' << shared_training << ' ' << good << ' ' << bad);
  CHECK(shared_training > 0.6);  // training looks normal
  CHECK(good > 0.5);
  CHECK(bad < good - 0.2);
}

TEST_CASE("without the ends, the ends are worse", "[slimmable][train]") {
  cpu backend;
  const training_data images(striped_train, striped_validation);
  const width_family family(striped_network());
  const auto accuracies = [&](const sandwich& rule) {
    const slimmable_model net = trained(backend, family, rule, images, 7);
    std::vector<double> all;
    for (const int width : {250, 500, 750, 1000}) all.push_back(accuracy_at(backend, net, width, images, 30));
    return all;
  };
  const auto mean = [](const std::vector<double>& of) { return (of[0] + of[1] + of[2] + of[3]) / 4; };
  const auto with = accuracies({}), without = accuracies({.ends = false}), hard = accuracies({.distils = false});
  INFO(with[0] << ' ' << with[3] << " with, " << without[0] << ' ' << without[3] << " without ends; means " << mean(with) << ' '
               << mean(hard));
  CHECK(with[0] + with[3] > without[0] + without[3] + 0.02);
  CHECK(mean(with) > mean(hard) - 0.03);
}

TEST_CASE("a slimmable network is the same after its file, and a foreign file is refused", "[slimmable][train]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  const width_family family(problem::network(16));
  const problem::scratch_folder folder("slimmable-file");
  std::filesystem::create_directories(folder.path);
  const auto path = folder.path / "net.safetensors";
  for (const int norms : {0, 2}) {
    slimmable_model net{"net", family, first_slimmable_weights<float>(family.layers(), norms, 3), {}, {}};
    if (norms) net.switched = {family.full(), family.at(500)};
    const channel_configuration some[] = {family.at(700), family.parse("0.5 0=9")};
    calibrate(backend, classification{}, net, some, easy_train, data.scale, {.batches = 2, .batch = 8});
    write_slimmable(path, net);
    const slimmable_model back = read_slimmable(path, "net", family);
    CHECK(back.shared == net.shared);
    CHECK(back.switched == net.switched);
    CHECK(back.statistics == net.statistics);
    CHECK_THROWS_AS(read_slimmable(path, "other", family), error);
    CHECK_THROWS_AS(read_slimmable(path, "net", width_family(problem::network(24))), error);
  }
  // Good checksums over nonsense: sets of batch norms and channels that are not there.
  const auto read_with = [&](const char* key, const std::string& value, const std::string& renamed) {
    tensor_file file = read_safetensors(path);
    if (key) file.metadata[key] = value;
    const auto calibrated =
        std::ranges::find_if(file.tensors, [](const named_tensor& tensor) { return tensor.name.starts_with("calibrated "); });
    if (!renamed.empty()) calibrated->name = renamed;
    file.metadata["checksum"] = hex64(detail::content_hash(file)).view();
    write_safetensors(folder.path / "odd.safetensors", file);
    return read_slimmable(folder.path / "odd.safetensors", "net", family);
  };
  using Catch::Matchers::Contains;
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "16 ";
  CHECK_THROWS_WITH(read_with("switched", many, ""), Contains("more widths than it has batch norms for"));
  CHECK_THROWS_WITH(read_with("switched", "17", ""), Contains("odd.safetensors: names channels that the network cannot have"));
  CHECK_THROWS_WITH(read_with(nullptr, "", "calibrated 8,8"), Contains("cannot have"));
  tensor_file other;
  other.metadata["format"] = "something else";
  write_safetensors(path, other);
  CHECK_THROWS_WITH(read_slimmable(path, "net", family), Catch::Matchers::Contains("no slimmable network"));
}

TEST_CASE("what cannot be trained at many widths is refused in a sentence", "[slimmable][train]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  const width_family family(problem::network(16));
  using training = slimmable_trainer<cpu, sandwich>;
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(training(backend, "net", family, {.most = 1100}, data, short_recipe, 5), Contains("up to 1.0"));
  recipe large = short_recipe;
  large.batch = 128;
  CHECK_THROWS_WITH(training(backend, "net", family, {}, data, large, 5), Contains("fewer than one batch of 128"));
  recipe averaged = short_recipe;
  averaged.average = 0.9;
  CHECK_THROWS_WITH(training(backend, "net", family, {}, data, averaged, 5), Contains("leave recipe::average at 0"));
  slimmable_model net{"net", family, first_slimmable_weights<float>(family.layers(), 0, 3), {}, {}};
  slimmable<cpu> use(backend, net, data);
  CHECK_THROWS_WITH(use.set_width(1001), Contains("up to 1.0"));
  CHECK_THROWS_WITH(use.evaluate(easy_validation), Contains("calibrate it first"));
  CHECK_THROWS_WITH(use.set_width(-5), Contains("-0.005"));
  CHECK_THROWS_WITH(use.set({{16, 17}}), Contains("channel group"));
  const predefined_widths twice{.list = {family.at(1000), family.at(520), family.at(500)}};
  CHECK_THROWS_WITH((slimmable_trainer<cpu, predefined_widths>(backend, "net", family, twice, data, short_recipe, 5)),
                    Contains("listed twice"));
}
