// program/run.hpp: a folder for one start alone, what is shown of work, trainings that are recorded, what is handed over.
#include <hasse/program/run.hpp>

#include <vector>

#include <hasse/kernel/cpu.hpp>

#include "../support/catch.hpp"
#include "../train/problem.hpp"

using namespace hasse;

TEST_CASE("a network is trained, recorded, judged and handed over in a run", "[run]") {
  const problem::scratch_folder place("run");
  const image_set train = problem::quadrants(64, 1), validation = problem::quadrants(32, 2), test = problem::quadrants(32, 3);
  const training_data data(train, validation);
  cpu backend;
  std::vector<std::string> shown;
  run_folder folder(place.path, json{{"program", "test"}});
  CHECK_THROWS_WITH(program_run(place.path, json{{"program", "test"}}), ContainsSubstring("lock"));
  program_run here(folder, [&](const progress_event& event) { shown.push_back(event.doing); });
  folder.begin();

  const lone_network wanted{.name = "one", .layers = problem::network(), .how = {.epochs = 2, .batch = 16}, .said = {{"who", "me"}}};
  const lone_training made = train_alone(here, backend, data, wanted);
  REQUIRE(made.network);
  REQUIRE(!shown.empty());
  CHECK(shown.front().starts_with("training one: "));
  CHECK(recall(here.book(), "trains")->get<std::string>("backend") == backend.identity());
  CHECK(recall(here.book(), "curve", {{"network", "one"}})->array("epochs").size() == 2);
  CHECK(read_network(weights_of(folder, "one")).metadata.at("who") == "me");
  std::uintmax_t events = 0;
  for (const auto& path : files_in(folder.root()))
    if (path.string().find("tfevents") != std::string::npos) events = std::filesystem::file_size(path);
  CHECK(events > 100);

  const judgement found = judge(backend, data, test, *made.network);
  CHECK(found.validation == made.outcome.score);
  CHECK(found.test == accuracy(backend, made.network->layers, made.network->weights, test, data.scale));

  const auto has = [&](const std::string& file) { return file_exists(folder.networks() / file); };
  const auto files = hand_over(folder, "small", *made.network, {.said = metadata_of(data), .any_batch = false});
  CHECK(files == std::vector<std::pair<std::string, std::string>>{{"onnx", "networks/small.onnx"}, {"safetensors", "networks/small.safetensors"}});
  CHECK((has("small.onnx") && has("small.safetensors") && !has("small.batch.onnx") && !has("small.hpp")));
  hand_over(folder, "all", *made.network, {.keeps_weights = true, .header = found_network{.type = "some::net"}});
  CHECK((has("all.onnx") && has("all.batch.onnx") && has("all.hpp") && !has("all.safetensors")));
  CHECK_THAT(read_file(folder.networks() / "all.hpp", 10'000), ContainsSubstring("all.safetensors") && !ContainsSubstring("_mean"));
  hand_over(folder, "fed", *made.network, {.said = metadata_of(data), .any_batch = false, .keeps_weights = true, .header = found_network{.type = "some::net"}});
  CHECK_THAT(read_file(folder.networks() / "fed.hpp", 10'000), ContainsSubstring("inline constexpr float net_mean[] = {"));
}

TEST_CASE("a training that diverges leaves no network", "[run]") {
  const problem::scratch_folder place("run-diverged");
  const image_set train = problem::quadrants(64, 1), validation = problem::quadrants(32, 2);
  const training_data data(train, validation);
  cpu backend;
  run_folder folder(place.path, json{{"program", "test"}});
  program_run here(folder);
  const lone_training made =
      train_alone(here, backend, data, {.name = "one", .layers = problem::network(), .how = {.epochs = 2, .batch = 16, .learning_rate = 1e12}},
                  curve_records::none);
  CHECK_FALSE(made.network);
  CHECK(made.outcome.diverged);
  CHECK_FALSE(file_exists(weights_of(folder, "one")));
  CHECK_FALSE(recall(here.book(), "curve"));
}
