// Memory of a device as networks and trainings use it, on the processor that pretends to be one; and the same calls without a
// device.
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/cuda/programs/accelerator.hpp>

#include <csetjmp>
#include <csignal>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "pretend_device.hpp"

namespace {

using namespace hasse;
using testing::pretend_device;

struct world {
  pretend_device stream;
  detail::gpu::stream_accelerator<float, pretend_device> device{stream};
};

std::vector<float> counted(std::size_t size) {
  std::vector<float> made(size);
  std::iota(made.begin(), made.end(), 1.0f);
  return made;
}

std::vector<float> brought(device_memory* where, const float* from, std::size_t size) {
  std::vector<float> made(size, -1);
  copy_out<float>(where, made, from);
  return made;
}

sigjmp_buf landing;
void jump_back(int) { siglongjmp(landing, 1); }

/// Whether the machine stops who reads there.
bool is_closed(const volatile float* at) {
  struct sigaction jumps {
  }, before{};
  jumps.sa_handler = jump_back;
  sigaction(SIGSEGV, &jumps, &before);
  bool closed = true;
  if (sigsetjmp(landing, 1) == 0) {
    static_cast<void>(*at);
    closed = false;
  }
  sigaction(SIGSEGV, &before, nullptr);
  return closed;
}

TEST_CASE("arrays of a device begin with zeros, are filled and read by copies, and are given back") {
  world at;
  for (device_memory* const where : {static_cast<device_memory*>(&at.device), static_cast<device_memory*>(nullptr)}) {
    INFO((where ? "device" : "processor"));
    const std::size_t held = at.stream.held();
    {
      backend_array<float> first(where, 100), empty(where, 0);
      CHECK(empty.size() == 0);
      CHECK(brought(where, first.data(), 100) == std::vector<float>(100));
      copy_in<float>(where, first.data(), counted(100));
      backend_array<float> second(std::move(first));
      CHECK(first.size() == 0);
      CHECK(brought(where, second.data(), 100) == counted(100));
      backend_array<float> third(where, 100);
      copy_within<float>(where, third.data(), second.data(), 100);
      clear_at<float>(where, second.data() + 50, 50);
      CHECK(brought(where, third.data(), 100) == counted(100));
      std::vector<float> half = counted(100);
      std::fill(half.begin() + 50, half.end(), 0.0f);
      CHECK(brought(where, second.data(), 100) == half);
      third = std::move(second);
      CHECK(brought(where, third.data(), 100) == half);
      CHECK(is_closed(third.data()) == (where != nullptr));
    }
    CHECK(at.stream.held() == held);
  }
}

TEST_CASE("mirrored values are one on the processor, and brought there and back on a device") {
  world at;
  std::vector<float> values = counted(20);
  {
    mirrored<float> here(nullptr, values);
    CHECK(here.data() == values.data());
    here.push(), here.pull();
    CHECK(values == counted(20));
  }
  mirrored<float> there(&at.device, values);
  CHECK(brought(&at.device, there.data(), 20) == counted(20));
  values[3] = 7;
  CHECK(brought(&at.device, there.data(), 20) == counted(20));
  there.push();
  CHECK(brought(&at.device, there.data(), 20)[3] == 7);
  clear_at<float>(&at.device, there.data(), 20);
  CHECK(values[3] == 7);
  there.pull();
  CHECK(values == std::vector<float>(20));
}

TEST_CASE("staged values are the place itself on the processor, a copy on a device") {
  world at;
  std::vector<float> values = counted(20);
  staged<float> here, there(&at.device);
  CHECK(here.read(values.data(), 20) == values.data());
  here.write(values.data(), 20, [](float* to) { to[0] = 5; });
  CHECK(values[0] == 5);
  backend_array<float> array(&at.device, 20);
  there.write(array.data(), 20, [](float* to) { std::iota(to, to + 20, 1.0f); });
  const float* const read = there.read(array.data(), 20);
  CHECK(std::vector<float>(read, read + 20) == counted(20));
}

TEST_CASE("what is repeated is recorded once, and again after it was forgotten or scratch memory moved") {
  world at;
  backend_array<float> array(&at.device, 8), other(&at.device, 8);
  int calls = 0;
  repeated sequence;
  const auto run = [&](device_memory* where) {
    sequence.run(where, [&] {
      ++calls;
      copy_within<float>(where, other.data(), array.data(), 8);
    });
  };
  for (int i = 0; i < 3; ++i) {
    const std::vector<float> values(8, static_cast<float>(i + 1));
    copy_in<float>(&at.device, array.data(), values);
    run(&at.device);
    CHECK(brought(&at.device, other.data(), 8) == values);
  }
  CHECK(calls == 1);
  sequence.forget();
  run(&at.device), run(&at.device);
  CHECK(calls == 2);
  at.stream.reserve(1 << 20);
  run(&at.device), run(&at.device);
  CHECK(calls == 3);
}

TEST_CASE("slices and sums on a device are those of plain loops") {
  world at;
  const std::vector<int> places{0, 2, 5, 1, 3};  // three rows, two columns
  backend_array<int> moved(&at.device, places.size());
  copy_in<int>(&at.device, moved.data(), places);
  const std::size_t row_length = 4;
  std::vector<float> full = counted(24), narrow(6);
  backend_array<float> wide(&at.device, 24), thin(&at.device, 6);
  copy_in<float>(&at.device, wide.data(), full);
  const slice_operands slice{moved.data(), moved.data() + 3, 3, 2, row_length, wide.data(), thin.data()};
  at.device.gather(slice);
  const auto each = [&](auto&& body) {
    for (std::size_t r = 0; r < 3; ++r)
      for (std::size_t c = 0; c < 2; ++c)
        body(full[static_cast<std::size_t>(places[r]) * row_length + static_cast<std::size_t>(places[3 + c])], narrow[r * 2 + c]);
  };
  each([](float& from, float& to) { to = from; });
  CHECK(brought(&at.device, thin.data(), 6) == narrow);
  at.device.add_slice(slice);
  each([](float& to, float& from) { to += from; });
  CHECK(brought(&at.device, wide.data(), 24) == full);
  at.device.mix_slice(slice, 0.75f);
  each([](float& to, float& from) { to = 0.75f * to + (1 - 0.75f) * from; });
  CHECK(brought(&at.device, wide.data(), 24) == full);

  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, std::size_t{5000}}) {
    const std::vector<float> values = counted(size);
    backend_array<float> slope(&at.device, size), less(&at.device, size);
    copy_in<float>(&at.device, slope.data(), values);
    copy_in<float>(&at.device, less.data(), std::vector<float>(size, 2.0f));
    double squares = 0, without = 0;
    for (const float value : values)
      squares += static_cast<double>(value) * static_cast<double>(value),
          without += static_cast<double>(value) * (static_cast<double>(value) - 2);
    CHECK(at.device.dot(slope.data(), slope.data(), nullptr, size) == Approx(squares));
    CHECK(at.device.dot(slope.data(), slope.data(), less.data(), size) == Approx(without));
  }
}

}  // namespace
