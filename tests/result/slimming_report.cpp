// The report of a slimmable network shows every number that it is given, loads nothing, and no text in it can become markup.
#include <filesystem>
#include <limits>

#include <unistd.h>

#include <hasse/program/method_reports.hpp>
#include <hasse/result/detail/slimming_page.hpp>
#include <hasse/result/slimming_report.hpp>

#include "../support/catch.hpp"
#include "page.hpp"

using namespace hasse;
using namespace page;

namespace {

slimming_data example() {
  slimming_data data;
  data.facts = {{"data", "images"}, {"seed", "7"}};
  data.warnings = {"one width diverged"};
  const auto add = [&](const char* name, slimming_role role, int width, double accuracy, double ms) {
    data.networks.push_back({.name = name,
                             .role = role,
                             .width = width,
                             .configuration = "16,32",
                             .accuracy = accuracy,
                             .test_accuracy = accuracy - 0.015,
                             .milliseconds = ms,
                             .macs = 1e8 * ms,
                             .parameters = 45'231});
  };
  add("us at 1", slimming_role::shared, 1000, 0.70, 1.0);
  add("us at 0.25", slimming_role::shared, 250, 0.5525, 0.2);
  add("us at 0.5", slimming_role::shared, 500, 0.62, 0.4);
  add("own at 0.25", slimming_role::alone, 250, 0.5625, 0.21);
  add("own at 1", slimming_role::alone, 1000, 0.69, 1.01);
  add("slim", slimming_role::slimmed, 0, 0.65, 0.41);
  slimming_result from;
  from.start = {{16, 32, 1280}}, from.start_error = 0.3, from.start_cost = 2e8;
  from.steps = {{1, 2, 1280, 1176, 0.31, 1.5e8, {}}, {2, 1, 32, 24, 0.3375, 0.9e8, {}}};
  from.found = {{1.6e8, {{16, 32, 1176}}, 0.31, 1.5e8, 1}, {1e8, {{16, 24, 1176}}, 0.3375, 0.9e8, 2}};
  add_slimming(data, from);
  data.groups = {"stem"};
  return data;
}

}  // namespace

TEST_CASE("the report of a slimmable network has every section and loads nothing") {
  const std::string html = slimming_html(example());
  for (const char* title : {"Accuracy", "Greedy slimming", "The channels that are left", "The run"})
    CHECK(html.find("<h2>" + std::string(title) + "</h2>") != html.npos);
  CHECK(loads_nothing(html));
  CHECK(is_well_formed(html));
  CHECK(count(html, "<svg") == 7);
  CHECK(html == slimming_html(example()));
}

TEST_CASE("the report shows the numbers") {
  const std::string html = slimming_html(example());
  for (const char* shown :
       {"<td>55.25 %</td>", "<td>53.75 %</td>", "<td>0.4100 ms</td>", "<td>45.2 k</td>", "<td>0.25</td>",
        "<td class='name'>own at 0.25</td>", "<code>16,<wbr>24,<wbr>1176</code>", "<td>33.75 %</td>", "<td>160 M</td>",
        "one width diverged", "<dd>7</dd>", "test accuracy (%)", "<td class='name'>stem</td><td>16</td><td>16</td><td>16</td>",
        "<td class='name'>group 2</td><td>1280</td><td>1176</td><td>1176</td>", "<td>group 1: 32 to 24</td>",
        "group 1: 24 of 32 channels within 100 M MACs"})
    CHECK_THAT(html, ContainsSubstring(shown));
  // Width 1 is a point better than alone, width 0.25 one worse.
  CHECK_THAT(
      html, ContainsSubstring(
                "<b>0.00</b><span>points that the slimmable network is more accurate at equal widths, in the mean (least: -1.00)"));
  CHECK(count(html, "<rect x=") ==
        2 * (3 + 6 + 3) + 5);  // two pictures: groups, what targets left, legend; and the frames of five plots
}

TEST_CASE("the line of a slimmable network goes from narrow to wide, and only test accuracies that all have are drawn") {
  slimming_data data = example();
  const auto by_width = [&] { return detail::score_plot(data, "t", "width", false, detail::width_of); };
  plot picture = by_width();
  REQUIRE(picture.series.size() == 3);  // the slimmed network has no width
  CHECK(picture.series[0].shape == plot_shape::line);
  REQUIRE(picture.series[0].points.size() == 3);
  CHECK(picture.series[0].points[0].x == 0.25);
  CHECK(picture.series[0].points[0].y == Approx(53.75));
  CHECK(picture.series[0].points[2].x == 1);
  CHECK(picture.series[2].points.size() == 2);
  data.networks[0].test_accuracy = unknown;
  picture = by_width();
  CHECK(picture.series[0].points[0].y == Approx(55.25));
  CHECK(picture.y.label == "validation accuracy (%)");
}

TEST_CASE("a slimming report calls scores by their metric, in its unit") {
  slimming_data data = example();
  data.measure = {.name = "PSNR", .unit = "dB"};
  const std::string html = slimming_html(data);
  for (const char* shown : {"<h2>PSNR</h2>", "PSNR against width", ">test PSNR (dB)<", "PSNR<br>(validation)", "<td>0.55 dB</td>", "0.54 dB in 0.2000 ms",
                            "<span>dB that the slimmable network is better at equal widths"})
    CHECK_THAT(html, ContainsSubstring(shown));
  CHECK(html.find("ccura") == html.npos);
  CHECK(embedded(html)["networks"][1]["score"] == 0.5525);
  CHECK(embedded(html)["networks"][1].contains("test_score"));
}

TEST_CASE("the data of a slimming report is complete, in the page and beside it") {
  const json data = embedded(slimming_html(example()));
  CHECK(data["networks"].size() == 6);
  CHECK(data["networks"][1]["width"] == 0.25);
  CHECK(data["networks"][5]["width"].is_null());
  CHECK(data["networks"][5]["weights"] == "slimmed");
  CHECK(data["trace"].size() == 3);
  CHECK(data["trace"][0]["cost"] == 2e8);
  CHECK(data["goals"][1]["channels"] == json::array({16, 24, 1176}));
  CHECK(data["groups"] == json::array({"stem", "group 1", "group 2"}));

  const auto folder = std::filesystem::temp_directory_path() / ("hasse_slimming_report_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  write_slimming_report(folder / "slimming.html", example());
  CHECK(parse_json(read_file(folder / "slimming.json"), "slimming.json") == data);
  CHECK(read_file(folder / "slimming.html") == slimming_html(example()));
  std::filesystem::remove_all(folder);
}

TEST_CASE("hostile text in a slimming report stays text") {
  slimming_data data = example();
  const std::string evil = "</script><script>alert(1)</script><!--\"'\xff\x1b[2J";
  data.title = data.cost = evil;
  data.facts = {{evil, evil}};
  data.warnings = {evil};
  data.groups = {evil, evil};
  for (slimming_network& network : data.networks) network.name = network.configuration = evil;
  for (slimming_point& point : data.trace) point.removed = evil;
  const std::string html = slimming_html(data);
  CHECK(count(html, "<script") == 1);
  CHECK(count(html, "</script") == 1);
  CHECK(html.find("<!--") == html.npos);
  CHECK(html.find('\x1b') == html.npos);
  CHECK(is_well_formed(html));
  CHECK(embedded(html)["networks"].size() == 6);
}

TEST_CASE("little data and wrong data still give a slimming report") {
  CHECK_THAT(slimming_html({}), ContainsSubstring("No network has been evaluated yet."));
  CHECK(is_well_formed(slimming_html({})));
  slimming_data data = example();
  data.networks[0].accuracy = data.networks[1].milliseconds = std::numeric_limits<double>::infinity();
  data.networks[2].width = -3;
  data.trace[1].error = unknown;
  data.goals[0].channels = {-5, 99};
  data.goals[1].step = unknown;
  data.channels = {0, 32, std::numeric_limits<int>::max()};
  const std::string html = slimming_html(data);
  CHECK(is_well_formed(html));
  for (const char* wrong : {"nan", "inf", "'-'"}) CHECK(html.find(wrong) == html.npos);
  data.trace.clear();
  CHECK(is_well_formed(slimming_html(data)));
  slimming_data only;
  only.channels = {8};
  CHECK(is_well_formed(slimming_html(only)));
}
