#include "../support/catch.hpp"

#include <set>

#include <hasse/data/cifar10.hpp>
#include <hasse/data/open.hpp>

#include "files.hpp"

using namespace hasse;

namespace {
/// A CIFAR batch of `count` images; image i is of class i % 10 and grey level `start + i`, with a blue of 255.
std::string batch(int count, int start) {
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes += static_cast<char>(i % 10) + std::string(2048, static_cast<char>(start + i)) + std::string(1024, '\xff');
  return bytes;
}

std::string open_refusal(const std::string& uri, const data_options& options = {}) {
  return test::refusal_of([&] { open_data(uri, options); });
}

/// The first byte of every image of a split: the images of these tests are told apart by it.
std::multiset<int> first_bytes(const image_set& set) {
  std::multiset<int> result;
  for (std::size_t i = 0; i < set.size(); ++i) result.insert(set.image(i)[0]);
  return result;
}
}  // namespace

TEST_CASE("the binary batches of CIFAR-10, in the folder or below it") {
  const test::scratch_folder folder;
  for (int i = 1; i <= 5; ++i)
    folder.write("cifar-10-batches-bin/data_batch_" + std::to_string(i) + ".bin", batch(20, 40 * (i - 1)));
  folder.write("cifar-10-batches-bin/test_batch.bin", batch(10, 220));
  const train_and_test whole = read_cifar10(folder.path);
  CHECK(whole.train.size() == 100);
  CHECK(whole.train.image(21)[0] == 41);
  CHECK(whole.train.image(21)[1] == 41);
  CHECK(whole.train.image(21)[2] == 255);
  CHECK(whole.train.labels[21] == 1);

  const splits data = open_data("cifar10:" + folder.path.string(), {});
  CHECK(data.train.size() == 90);
  CHECK(data.validation.size() == 10);
  CHECK(data.test.size() == 10);
  CHECK(data.train.classes[9] == "truck");
  auto seen = first_bytes(data.train);
  seen.merge(first_bytes(data.validation));
  CHECK(seen == first_bytes(whole.train));
  CHECK(std::set<int>(seen.begin(), seen.end()).size() == 100);  // so the two are disjoint
  std::multiset<int> labels(data.validation.labels.begin(), data.validation.labels.end());
  CHECK(labels == std::multiset<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});

  data_options options;
  CHECK(identity_of(open_data("cifar10:" + folder.path.string(), options)) == identity_of(data));
  options.seed = 2;
  CHECK(first_bytes(open_data("cifar10:" + folder.path.string(), options).validation) != first_bytes(data.validation));
  folder.write("cifar-10-batches-bin/data_batch_6.bin", batch(20, 0));
  CHECK(open_data("cifar10:" + folder.path.string(), {}).about.left_out.at(0).names == std::vector<std::string>{"data_batch_6.bin"});
  options.most_train = 8;
  CHECK_THAT(open_data("cifar10:" + folder.path.string(), options).about.notes.at(0), ContainsSubstring("no training image is of the class "));
  options.most_train = 30, options.most_test = 5;
  const splits few = open_data("cifar10:" + (folder / "cifar-10-batches-bin"), options);
  CHECK(few.train.size() == 30);
  CHECK(few.test.size() == 5);
  CHECK(std::count(few.train.labels.begin(), few.train.labels.end(), std::uint16_t{4}) == 3);
}

TEST_CASE("damaged CIFAR-10 batches") {
  image_set set = empty_images("cifar10", {32, 32, 3}, {});
  const auto refusal = [&](const std::string& bytes) { return test::refusal_of([&] { append_cifar10(bytes, "b.bin", set); }); };
  CHECK_THAT(refusal(batch(1, 0).substr(1)), ContainsSubstring("b.bin: has 3072 bytes, not a multiple of a record's 3073"));
  CHECK_THAT(refusal(""), ContainsSubstring("has 0 bytes"));
  std::string wrong = batch(2, 0);
  wrong[3073] = 10;
  CHECK_THAT(refusal(wrong), ContainsSubstring("has the label 10 at byte 3073"));
  const test::scratch_folder folder;
  CHECK_THAT(open_refusal("cifar10:" + folder.path.string()), ContainsSubstring("data_batch_1.bin: cannot be read"));
}

TEST_CASE("uris and options that cannot be") {
  CHECK_THAT(open_refusal("imagenet:x"),
             ContainsSubstring("\"imagenet:x\" are of no known kind; write synthetic, synthetic:DIFFICULTY, cifar10:DIR, "
                               "folder:DIR_OR_ARCHIVE or idx:DIR"));
  CHECK_THAT(open_refusal(""), ContainsSubstring("no known kind"));
  CHECK_THAT(open_refusal("folder:"), ContainsSubstring("name no place; write folder:DIR"));
  CHECK_THAT(open_refusal("folder"), ContainsSubstring("name no place"));
  CHECK_THAT(open_refusal("synthetic:hard"), ContainsSubstring("\"hard\" is not a number"));
  CHECK_THAT(open_refusal("synthetic:1.5"), ContainsSubstring("outside of 0 to 1"));
  CHECK_THAT(open_refusal("synthetic:nan"), ContainsSubstring("outside of 0 to 1"));
  CHECK_THAT(open_refusal("folder:/nowhere/at/all"), ContainsSubstring("/nowhere/at/all: cannot be read"));
  CHECK_THAT(open_refusal("idx:/nowhere/at/all"), ContainsSubstring("/nowhere/at/all: cannot be listed"));
  data_options options;
  options.wanted = {32, 32, 2};
  CHECK_THAT(open_refusal("synthetic", options), ContainsSubstring("32 x 32 x 2 cannot be had"));
  options = {};
  options.validation_share = 0.5;
  CHECK_THAT(open_refusal("synthetic", options), ContainsSubstring("a validation share of 0.5"));
}

TEST_CASE("synthetic data through open_data") {
  data_options options;
  options.synthetic_train = 40, options.synthetic_validation = 20, options.synthetic_test = 10;
  int reports = 0;
  double last = 0;
  const splits data = open_data("synthetic:0.25", options, [&](const progress_event& event) {
    CHECK(event.fraction >= last);
    last = event.fraction;
    ++reports;
  });
  CHECK(reports >= 2);
  CHECK(last == 1);
  CHECK(data.train.size() == 40);
  CHECK(data.validation.size() == 20);
  CHECK(data.test.size() == 10);
  options.most_train = 20;
  const splits fewer = open_data("synthetic:0.25", options);
  CHECK(fewer.train.size() == 20);
  CHECK(std::equal(fewer.train.pixels.begin(), fewer.train.pixels.end(), data.train.pixels.begin()));
}
