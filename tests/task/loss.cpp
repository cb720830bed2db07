// Cross-entropy against values worked out by hand, its gradient against differences, and logits that overflow a naive softmax.
#include <hasse/task/loss.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <hasse/core/random.hpp>
#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("cross-entropy has the known values", "[train][loss]") {
  const std::vector<double> logits{0, std::log(3.0), 0, 0};
  const int labels[] = {1, 0};
  // row 0: p = (1/4, 3/4), label 1; row 1: p = (1/2, 1/2), label 0
  const batch_loss hard = softmax_cross_entropy(logits.data(), labels, 2, 2, 0.0, static_cast<double*>(nullptr));
  CHECK(hard.loss == Approx((std::log(4.0 / 3) + std::log(2.0)) / 2).epsilon(1e-14));
  CHECK(hard.correct == 2);
  const batch_loss smooth = softmax_cross_entropy(logits.data(), labels, 2, 2, 0.2, static_cast<double*>(nullptr));
  CHECK(smooth.loss == Approx((0.9 * std::log(4.0 / 3) + 0.1 * std::log(4.0) + std::log(2.0)) / 2).epsilon(1e-14));
}

TEST_CASE("the first of equal logits is the answer, so an untrained network is not right everywhere", "[train][loss]") {
  const std::vector<float> logits(6, 1.0f);
  const int labels[] = {0, 2};
  CHECK(softmax_cross_entropy(logits.data(), labels, 2, 3, 0.0, static_cast<float*>(nullptr)).correct == 1);
}

TEST_CASE("the gradient of the loss agrees with central differences", "[train][loss]") {
  const int batch = 5, classes = 7;
  random_source random(3);
  std::vector<double> logits(std::size_t{batch} * classes);
  for (double& value : logits) value = 4 * random.normal();
  std::vector<int> labels;
  for (int n = 0; n < batch; ++n) labels.push_back(static_cast<int>(random.below(classes)));
  for (const double smoothing : {0.0, 0.1}) {
    std::vector<double> gradient(logits.size());
    softmax_cross_entropy(logits.data(), labels.data(), batch, classes, smoothing, gradient.data());
    double worst = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const double kept = logits[i], reach = 1e-5;
      const auto loss_with = [&](double value) {
        logits[i] = value;
        return softmax_cross_entropy(logits.data(), labels.data(), batch, classes, smoothing, static_cast<double*>(nullptr)).loss;
      };
      const double difference = (loss_with(kept + reach) - loss_with(kept - reach)) / (2 * reach);
      logits[i] = kept;
      worst = std::max(worst, std::abs(difference - gradient[i]) / std::max(1e-3, std::abs(gradient[i])));
    }
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("large logits do not overflow, and logits that are not finite show in the loss", "[train][loss]") {
  const int label[] = {1};
  const std::vector<float> far{3e38f, -3e38f, 0.0f};
  std::vector<float> gradient(3);
  const batch_loss large = softmax_cross_entropy(far.data(), label, 1, 3, 0.0, gradient.data());
  CHECK(large.loss == Approx(6e38).epsilon(1e-6));
  CHECK(gradient[0] == 1.0f);
  CHECK(gradient[1] == -1.0f);
  const float infinity = std::numeric_limits<float>::infinity(), nothing = std::numeric_limits<float>::quiet_NaN();
  for (const std::vector<float>& broken :
       {std::vector<float>{infinity, 0, 0}, {0, nothing, 0}, {nothing, 0, 0}, {-infinity, -infinity, -infinity}})
    for (const int asked : {0, 1, 2}) {
      const batch_loss found = softmax_cross_entropy(broken.data(), &asked, 1, 3, 0.1, static_cast<float*>(nullptr));
      CHECK_FALSE(std::isfinite(found.loss));
      CHECK(found.correct == 0);
    }
}
