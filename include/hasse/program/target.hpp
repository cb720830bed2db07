// What a search may cost, as a command line says it. Used by hasse_proxyless and hasse_detect search.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/json.hpp>
#include <hasse/price/budget.hpp>
#include <hasse/price/price.hpp>
#include <hasse/program/guarded.hpp>

namespace hasse {

struct target_options {
  double target_latency = 0, target_macs = 0, target_memory = 0;  ///< ms, millions, KB; 0: none. One of them at most
  double tolerance = 0.05;
  std::string table{};  ///< latencies of another device; empty: this machine is measured
};

namespace detail {
/// What the target limits, and to what; without one, latency is what is looked at.
struct limit {
  price_unit unit = in_milliseconds;
  double target = 0;
};
inline limit limit_of(const target_options& it) {
  if (it.target_macs > 0) return {in_macs, it.target_macs * in_macs.factor};
  if (it.target_memory > 0) return {in_bytes, it.target_memory * in_bytes.factor};
  return {in_milliseconds, it.target_latency};
}
/// Sets the target that a text such as "2.5M" names.
inline void aim_at(const std::string& text, target_options& it) {
  if (text.empty()) return;
  const budgets one = parse_budgets({text});
  if (one.targets.size() != 1) throw error("the target " + in_quotes(text) + " names several budgets; search for one of them at a time");
  (one.unit == in_macs ? it.target_macs : one.unit == in_bytes ? it.target_memory : it.target_latency) =
      one.targets.front() / one.unit.factor;
}
/// A table is about latencies.
inline void check(const target_options& it) {
  if (!it.table.empty() && limit_of(it).unit != in_milliseconds)
    throw error("a latency table was given with a target that is no latency; leave --table out, or give --target-latency");
}
/// `text` is for aim_at, once all is parsed.
inline void describe(CLI::App& app, target_options& options, std::string& text) {
  auto* group = app.add_option_group("target", "what the network may cost; without, only how good it is counts");
  group->require_option(0, 1);
  group->add_option("--target", text, "any of those below, by its unit: 0.25ms, 2.5M multiply-accumulates, 150KB");
  group->add_option("--target-latency", options.target_latency, "milliseconds on the device")->transform(number_between(1e-6, 1e6));
  group->add_option("--target-macs", options.target_macs, "millions of multiply-accumulates")->transform(number_between(1e-6, 1e6));
  group->add_option("--target-memory", options.target_memory, "KB of values in use at once")->transform(number_between(1e-3, 1e9));
  add_number(app, "--tolerance", options.tolerance, 0.001, 1, "share by which the target may be missed");
}
inline void add_target(json& settings, const target_options& it) {
  settings["target_latency"] = it.target_latency, settings["target_macs"] = it.target_macs, settings["target_memory"] = it.target_memory;
  settings["tolerance"] = it.tolerance, settings["table"] = it.table;
}
}  // namespace detail

}  // namespace hasse
