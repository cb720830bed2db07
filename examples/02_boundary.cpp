// 02: the whole thing. A space of your own, this machine's latencies, a search with real trainings, the frontier.
// Everything is tiny, so that it ends in seconds; a real search differs in its numbers only. A second start goes on with the first.
#include <cstdio>

#include <hasse/hasse.hpp>

using namespace hasse;
using namespace hasse::literals;

using space = search_space<input<3, 16, 16>,
                           stem<conv{.out = 8, .stride = 2}>,
                           stage<basic{.stride = 2}, widths<8, 16, 32>, depth<1, 2>>,
                           stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>,
                           head<global_average_pool, linear<10>>>;

static_assert(precedes<space>("[(8),(16)]"_arch, "[(8,8),(16)]"_arch));
static_assert(macs<space>("[(8),(16)]"_arch) < 200'000);

int main(int argc, char** argv) {
  try {
    // begin: search
    const device_name where = device_argument(argc, argv);  // --device cpu or --device cuda
    const any_device device = device_of(where);
    run_folder folder("run_02_boundary", {{"example", "02_boundary"}, {"device", device.facts().name}, {"seed", 1}});
    const auto images = open_data("synthetic:0.2", {.wanted = space::image, .synthetic_train = 400, .synthetic_validation = 100, .synthetic_test = 100});
    const auto table = latency_table<space>::load_or_measure(folder.table(), device, {.rounds = 2, .samples = 5, .contexts = 1, .checked = 4});

    any_backend<float> trainer = backend_of(where);
    const auto train = train_on(trainer, images, sgd{.epochs = 1, .batch = 50, .learning_rate = 0.1}, {.folder = folder.checkpoints()});
    const auto answer = search<space>(table, device, train, images.test, folder, pruning{}, stop_rule{.trainings = 6}, latency_window{0_ms, 50_ms});
    // end: search

    std::printf("%s\n", frontier_table(answer.report).c_str());
    if (const finalist* best = answer.best_within(50_ms)) std::printf("most accurate within 50 ms: %s\n", best->architecture.c_str());
    write_report(folder.report(), answer.report);
    std::printf("report: %s\n", folder.report().c_str());
  } catch (const error& refused) {
    std::fprintf(stderr, "%s\n", refused.what());
    return 2;
  }
}
