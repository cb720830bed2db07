// program/devices.hpp: names of devices, what they stand for, and what of them a run keeps.
#include <hasse/program/devices.hpp>

#include <hasse/latency/on_cpu.hpp>
#include <hasse/program/detail/slim_run.hpp>

#include "../data/files.hpp"
#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("a device is the processor, the first GPU or one by its number", "[devices]") {
  CHECK(parse_device("cpu") == device_name{});
  CHECK(parse_device("cuda") == device_name{.is_gpu = true, .index = 0});
  CHECK(parse_device("cuda:0") == parse_device("cuda"));
  CHECK(parse_device("cuda:12") == device_name{.is_gpu = true, .index = 12});
  for (const char* text : {"cpu", "cuda", "cuda:3"}) CHECK(to_text(parse_device(text)) == text);
  for (const char* wrong :
       {"", "gpu", "CPU", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda:1:2", "cuda 1", "cuda:99999999999"})
    CHECK_THROWS_WITH(parse_device(wrong), ContainsSubstring("there is no device \"" + std::string(wrong) + "\"; write cpu, cuda"));
}

TEST_CASE("a command is a device that times whole networks and runs no layers", "[devices]") {
  const device_name there = parse_device("command:ssh pi ./time_net {onnx} {threads}");
  CHECK(there.command == "ssh pi ./time_net {onnx} {threads}");
  CHECK(to_text(there) == "command:ssh pi ./time_net {onnx} {threads}");
  CHECK_THROWS_WITH(parse_device("command:ssh pi ./time_net"), ContainsSubstring("does not say where the network goes; write {onnx} there"));
  CHECK(parse_device("command:./time_all {folder}").command == "./time_all {folder}");
  CHECK_THROWS_WITH(parse_device("command:time {onnx} {folder}"), ContainsSubstring("says twice where networks go"));
  CHECK_THROWS_WITH(backend_of(there), ContainsSubstring("trains nothing; train on cpu or cuda (--train-on)"));
  CHECK_THROWS_WITH(device_of(there), ContainsSubstring("runs layers itself"));
  const device_options beside{.device = "command:time {onnx}"};
  CHECK(beside.training() == device_name{});
}

TEST_CASE("the processor by its name is the device that on_cpu measures, and trains by rule", "[devices]") {
  any_backend<float> backend = backend_of(parse_device("cpu"), 1);
  CHECK(std::string(name_of(backend)) == "cpu");
  CHECK(backend.memory() == nullptr);
  REQUIRE(backend.as<cpu>() != nullptr);
  const any_device device = device_of({}, 3);
  const device_facts facts = device.facts(), told = on_cpu{.threads = 3}.facts();
  CHECK(facts.name == told.name);
  CHECK(facts.backend == "cpu");
  CHECK(facts.threads == 3);
  CHECK_THAT(text_of(facts), ContainsSubstring(told.name + ", 3 thread(s)"));
  CHECK_THROWS_WITH(backend_of({}, 0), ContainsSubstring("0 threads were asked for"));
}

#if !defined(HASSE_GPU_DEVICES)
TEST_CASE("a program without CUDA says so", "[devices]") {
  const std::string sentence =
      "cuda:1 was asked for and this program was built without it, for lack of a CUDA Toolkit; use --device cpu";
  CHECK_THROWS_WITH(device_of(parse_device("cuda:1")), sentence);
  CHECK_THROWS_WITH(backend_of(parse_device("cuda:1")), sentence);
}
#endif

TEST_CASE("what trains is kept by a run where it is no processor", "[devices]") {
  slim_options options;
  const json plain = detail::settings_of(options);
  CHECK(!plain.contains("device"));
  CHECK(!plain.contains("train_on"));
  options.device = "cuda:0";
  CHECK(detail::settings_of(options).at("device") == "cuda");
  CHECK(detail::settings_of(options).at("train_on") == "cuda");
  options.train_on = "cpu";
  CHECK(!detail::settings_of(options).contains("train_on"));
  options.device = "cpu";
  CHECK(detail::settings_of(options) == plain);

  test::scratch_folder folder;
  options.train_on = "cuda:1";
  const std::filesystem::path run = folder / "run";
  run_folder(run, detail::settings_of(options)).begin();
  const slim_options again = detail::settings_of(run);
  CHECK(again.device == "cpu");
  CHECK(again.train_on == "cuda:1");
  CHECK_THROWS_WITH(run_folder(run, plain), ContainsSubstring("was begun with train_on = \"cuda:1\", this start has nothing"));
}
