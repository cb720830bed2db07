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

TEST_CASE("labels that do not occur are no classes, and are named") {
  const test::scratch_folder folder;
  std::string labels;
  for (int i = 0; i < 40; ++i) labels += static_cast<char>(i % 4 == 3 ? 5 : 1 + i % 4);  // 1, 2, 3, 5
  for (const char* split : {"train", "t10k"}) {
    folder.write(std::string(split) + "-images", test::idx({40, 1, 1}, labels));
    folder.write(std::string(split) + "-labels", test::idx({40}, labels));
  }
  folder.write("mapping.txt", "1 A");
  const train_and_test whole = read_idx(folder.path);
  CHECK(whole.train.classes == std::vector<std::string>{"1", "2", "3", "5"});
  CHECK((whole.train.labels[0] == 0 && whole.train.labels[3] == 3));
  CHECK_THAT(whole.about.notes.at(0), ContainsSubstring("no image has the label 0, 4: the 4 labels that occur are the classes, the first of them 1"));
  CHECK(whole.about.left_out.at(0).names == std::vector<std::string>{"mapping.txt"});
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
  CHECK_THAT(refusal, ContainsSubstring("MB of memory as 2000000 images, more than can be spared of"));
}

TEST_CASE("images that a container has no memory for are refused before they are read") {
  const test::scratch_folder root;
  root.write("proc/self/cgroup", "0::/\n");
  root.write("proc/self/mountinfo", "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.write("sys/fs/cgroup/memory.max", "62914560\n");
  root.write("sys/fs/cgroup/memory.current", "1048576\n");
  detail::check_memory("photos", 200, {224, 224, 3}, root.path);
  CHECK_THAT(test::refusal_of([&] { detail::check_memory("photos", 600, {224, 224, 3}, root.path); }),
             ContainsSubstring("photos: needs 90 MB of memory as 600 images, more than can be spared of 59 MiB (left of the 60 MiB of "
                               "its control group); limit the number of images"));
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
  const auto read = [](const std::string& bytes) { return read_idx_file(memory_source(bytes), 1, "f"); };
  const auto refusal = [&](const std::string& bytes) { return test::refusal_of([&] { read(bytes); }); };
  const std::string plain = test::idx({5001}, std::string(5000, 'a') + "b"), packed = test::gzip(plain);
  CHECK(read(packed) == plain);
  CHECK(read(plain) == plain);
  CHECK(read(packed + std::string(512, '\0')) == plain);
  CHECK_THAT(refusal(packed.substr(0, packed.size() - 9)), ContainsSubstring("is cut off"));
  CHECK_THAT(refusal(packed + "x"), ContainsSubstring("f: is cut off"));
  CHECK_THAT(refusal(plain + "x"), ContainsSubstring("goes on after the elements that it claims"));
  CHECK_THAT(refusal(test::gzip(std::string(1 << 20, '\0'))), ContainsSubstring("not an idx file of bytes"));
  CHECK_THAT(refusal(test::gzip(test::idx({5}, std::string(1 << 20, 'a')))), ContainsSubstring("goes on after the elements that it claims"));
  CHECK_THAT(refusal(test::gzip(test::idx({0xffffffff}, "abc"))), ContainsSubstring("claims more elements than its"));
  CHECK(test::refusals_of_damage(packed, 1, read) > 100);
  const std::string pair = test::idx({2, 2, 1}, "abcd");
  CHECK(test::refusals_of_damage(pair, 1, [](const std::string& damaged) { parse_idx(damaged, 3, "f"); }) > 50);
}

TEST_CASE("a packed file that claims little is not unpacked beyond it") {
  const std::string bomb = test::gzip(test::idx({5}, std::string(std::size_t{1} << 26, 'a')));
  struct counting_source : memory_source {
    using memory_source::memory_source;
    mutable std::uint64_t furthest = 0;
    std::size_t read_at(std::uint64_t offset, char* to, std::size_t count) const override {
      furthest = std::max(furthest, offset + count);
      return memory_source::read_at(offset, to, count);
    }
  } source(bomb);
  REQUIRE(bomb.size() > 60'000);
  CHECK_THAT(test::refusal_of([&] { read_idx_file(source, 1, "f"); }), ContainsSubstring("goes on after the elements"));
  CHECK(source.furthest <= 1 << 15);
}
