// The report of a search through gates shows every number that it is given, loads nothing, and no text in it can become markup.
#include <cmath>
#include <filesystem>
#include <limits>

#include <unistd.h>

#include <hasse/program/method_reports.hpp>
#include <hasse/result/detail/gated_page.hpp>
#include <hasse/result/gated_report.hpp>
#include <hasse/supernet/proxyless_space.hpp>

#include "../support/catch.hpp"
#include "page.hpp"

using namespace hasse;
using namespace page;

namespace {

gated_data example() {
  const gated_list list = gated_list_of(proxyless_space("proxyless-cifar-tiny"));
  gated_data data;
  data.facts = {{"space", "tiny"}, {"seed", "7"}};
  data.warnings = {"the table is old"};
  data.target = 0.4;
  add_supernet(data, list);
  const auto add = [&](const char* name, gated_role role, const char* choice, double accuracy, double ms, double elsewhere) {
    data.networks.push_back({.name = name,
                             .role = role,
                             .choice = choice,
                             .blocks = drawn_blocks(list, list.parse(choice)),
                             .macs = 2'345'678,
                             .parameters = 45'231,
                             .summed = ms - 0.01,
                             .milliseconds = ms,
                             .accuracy = accuracy,
                             .test_accuracy = accuracy - 0.0125,
                             .costs = {{"desk", ms}, {"phone", elsewhere}}});
  };
  add("for the desk", gated_role::found, "k3e6 zero | k5e3 k3e3 | k5e6 zero", 0.7250, 0.41, 9.25);
  add("for the phone", gated_role::other, "k5e6 zero | k5e3 zero | k5e6 zero", 0.7125, 0.55, 7.75);
  add("by chance", gated_role::random, "k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3", 0.70, 0.39, 8);
  add("by luck", gated_role::random, "k3e3 k3e3 | k3e3 k3e3 | k3e3 zero", 0.71, 0.40, 7);
  data.networks[0].files = {{"onnx", "networks/found.onnx"}};
  for (int epoch = 1; epoch <= 4; ++epoch) {
    gated_report_epoch each{.epoch = epoch,
                            .is_warmup = epoch < 3,
                            .loss = 2.0 / epoch,
                            .train_accuracy = 0.1 * epoch,
                            .validation_accuracy = 0.125 * epoch,
                            .entropy = 1.5 - 0.1 * epoch,
                            .expected = 0.7 - 0.05 * epoch,
                            .likeliest = 0.41,
                            .learning_rate = 0.025};
    if (epoch > 2) each.loss_pull = 0.5, each.cost_pull = 1.25e-5;
    for (const gated_report_block& block : data.blocks)
      for (std::size_t i = 0; i < block.candidates.size(); ++i)
        each.probabilities.push_back(i == 1 ? 0.4375 : 0.5625 / static_cast<double>(block.candidates.size() - 1));
    data.epochs.push_back(each);
  }
  return data;
}

}  // namespace

TEST_CASE("the report of a search through gates has every section and loads nothing") {
  const std::string html = gated_html(example());
  for (const char* title : {"The networks that were found", "How every block made up its mind", "Epoch by epoch",
                            "Accuracy against cost", "On other devices", "The run"})
    CHECK(html.find("<h2>" + std::string(title) + "</h2>") != html.npos);
  CHECK(loads_nothing(html));
  CHECK(is_well_formed(html));
  CHECK(count(html, "<svg") == 4 + 6 + 5 + 2);  // networks, blocks, epochs, accuracy
  CHECK(html == gated_html(example()));
}

