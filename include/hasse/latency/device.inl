// The bodies of latency/device.hpp, as core/apart.hpp says.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <sys/utsname.h>

#include <hasse/latency/device.hpp>

namespace hasse {

HASSE_BODY std::string number_text(const device_facts& facts) {
  if (facts.scalar == scalar_name<bfloat16>) return "bf16";
  if (facts.scalar == scalar_name<float16>) return "fp16";
  if (facts.scalar == scalar_name<double>) return "fp64";
  return (", " + facts.features + ",").find(", tf32,") == std::string::npos ? "fp32" : "tf32";
}

HASSE_BODY std::string difference(const device_facts& measured, const device_facts& here) {
  const auto compare = [](const char* what, const std::string& then, const std::string& now) {
    return then == now ? std::string() : std::string(what) + " was " + detail::in_quotes(then, 400) + " and is " + detail::in_quotes(now, 400) + " here";
  };
  for (const std::string& found :
       {compare("the device", measured.name, here.name), compare("its instruction sets", measured.features, here.features),
        compare("the backend", measured.backend, here.backend), compare("the type of activations", measured.scalar, here.scalar),
        compare("the library", measured.library, here.library), compare("the compiler", measured.compiler, here.compiler),
        compare("the number of cores", std::to_string(measured.cores), std::to_string(here.cores)),
        compare("the number of threads", std::to_string(measured.threads), std::to_string(here.threads))})
    if (!found.empty()) return found;
  return "";
}

HASSE_BODY std::string unoptimised_warning(const device_facts& facts) {
  if (facts.compiler.find("not optimised") == std::string::npos) return "";
  return "warning: this program was compiled without optimisation (" + facts.compiler +
         "), so that what it measures are not the latencies of the device; compile it with -O3, or with CMake's "
         "-DCMAKE_BUILD_TYPE=Release";
}

HASSE_BODY std::string measuring_caution(const device_facts& facts, const processor_limit& limit, std::string_view wait_policy) {
  if (!facts.backend.starts_with("cpu")) return "";
  if (limit.quota < 1)
    return "note: " + limit.reason + ", so that the system stops this process for a part of each period: whatever runs longer than what it may use of one takes longer by that; measure where it has a whole processor";
  if (facts.threads > limit.processors)
    return "note: " + limit.reason + ", and " + std::to_string(facts.threads) + " threads are measured, which wait for one another; measure as many threads as there are processors";
  if (facts.threads > 1 && wait_policy != "passive" && wait_policy != "PASSIVE")
    return "note: threads that wait will spin, and quanta of the scheduler look like latencies; start this program with OMP_WAIT_POLICY=passive";
  return "";
}

HASSE_BODY void warn_before_measuring(const device_facts& facts) {
  static std::atomic<bool> said[2];
  const char* const policy = std::getenv("OMP_WAIT_POLICY");
  const std::string warnings[] = {unoptimised_warning(facts), measuring_caution(facts, usable_processors(), policy ? policy : "")};
  for (int each = 0; each < 2; ++each)
    if (!warnings[each].empty() && !said[each].exchange(true)) std::fprintf(stderr, "%s\n", warnings[each].c_str());
}

HASSE_BODY void steady_stopwatch::start() {
  marks_.clear();
  lap();
}

namespace detail {

HASSE_BODY std::string line_of(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.compare(0, key.size(), key) == 0) {
      if (key.empty()) return line;
      const std::size_t colon = line.find(": ");
      return colon == std::string::npos ? "" : line.substr(colon + 2);
    }
  return "";
}

/// What Linux says of an x86 processor is its name, of an Arm its maker's number for the core; the board has a name there.
HASSE_BODY void describe_processor(device_facts& facts, const char* processor, const char* board) {
  const auto said = [&](const char* key) { return line_of(processor, key); };
  facts.name = said("model name");
  if (facts.name.empty()) facts.name = line_of(board, "");
  if (const std::size_t end = facts.name.find('\0'); end != std::string::npos) facts.name.resize(end);
  if (facts.name.empty()) facts.name = "unknown processor";
  const std::string family = said("cpu family"), part = said("CPU part");
  if (!family.empty()) facts.name += " (family " + family + " model " + said("model\t") + ")";
  if (!part.empty()) facts.name += " (Arm implementer " + said("CPU implementer") + " part " + part + ")";
  const std::string flags = " " + said("flags") + said("Features") + " ";
  for (const char* flag : {"sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "asimdhp",
                           "asimddp", "sve", "sve2", "i8mm", "bf16"})
    if (flags.find(" " + std::string(flag) + " ") != std::string::npos)
      facts.features += (facts.features.empty() ? "" : " ") + std::string(flag);
}

}  // namespace detail

HASSE_BODY device_facts host_facts() {
  device_facts facts;
  detail::describe_processor(facts, "/proc/cpuinfo", "/proc/device-tree/model");
  facts.compiler = HASSE_BUILD_TEXT;
  facts.cores = static_cast<int>(std::thread::hardware_concurrency());
  struct ::utsname system {};
  if (::uname(&system) == 0) facts.notes = std::string(system.sysname) + " " + system.release;
  const std::string governor = detail::line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "");
  facts.notes += governor.empty() ? ", clock governor not readable" : ", clock governor " + governor;
  return facts;
}

}  // namespace hasse
