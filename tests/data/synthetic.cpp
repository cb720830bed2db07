#include "../support/catch.hpp"

#include <hasse/data/synthetic.hpp>

#include "files.hpp"

using namespace hasse;

TEST_CASE("the drawn images are the same on every machine") {
  CHECK(std::string(hex64(identity_of(draw_synthetic({32, 32, 3}, 0.5, 1, 100))).view()) == "d5271107a574e21c");
  CHECK(std::string(hex64(identity_of(draw_synthetic({32, 32, 3}, 1.0, 2, 100))).view()) == "e11e197286705118");
  CHECK(std::string(hex64(identity_of(draw_synthetic({48, 24, 1}, 0.0, 3, 100))).view()) == "2e4f282e6fb9c97a");
}

TEST_CASE("classes are balanced, and a smaller set begins a larger one") {
  const image_set set = draw_synthetic({16, 16, 3}, 0.5, 7, 95);
  CHECK(set.size() == 95);
  CHECK(set.classes.size() == 10);
  for (std::uint16_t label = 0; label < 10; ++label)
    CHECK(std::count(set.labels.begin(), set.labels.end(), label) == (label < 5 ? 10 : 9));
  CHECK(draw_synthetic({16, 16, 3}, 0.5, 7, 1).size() == 1);
  const image_set less = draw_synthetic({16, 16, 3}, 0.5, 7, 30);
  CHECK(less.size() == 30);
  CHECK(std::equal(less.pixels.begin(), less.pixels.end(), set.pixels.begin()));
}

TEST_CASE("splits are drawn apart, by seed and difficulty") {
  synthetic_options options;
  options.shape = {16, 16, 3};
  options.train = options.validation = options.test = 20;
  const splits data = draw_synthetic(options);
  CHECK(identity_of(data.train) != identity_of(data.validation));
  CHECK(identity_of(data.train) != identity_of(data.test));
  CHECK(identity_of(data.validation) != identity_of(data.test));
  CHECK(identity_of(draw_synthetic(options)) == identity_of(data));
  options.seed = 2;
  CHECK(identity_of(draw_synthetic(options).train) != identity_of(data.train));
  options.seed = 1, options.difficulty = 0.6;
  CHECK(identity_of(draw_synthetic(options).train) != identity_of(data.train));
}

TEST_CASE("what cannot be drawn") {
  CHECK_THAT(test::refusal_of([] { draw_synthetic({32, 32, 3}, -0.1, 1, 10); }), ContainsSubstring("outside of 0 to 1"));
  CHECK_THAT(test::refusal_of([] { draw_synthetic({4, 32, 3}, 0.5, 1, 10); }), ContainsSubstring("4 x 32 x 3 cannot be drawn"));
  CHECK_THAT(test::refusal_of([] { draw_synthetic({32, 32, 3}, 0.5, 1, 0); }), ContainsSubstring("0 synthetic images"));
}
