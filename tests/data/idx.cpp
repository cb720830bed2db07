#include "../support/catch.hpp"

#include <hasse/data/idx.hpp>
#include <hasse/data/open.hpp>

#include "files.hpp"

using namespace hasse;

namespace {
void write_digits(const test::scratch_folder& folder, bool packed) {
  std::string pixels, labels;
  for (int i = 0; i < 40; ++i) {
    pixels += std::string(4 * 3, static_cast<char>(i));
    labels += static_cast<char>(i % 4);
  }
  const auto write = [&](const std::string& name, const std::string& bytes) {
    folder.write(packed ? name + ".gz" : name, packed ? test::gzip(bytes) : bytes);
  };
  write("train-images-idx3-ubyte", test::idx({40, 4, 3}, pixels));
  write("train-labels-idx1-ubyte", test::idx({40}, labels));
  write("t10k-images-idx3-ubyte", test::idx({8, 4, 3}, pixels.substr(0, 8 * 12)));
  write("t10k-labels-idx1-ubyte", test::idx({8}, labels.substr(0, 8)));
}
}  // namespace

TEST_CASE("idx sets, plain and packed") {
  for (const bool packed : {false, true}) {
    const test::scratch_folder folder;
    write_digits(folder, packed);
    const train_and_test whole = read_idx(folder.path);
    CHECK(whole.train.size() == 40);
    CHECK(whole.test.size() == 8);
    CHECK(whole.train.shape() == feature_shape{4, 3, 1});
    CHECK(whole.train.classes == std::vector<std::string>{"0", "1", "2", "3"});
    CHECK(whole.train.labels[7] == 3);
    CHECK(whole.train.image(17)[5] == 17);
    CHECK_FALSE(whole.train.mirrored_alike);

    data_options options;
    options.wanted = {8, 8, 3};
    options.validation_share = 0.2;
    const splits data = open_data("idx:" + folder.path.string(), options);
    CHECK(data.train.size() == 32);
    CHECK(data.validation.size() == 8);
    CHECK(data.train.shape() == feature_shape{8, 8, 3});
    CHECK_FALSE(data.train.mirrored_alike);
    CHECK(data.test.image(5)[0] == 5);
  }
}

TEST_CASE("more images than this machine can hold in the wanted shape are refused before they are resized") {
  const test::scratch_folder folder;
  constexpr std::uint32_t count = 1'000'000;  // of one pixel here, 50 TB in the wanted shape
  const std::string pixels = test::idx({count, 1, 1}, std::string(count, '\x7f')), labels = test::idx({count}, std::string(count, '\0'));
  for (const char* split : {"train", "t10k"}) {
    folder.write(std::string(split) + "-images", pixels);
    folder.write(std::string(split) + "-labels", labels);
  }
  const auto refusal = test::refusal_of([&] { open_data("idx:" + folder.path.string(), {.wanted = {4096, 4096, 3}}); });
  CHECK_THAT(refusal, ContainsSubstring("MB of memory as 2000000 images, more than this machine can spare"));
}

TEST_CASE("both forms side by side are one set, two sets are too many") {
  const test::scratch_folder folder;
  write_digits(folder, false);
  write_digits(folder, true);
  CHECK(read_idx(folder.path).train.size() == 40);
  folder.write("letters-train-images-idx3-ubyte", "any");
  CHECK_THAT(test::refusal_of([&] { read_idx(folder.path); }),
             ContainsSubstring("has 3 files named *train-images*; put exactly one"));
}

TEST_CASE("what an idx file may not say") {
  const auto refusal = [](const std::string& bytes) { return test::refusal_of([&] { parse_idx(bytes, 1, "f"); }); };
  CHECK(refusal(test::idx({3}, "abc")).empty());
  CHECK_THAT(refusal(test::idx({4}, "abc")), ContainsSubstring("claims more elements"));
  CHECK_THAT(refusal(test::idx({2}, "abc")), ContainsSubstring("1 bytes too many"));
  CHECK_THAT(refusal(test::idx({3, 1}, "abc")), ContainsSubstring("not an idx file of bytes with 1 dimension"));
  CHECK_THAT(test::refusal_of([&] {
               parse_idx(test::idx({0xffffffff, 0xffffffff, 0xffffffff}, "abc"), 3, "f");
             }),
             ContainsSubstring("claims more elements"));
  image_set set;
  CHECK_THAT(test::refusal_of([&] {
               append_idx(test::idx({2, 1, 1}, "ab"), "i", test::idx({1}, "a"), "l", set);
             }),
             ContainsSubstring("l: has 1 labels for 2 images"));
}

TEST_CASE("damaged and oversized gzip streams") {
  const std::string packed = test::gzip(std::string(5000, 'a') + "b");
  CHECK(gunzip(packed, "f").size() == 5001);
  CHECK_THAT(test::refusal_of([&] { gunzip(packed, "f", 4000); }), ContainsSubstring("unpacks to more than the 4000 bytes"));
  CHECK_THAT(test::refusal_of([&] { gunzip(packed.substr(0, packed.size() - 9), "f"); }), ContainsSubstring("is cut off"));
  CHECK_THAT(test::refusal_of([&] { gunzip(packed + "x", "f"); }), ContainsSubstring("goes on after the end"));
  CHECK(test::refusals_of_damage(packed, 1, [](const std::string& damaged) { gunzip(damaged, "f", 100'000); }) > 100);
  const std::string plain = test::idx({2, 2, 1}, "abcd");
  CHECK(test::refusals_of_damage(plain, 1, [](const std::string& damaged) { parse_idx(damaged, 3, "f"); }) > 50);
}