TEST_CASE("the report of a search through gates shows the numbers") {
  const std::string html = gated_html(example());
  for (const char* shown : {"<b>71.25 %</b><span>test accuracy of the found network",
                            "<b>0.4100 ms</b><span>measured, +2.5 % of the target of 0.4000 ms",
                            "<b>2 of 6</b><span>searched blocks left out",
                            "<b>2.00</b><span>points more accurate than the median of 2 random networks",
                            "the table is old",
                            "<dd>7</dd>",
                            "<td>72.50 %</td>",
                            "<td>0.4000 ms</td>",
                            "<td>+2.5 %</td>",
                            "<td>-2.5 %</td>",
                            "<td>2.35 M</td>",
                            "<td>45.2 k</td>",
                            "<a href='./networks/found.onnx'>onnx</a>",
                            "<code>k3e6 <wbr>zero <wbr>| <wbr>k5e3 <wbr>k3e3",
                            "stage 2 block 2</td><td>14.1 %</td><td><b>43.8 %</b></td>",
                            ">k3e6 44 %</text>",
                            "<td>warm-up</td>",
                            "<td>1.3000</td>",
                            "<td>1.25e-05</td>",
                            "<td>0.025000</td>",
                            "2 blocks unlike for the desk",
                            "<td><b>0.4100 ms</b></td><td>9.2500 ms</td>",
                            "<td>0.5500 ms</td><td><b>7.7500 ms</b></td>",
                            "stage 2 block 1: MB3 5x5, 8x8x24",
                            ">MB3 5x5</text>",
                            "stage 1 block 2: left out",
                            ">test accuracy (%)<",
                            "for the phone: 70.00 % on test images, 0.5400 ms summed, 0.5500 ms measured, 2.35 M MACs",
                            ">target</text>",
                            ">warm-up</text>",
                            ">all alike</text>"})
    CHECK_THAT(html, ContainsSubstring(shown));
  CHECK(html.find("peak memory") == html.npos);  // nobody knows it

  gated_data phone = example();  // the target is about a device that is not here
  phone.is_measured = false, phone.networks[0].summed = 0.42;
  CHECK_THAT(gated_html(phone), ContainsSubstring("<b>0.4200 ms</b><span>counted, +5.0 % of the target of 0.4000 ms"));
}

TEST_CASE("the report of a search through gates calls scores by their metric, in its unit") {
  gated_data data = example();
  data.measure = {.name = "mIoU", .unit = "%", .factor = 100};
  std::string html = gated_html(data);
  for (const char* shown : {"<h2>mIoU against cost</h2>", "<b>71.25 %</b><span>test mIoU of the found network", "points better than the median of 2 random networks", ">test mIoU (%)<",
                            "mIoU<br>(validation)", "mIoU<br>(training)", "Loss and training mIoU are"})
    CHECK_THAT(html, ContainsSubstring(shown));
  CHECK(html.find("ccura") == html.npos);
  CHECK(embedded(html)["networks"][0]["test_score"] == 0.7125);
  CHECK(embedded(html)["epochs"][0].contains("validation_score"));
  data.measure = {.name = "PSNR", .unit = "dB"};
  html = gated_html(data);
  for (const char* shown : {"<b>0.71 dB</b><span>test PSNR of the found network", "dB better than the median", ">test PSNR (dB)<", "for the phone: 0.70 dB on test images"})
    CHECK_THAT(html, ContainsSubstring(shown));
}

TEST_CASE("a choice is drawn as its blocks") {
  const gated_list list = gated_list_of(proxyless_space("proxyless"));
  const std::vector<drawn_block> blocks = drawn_blocks(list, list.parse(proxyless_choice(proxyless_target::mobile)));
  REQUIRE(blocks.size() == 25);
  CHECK(blocks[0].label == "conv 3x3");
  CHECK(blocks[0].candidate.empty());
  CHECK(blocks[1].label == "MB1 3x3");
  CHECK(blocks[2].label == "MB3 5x5");
  CHECK(blocks[2].name == "stage 1 block 1");
  CHECK(blocks[2].candidate == "k5e3");
  CHECK((blocks[2].kernel == 5 && blocks[2].expand == 3 && blocks[2].stride == 2));
  CHECK(blocks[2].out == feature_shape{56, 56, 24});
  CHECK((blocks[4].is_zero && blocks[4].label == "zero" && blocks[4].kernel == 0));
  CHECK(blocks[4].out == blocks[2].out);
  CHECK(blocks[22].label == "MB6 7x7");
  CHECK(blocks[23].label == "conv 1x1");
  CHECK(blocks[24].label == "linear");
  CHECK_THROWS_AS(drawn_blocks(list, std::vector<int>{1, 2}), error);
}

TEST_CASE("a candidate looks alike in every picture, and kernels differ in hue") {
  const std::vector<detail::candidate_look> looks = detail::candidate_looks(example());
  REQUIRE(looks.size() == 5);
  const auto& [k3e3, k3e6, k5e3, zero] = std::tie(detail::look_of(looks, "k3e3"), detail::look_of(looks, "k3e6"),
                                                  detail::look_of(looks, "k5e3"), detail::look_of(looks, "zero"));
  CHECK(k3e3.colour == k3e6.colour);
  CHECK(k3e3.strength < k3e6.strength);
  CHECK(k5e3.colour != k3e3.colour);
  CHECK(k5e3.strength == k3e3.strength);
  CHECK(zero.colour == ink::trained);
  CHECK(detail::look_of(looks, "").colour == ink::grid);  // what is the same in every network
}

