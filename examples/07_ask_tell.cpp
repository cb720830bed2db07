// 07: an engine of your own trains, hasse decides what: one JSON object per line on standard input and output.
// examples/07_engine.py is such an engine. Here the cost of a network is its MACs, so nothing has to be measured.
#include <iostream>
#include <vector>

#include <hasse/search.hpp>
#include <hasse/space.hpp>

using namespace hasse;

int main() {
  try {
    // begin: exchange
    std::vector<ticks> costs;  // one per part of the space; a latency table gives ticks_per_part()
    for (const cost& part : part_costs<df_small>) costs.push_back({part.macs / 1000});
    const space_domain<df_small> domain(costs, {.least = {0}, .most = {10'000}});
    partial_order_pruning policy(domain, {.seed = 1, .margin = 0.002, .stop = {.trainings = 40}});
    exchange(domain, policy, std::cin, std::cout, 2);  // two candidates under way at a time
    // end: exchange
  } catch (const error& refused) {
    std::cerr << refused.what() << '\n';
    return 2;
  }
}
