// The main of every bench_<name>: the library's own, but that what cannot be printed, or is no option or number, ends in one sentence.
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include <hasse/program/guarded.hpp>

namespace {
/// The library would take "nan" for a time, and never end.
void require_numbers(int count, char** words) {
  for (int i = 1; i < count; ++i)
    for (const std::string_view option : {"--benchmark_min_time=", "--benchmark_min_warmup_time=", "--benchmark_repetitions="}) {
      if (!std::string_view(words[i]).starts_with(option)) continue;
      std::string value = words[i] + option.size();
      if (value.ends_with('s') || value.ends_with('x')) value.pop_back();  // seconds, times
      if (const std::string problem = hasse::number_between(0.0, 1e6)(value); !problem.empty())
        throw hasse::error(std::string(option.substr(0, option.size() - 1)) + ": " + problem);
    }
}
}  // namespace

int main(int count, char** words) {
  CLI::App program("Options that begin with --benchmark_ are those of the library of that name.", words[0]);
  return hasse::guarded(program, 1, words, [&] {
    require_numbers(count, words);
    benchmark::Initialize(&count, words);
    program.parse(count, words);  // what the library left
    benchmark::RunSpecifiedBenchmarks();
  });
}