TEST_CASE("probabilities are stacked from the bottom up to the whole") {
  gated_data data;
  data.blocks = {{"one", {"a", "b"}}, {"two", {"b"}}};
  data.epochs = {{.epoch = 3, .probabilities = {0.25, 0.75, 1}}};
  const std::string html = gated_html(data);
  CHECK_THAT(html, ContainsSubstring("d='M6.0 88.5L125.0 88.5L244.0 88.5L244.0 110.0L125.0 110.0L6.0 110.0Z'"));
  CHECK_THAT(html, ContainsSubstring("d='M6.0 24.0L125.0 24.0L244.0 24.0L244.0 88.5L125.0 88.5L6.0 88.5Z'"));
  CHECK_THAT(html, ContainsSubstring(">b 75 %</text>"));
  CHECK_THAT(html, ContainsSubstring("<td class='name'>two</td><td></td><td><b>100.0 %</b></td>"));
  data.epochs[0].probabilities = {-1, 3, unknown};  // no part of the whole
  const std::string odd = gated_html(data);
  CHECK_THAT(odd, ContainsSubstring("d='M6.0 110.0L125.0 110.0L244.0 110.0L244.0 110.0L125.0 110.0L6.0 110.0Z'"));
  CHECK_THAT(odd, ContainsSubstring("d='M6.0 24.0L125.0 24.0L244.0 24.0L244.0 110.0L125.0 110.0L6.0 110.0Z'"));
}

TEST_CASE("probabilities that are not those of the blocks are refused") {
  gated_data data = example();
  data.epochs[2].probabilities.pop_back();
  CHECK_THROWS_WITH(gated_html(data),
                    "epoch 3 of a report was given 26 probabilities, and its blocks have 27 candidates; give one "
                    "for each candidate, block after block, or none");
  CHECK_THROWS_AS(gated_json(data), error);
  data.epochs[2].probabilities.clear();
  CHECK_NOTHROW(gated_html(data));
}

