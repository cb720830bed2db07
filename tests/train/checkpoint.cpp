// Checkpoints come back bit for bit; damaged, truncated and foreign ones are refused with a sentence and change nothing.
#include <hasse/train/checkpoint.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include <hasse/core/file.hpp>
#include <hasse/core/random.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/space/layer_list.hpp>
#include "../support/catch.hpp"

using namespace hasse;

namespace {
struct scratch {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("hasse-checkpoint-" + std::to_string(::getpid()));
  scratch() { std::filesystem::create_directories(folder); }
  ~scratch() { std::filesystem::remove_all(folder); }
};

layer_list network(int width) {
  layer_list list{.input = {4, 4, 3}};
  layer_builder<layer_list> build{list};
  build.linear(build.global_average_pool(build.conv_bn(0, width, 3, 1, activation::relu, {})), 5);
  return list;
}

struct training {
  parameters<float> weights;
  aligned_vector<float> momentum;
  explicit training(int width = 6) : weights(network(width)), momentum(weights.values.size()) {}
  std::vector<descent_state<float>> states() { return {{"momentum", momentum}}; }
  void fill() {
    random_source random(5);
    initialise(weights, network(6), random);
    for (const parameter_tensor& tensor : weights.layout.trainable)
      for (std::size_t i = 0; i < tensor.size; ++i) momentum[tensor.offset + i] = static_cast<float>(random.normal());
    for (float& value : weights.of(1, parameter_role::running_mean)) value = static_cast<float>(random.normal());
  }
};

const training_identity whose{"[(6)]", 0x1234, 99, "cpu, 1 thread"};
const training_position where{.epoch = 2,
                              .batch = 7,
                              .loss_sum = 1.0 / 3,
                              .correct = 41,
                              .seconds = 0.1,
                              .curve = {{1, 2.3, 0.1, 0.2, 0.05, 1.5}, {2, 2.1, 0.3, 0.4, 0.04, 1.25}}};
}  // namespace

TEST_CASE("a checkpoint comes back bit for bit", "[train][checkpoint]") {
  scratch place;
  const auto path = place.folder / "net.safetensors";
  training first;
  first.fill();
  save_checkpoint<float>(path, whose, where, first.weights, first.states());
  CHECK(std::filesystem::file_size(path) < detail::largest_checkpoint<float>(first.weights, first.states()));
  static_assert(detail::largest_checkpoint(2'000'000'000, sizeof(float)) > 8'000'000'000);  // no larger network is refused later
  CHECK_THROWS_WITH(write_safetensors(place.folder / "much", {.tensors = {}, .metadata = {{"a", std::string(100, 'a')}}}, 100),
                    ContainsSubstring("more than the 100 that are read back; make the network smaller"));
  CHECK(!std::filesystem::exists(place.folder / "much"));
  training second;
  const training_position at = load_checkpoint<float>(path, whose, second.weights, second.states());
  CHECK(second.weights == first.weights);
  CHECK(second.momentum == first.momentum);
  CHECK(at.epoch == where.epoch);
  CHECK(at.batch == where.batch);
  CHECK(at.loss_sum == where.loss_sum);
  CHECK(at.correct == where.correct);
  CHECK(at.curve == where.curve);
}

TEST_CASE("a checkpoint of another training is refused by what differs", "[train][checkpoint]") {
  scratch place;
  const auto path = place.folder / "net.safetensors";
  training stored;
  stored.fill();
  save_checkpoint<float>(path, whose, where, stored.weights, stored.states());
  training target;
  const parameters<float> before = target.weights;
  const auto refusal = [&](const training_identity& asked, training& into) {
    try {
      load_checkpoint<float>(path, asked, into.weights, into.states());
    } catch (const file_error& sentence) {
      return std::string(sentence.what());
    }
    return std::string();
  };
  CHECK_THAT(refusal({"[(8)]", 0x1234, 99, whose.backend}, target),
             ContainsSubstring("net.safetensors: belongs to a training with architecture \"[(6)]\", not \"[(8)]\""));
  CHECK_THAT(refusal({"[(6)]", 0x1235, 99, whose.backend}, target), ContainsSubstring("configuration"));
  CHECK_THAT(refusal({"[(6)]", 0x1234, 98, whose.backend}, target), ContainsSubstring("seed \"99\", not \"98\""));
  CHECK_THAT(refusal({"[(6)]", 0x1234, 99, "cpu, 2 threads"}, target),
             ContainsSubstring("was begun with \"1 thread\" and this is \"2 threads\", which gives other bits; go on there, "
                               "with the same number of threads"));
  using parts = std::pair<std::string, std::string>;
  CHECK(detail::differing_parts("cpu, a 1, b", "cpu, a 2, b") == parts("a 1", "a 2"));
  CHECK(detail::differing_parts("cpu, a", "cuda, a") == parts("cpu", "cuda"));
  CHECK(detail::differing_parts("cpu, a", "cpu, a, b") == parts("", "b"));
  CHECK(detail::differing_parts("", "cpu, a, a") == parts("", "cpu, a, a"));
  CHECK(detail::differing_parts("a, a", "a") == parts("a", ""));
  CHECK(detail::differing_parts("same", "same") == parts());
  training wider(8);
  CHECK_THAT(refusal(whose, wider), ContainsSubstring("000.convolution.weight"));
  CHECK(target.weights == before);

  write_safetensors(path, {.tensors = {}, .metadata = {{"format", "pt"}}});
  CHECK_THAT(refusal(whose, target), ContainsSubstring("is not a checkpoint of a training; move it away"));
}

TEST_CASE("truncated and bit-flipped checkpoints are refused, whatever was hit", "[train][checkpoint]") {
  scratch place;
  const auto path = place.folder / "net.safetensors";
  training stored;
  stored.fill();
  save_checkpoint<float>(path, whose, where, stored.weights, stored.states());
  const std::string whole = read_file(path);
  training target;
  const parameters<float> before = target.weights;
  random_source random(11);
  int padding = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bytes = whole;
    if (round % 4 == 0)
      bytes.resize(random.below(whole.size()));
    else
      bytes[random.below(whole.size())] ^= static_cast<char>(1u << random.below(8));
    replace_file(path, bytes);
    try {
      load_checkpoint<float>(path, whose, target.weights, target.states());
      // A flip between the blanks that pad the header (blank to tab or line feed) changes nothing that the file says.
      REQUIRE(target.weights == stored.weights);
      REQUIRE(target.momentum == stored.momentum);
      target.weights = before;
      ++padding;
    } catch (const file_error& sentence) {
      REQUIRE_THAT(sentence.what(), ContainsSubstring("net.safetensors"));
      REQUIRE(target.weights == before);
    }
  }
  CHECK(padding < 20);
}

TEST_CASE("architectures name their files, and text that cannot be a name is hashed", "[train][checkpoint]") {
  CHECK(file_name_of("[(32),(64,64)]") == "[(32),(64,64)]");
  CHECK(file_name_of("../../etc/passwd").size() == 16);
  CHECK(file_name_of(std::string(5000, 'x')).size() == 16);
  CHECK(file_name_of("").size() == 16);
}
