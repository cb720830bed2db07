// 05: the latency table of a space on this machine: measured once, kept in a file, refused where it does not belong.
#include <cstdio>

#include <hasse/catalogue/shard.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/latency.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/space.hpp>

using namespace hasse;

using space = search_space<input<3, 16, 16>, stem<conv{.out = 8, .stride = 2}>, stage<basic{.stride = 2}, widths<8, 16, 32>, depth<1, 2>>,
                           head<global_average_pool, linear<10>>>;

// begin: device
/// A device is its facts, a backend and a clock. This one runs the readable reference kernels.
struct on_reference {
  device_facts facts() const {
    device_facts facts = host_facts();
    facts.backend = reference<float>::name, facts.threads = 1;
    return facts;
  }
  reference<float> make_backend() const { return {}; }
  steady_stopwatch make_stopwatch(reference<float>&) const { return {}; }
};
static_assert(DevicePolicy<on_reference>);
// end: device

int main(int argc, char** argv) {
  // begin: table
  const any_device device = device_of(device_argument(argc, argv));  // --device cpu or --device cuda
  const protocol quick{.rounds = 2, .samples = 5, .contexts = 2, .checked = 5};  // leave it out for the numbers that count
  const auto table = latency_table<space>::load_or_measure("latency_05.json", device, quick);
  // end: table
  for (const latency_row& row : table.rows())
    std::printf("%-40s %8.4f ms  +- %s\n", row.part.c_str(), static_cast<double>(row.p50) / 1e6, uncertainty_text(static_cast<double>(row.noise) / 1e6).c_str());

  // begin: estimate
  const auto choice = parse<space>("[(16,32)]");
  const measurement whole = measure(layers_of(choice), device, quick, table.record().kernels);
  std::printf("%s: %.4f ms by the table, %.4f ms as a whole network\n", to_text(choice).c_str(), to_milliseconds(table.estimate(choice)),
              to_milliseconds(whole.latency()));
  // end: estimate
  std::printf("sums miss whole networks by %.1f %% in the median\n", 100 * table.additivity().median_error());
  for (const order_violation& each : table.violations(strict_order{}))
    std::printf("faster although the order says slower: %s\n", each.move.text.c_str());

  // A table is refused where it does not belong: here, on another device.
  try {
    latency_table<space>::load_or_measure("latency_05.json", on_reference{}, quick);
  } catch (const error& refused) {
    std::printf("refused: %s\n", refused.what());
  }
}
