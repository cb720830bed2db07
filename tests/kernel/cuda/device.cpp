#include <hasse/kernel/cuda/device.hpp>

#include "catch.hpp"

int nine_on_device();

TEST_CASE("CUDA devices are described, or a sentence says what is missing") {
  try {
    for (const auto& device : hasse::cuda_devices()) {
      CAPTURE(device.id);
      CHECK(!device.name.empty());
      CHECK(device.memory > 0);
      CHECK(device.driver >= device.runtime);
    }
    CHECK(nine_on_device() == 9);
  } catch (const hasse::error& refusal) {
    CHECK_THAT(refusal.what(), ContainsSubstring("no CUDA device answers") && ContainsSubstring("use the cpu backend"));
    CHECK(nine_on_device() < 0);
  }
}
