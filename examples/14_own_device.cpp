// 14: a device of your own. This processor by another clock: what a network costs of its time, whoever else uses it meanwhile.
#include <cstdio>
#include <ctime>

#include <hasse/hasse.hpp>
#include <hasse/laws/device.hpp>

using namespace hasse;
using space = search_space<input<3, 16, 16>, stem<conv{.out = 8, .stride = 2}>, stage<basic{.stride = 2}, widths<8, 16>, depth<1, 2>>, head<global_average_pool, linear<10>>>;

// begin: device
/// Nanoseconds that this process has computed.
class processor_clock {
 public:
  void start() { marks_.clear(), lap(); }
  void lap() {
    std::timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    marks_.push_back(1'000'000'000 * std::int64_t{now.tv_sec} + now.tv_nsec);
  }
  std::int64_t nanoseconds(std::size_t lap) const { return marks_[lap + 1] - marks_[lap]; }

 private:
  std::vector<std::int64_t> marks_;
};

/// A device is its facts, a backend and a clock.
struct on_own_time {
  device_facts facts() const {
    device_facts facts = on_cpu{}.facts();
    facts.features += ", processor time";  // a table by the wall clock is another device's
    return facts;
  }
  cpu make_backend() const { return on_cpu{}.make_backend(); }
  processor_clock make_stopwatch(cpu&) const { return {}; }
};
static_assert(DevicePolicy<on_own_time>);
// end: device

int main() {
  const on_own_time device;
  // begin: laws
  const std::string broken = broken_law(device, layers_of(parse<space>("[(8)]")), layers_of(parse<space>("[(16,16)]")));
  if (!broken.empty()) return std::printf("broken: %s\n", broken.c_str()), 1;
  // end: laws
  // begin: search
  const auto table = latency_table<space>::load_or_measure("latency_14.json", device, {.rounds = 2, .samples = 5, .contexts = 1, .checked = 4});
  run_folder folder("run_14_own_device", {{"example", "14_own_device"}});
  any_backend<float> backend = backend_of({});
  const auto images = open_data("synthetic:0.2", {.wanted = space::image, .synthetic_train = 200, .synthetic_validation = 100, .synthetic_test = 100});
  const auto train = train_on(backend, images, sgd{.epochs = 1, .batch = 50, .learning_rate = 0.1});
  const auto answer = search<space>(table, device, train, images.test, folder, stop_rule{.trainings = 3});
  // end: search
  std::printf("3 trained by the time of %s\n%s", table.record().device.features.c_str(), frontier_table(answer.report).c_str());
}
