// Any bytes as a list of networks and their latencies: refused with a sentence, or a table without holes.
#include <cstdlib>

#include <hasse/latency/help_csv.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    const hasse::listed_latencies list = hasse::parse_help_csv({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const auto& network : list.networks) {
      if (network.digits.size() != list.fields.size() || network.milliseconds.size() != list.devices.size()) std::abort();
      for (const double each : network.milliseconds)
        if (!(each > 0)) std::abort();
    }
  } catch (const hasse::file_error&) {
  }
  return 0;
}
