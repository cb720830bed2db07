// A neighbour for measurements: takes the other core, then shares this one with a duty cycle, then streams memory, then rests, in an
// order and for times that follow from a seed. bench/latency/tables.py starts it beside hasse_measure.
#include <cstdint>
#include <cstdio>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include <CLI/CLI.hpp>

#include <hasse/core/random.hpp>
#include <hasse/program/guarded.hpp>

namespace {

enum class trouble { other_core, shares_core, streams, rests };
constexpr const char* names[] = {"computes on the other core", "shares the core", "streams memory", "rests"};

struct phase {
  trouble what;
  double seconds;
  double duty;  ///< of the time that it takes when it shares a core
};

/// What it does for so long; the same for the same seed.
std::vector<phase> phases(std::uint64_t seed, double seconds) {
  hasse::random_source random(seed);
  std::vector<phase> plan;
  for (double begin = 0; begin < seconds;) {
    const phase next{static_cast<trouble>(random.below(4)), std::min(0.2 + 1.8 * random.uniform(), seconds - begin), 0.2 + 0.6 * random.uniform()};
    plan.push_back(next), begin += next.seconds;
  }
  return plan;
}

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void sleep_for(double seconds) {
  const timespec time{static_cast<time_t>(seconds), static_cast<long>(1e9 * (seconds - static_cast<double>(static_cast<time_t>(seconds))))};
  nanosleep(&time, nullptr);
}

/// Products and sums in registers.
void compute_until(double end) {
  volatile float kept = 0;
  float sums[16] = {};
  while (now() < end) {
    for (int i = 0; i < 20'000; ++i)
      for (float& sum : sums) sum = sum * 0.999f + 1.0f;
    kept = sums[0] + sums[15];
  }
  static_cast<void>(kept);
}

/// Goes through more than the caches hold.
void stream_until(double end) {
  static std::vector<std::uint64_t> memory(std::size_t{16} << 20, 1);
  while (now() < end)
    for (std::size_t block = 0; block < memory.size() && now() < end; block += 1 << 16)
      for (std::size_t at = block; at < block + (1 << 16); at += 8) ++memory[at];
}

/// The cores that this process may use. Moves to `core` of them, or to another one.
void move_to(const cpu_set_t& allowed, int core, bool other) {
  cpu_set_t wanted;
  CPU_ZERO(&wanted);
  for (int each = 0; each < CPU_SETSIZE; ++each)
    if (CPU_ISSET(each, &allowed) && (each == core) != other) CPU_SET(each, &wanted);
  if (CPU_COUNT(&wanted) == 0) wanted = allowed;  // there is no other
  if (sched_setaffinity(0, sizeof wanted, &wanted) != 0) throw hasse::error("this process may not be moved to core " + std::to_string(core) + "; give one that it may use (--core)");
}

void disturb(const std::vector<phase>& plan, int core) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  if (core < 0 || core >= CPU_SETSIZE || !CPU_ISSET(core, &allowed)) throw hasse::error("core " + std::to_string(core) + " is none that this process may use; give one of them (--core)");
  for (const phase& each : plan) {
    const double end = now() + each.seconds;
    move_to(allowed, core, each.what != trouble::shares_core);
    if (each.what == trouble::other_core) compute_until(end);
    if (each.what == trouble::streams) stream_until(end);
    if (each.what == trouble::rests) sleep_for(each.seconds);
    constexpr double cycle = 0.02;
    while (each.what == trouble::shares_core && now() < end) compute_until(std::min(end, now() + cycle * each.duty)), sleep_for(cycle * (1 - each.duty));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Disturbs whatever is measured on a core: takes the other cores, shares this one, streams memory, rests, at random", "bench_disturber");
  double seconds = 60;
  int core = 0;
  std::uint64_t seed = 1;
  bool shown = false;
  hasse::add_number(app, "--seconds", seconds, 0, 1e6, "how long");
  hasse::add_number(app, "--core", core, 0, 4095, "the core on which something is measured");
  hasse::add_number(app, "--seed", seed, "decides what it does, and for how long");
  app.add_flag("--plan", shown, "say it and do nothing");
  return hasse::guarded(app, argc, argv, [&] {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it ends with whoever started it
    const std::vector<phase> plan = phases(seed, seconds);
    if (!shown) return disturb(plan, core);
    for (const phase& each : plan)
      if (each.what == trouble::shares_core)
        std::printf("%.3f s: %s for %.0f %% of the time\n", each.seconds, names[static_cast<int>(each.what)], 100 * each.duty);
      else
        std::printf("%.3f s: %s\n", each.seconds, names[static_cast<int>(each.what)]);
  });
}