TEST_CASE("the data of a search through gates is complete, in the page and beside it") {
  const json data = embedded(gated_html(example()));
  CHECK(data["cost"] == "ms");
  CHECK(data["target"] == 0.4);
  CHECK(data["blocks"].size() == 6);
  CHECK(data["blocks"][1]["candidates"] == json::array({"k3e3", "k3e6", "k5e3", "k5e6", "zero"}));
  CHECK(data["epochs"].size() == 4);
  CHECK(data["epochs"][1]["warmup"] == true);
  CHECK(data["epochs"][1]["loss_pull"].is_null());
  CHECK(data["epochs"][3]["cost_pull"] == 1.25e-5);
  CHECK(data["epochs"][3]["probabilities"].size() == 27);
  CHECK(data["networks"][1]["role"] == "found elsewhere");
  CHECK(data["networks"][1]["costs"][1] == json{{"device", "phone"}, {"milliseconds", 7.75}});
  CHECK(data["networks"][0]["blocks"][2]["out"] == json::array({16, 16, 16}));
  CHECK(data["networks"][0]["peak_bytes"].is_null());

  const auto folder = std::filesystem::temp_directory_path() / ("hasse_gated_report_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  write_gated_report(folder / "report.html", example());
  CHECK(parse_json(read_file(folder / "report.json"), "report.json") == data);
  CHECK(read_file(folder / "report.html") == gated_html(example()));
  std::filesystem::remove_all(folder);
}

TEST_CASE("a section without data is left out") {
  const auto has = [](const gated_data& data, const char* title) {
    const std::string html = gated_html(data);
    CHECK(is_well_formed(html));
    return html.find("<h2>" + std::string(title) + "</h2>") != html.npos;
  };
  CHECK_THAT(gated_html({}), ContainsSubstring("Nothing has been searched yet."));
  CHECK(is_well_formed(gated_html({})));
  gated_data data = example();
  for (gated_report_epoch& each : data.epochs) each.probabilities.clear();
  CHECK_FALSE(has(data, "How every block made up its mind"));
  data.epochs.clear();
  CHECK_FALSE(has(data, "Epoch by epoch"));
  for (gated_report_network& each : data.networks) each.costs.resize(1);
  CHECK_FALSE(has(data, "On other devices"));
  for (gated_report_network& each : data.networks) each.blocks.clear();
  CHECK_FALSE(has(data, "The networks that were found"));
  CHECK(has(data, "Accuracy against cost"));
  data = example(), data.networks.clear();
  CHECK_FALSE(has(data, "Accuracy against cost"));
  CHECK(has(data, "Epoch by epoch"));
  data = example(), data.networks.resize(1);
  CHECK(has(data, "The network that was found"));
  for (gated_report_epoch& each : data.epochs) each.loss_pull = each.cost_pull = each.entropy = unknown;
  CHECK(count(gated_html(data), "<svg") == 1 + 6 + 3 + 2);
}

TEST_CASE("hostile text in the report of a search through gates stays text") {
  gated_data data = example();
  const std::string evil = "</script><script>alert(1)</script><!--\"'\xff\x1b[2J";
  data.title = data.cost = evil;
  data.facts = {{evil, evil}};
  data.warnings = {evil};
  for (gated_report_block& block : data.blocks) {
    block.name = evil;
    for (std::string& text : block.candidates) text += evil;
  }
  for (gated_report_network& network : data.networks) {
    network.name = network.choice = evil;
    network.files = {{evil, "javascript:" + evil}};
    network.costs = {{evil, 1}, {evil + evil, 2}};
    for (drawn_block& block : network.blocks) block.name = block.label = block.candidate = evil;
  }
  const std::string html = gated_html(data);
  CHECK(count(html, "<script") == 1);
  CHECK(count(html, "</script") == 1);
  CHECK(html.find("<!--") == html.npos);
  CHECK(html.find("href='javascript") == html.npos);
  CHECK(html.find('\x1b') == html.npos);
  CHECK(is_well_formed(html));
  CHECK(embedded(html)["networks"].size() == 4);
}

TEST_CASE("wrong data still gives the report of a search through gates") {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  gated_data data = example();
  data.target = infinite;
  data.tolerance = -1;
  data.blocks.push_back({"empty", {}});
  data.epochs[0].probabilities[0] = unknown;
  data.epochs[1].probabilities[1] = -infinite;
  data.epochs[3].probabilities.assign(27, unknown);
  data.epochs[3].epoch = std::numeric_limits<int>::min();
  data.epochs[2].loss = infinite;
  data.epochs[2].cost_pull = -1;
  data.epochs[1].expected = 1e300;
  data.networks[0].accuracy = data.networks[1].summed = data.networks[2].milliseconds = infinite;
  data.networks[1].blocks.resize(3);
  data.networks[2].blocks[1] = {.label = "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
                                .kernel = -7,
                                .expand = std::numeric_limits<int>::max(),
                                .out = {-1, 0, 0}};
  for (const double tolerance : {unknown, -1.0, infinite, 0.0})
    for (const double target : {unknown, infinite, -1.0, 0.0, 1e300, 0.4}) {
      data.target = target, data.tolerance = tolerance;
      const std::string html = gated_html(data);
      CHECK(is_well_formed(html));
      for (const char* wrong : {"nan", "inf", "'-'"}) CHECK(html.find(wrong) == html.npos);
    }
  data.networks.erase(data.networks.begin(), data.networks.begin() + 2);  // random ones alone
  CHECK_THAT(gated_html(data), ContainsSubstring("<h2>The networks that were found</h2>"));
}

TEST_CASE("a long search draws no more than a picture holds") {
  gated_data data = example();
  const gated_report_epoch last = data.epochs.back();
  data.epochs.resize(4000, last);
  for (std::size_t i = 0; i < data.epochs.size(); ++i) data.epochs[i].epoch = static_cast<int>(i) + 1;
  const std::vector<detail::candidate_look> looks = detail::candidate_looks(data);
  CHECK(detail::probability_section(data, looks).size() < 200'000);
}

TEST_CASE("the frontier of a search through gates are the networks trained here that none of them beats", "[gated report]") {
  gated_data data;
  const auto add = [&](const char* name, gated_role role, double milliseconds, double accuracy) {
    data.networks.push_back({.name = name, .role = role, .choice = name, .summed = 10 * milliseconds, .milliseconds = milliseconds, .test_accuracy = accuracy});
  };
  add("found", gated_role::found, 2, 0.8), add("slower", gated_role::random, 3, 0.8), add("better", gated_role::random, 3, 0.9);
  add("elsewhere", gated_role::other, 1, 0.95);
  report_data frontier = frontier_of(data);
  REQUIRE(frontier.networks.size() == 3);
  CHECK((frontier.networks[0].on_frontier && !frontier.networks[1].on_frontier && frontier.networks[2].on_frontier));
  CHECK(frontier.networks[0].cost == 2);
  data.is_measured = false;  // by another device's table
  frontier = frontier_of(data);
  CHECK(frontier.networks[0].cost == 20);
  CHECK(std::isnan(frontier.networks[0].whole_cost));
}
