// The report shows what it is given, embeds it as JSON, loads nothing, and no text in it can become markup.
#include <hasse/result/detail/hasse_diagram.hpp>
#include <hasse/result/frontier_file.hpp>
#include <hasse/result/report.hpp>
#include <hasse/result/svg.hpp>

#include "../support/catch.hpp"
#include "page.hpp"

using namespace hasse;
using namespace page;

namespace {

report_data example() {
  report_data data;
  data.facts = {{"space", "df-small"}, {"seed", "7"}};
  data.admissible = 4839;
  const auto add = [&](const char* name, double ms, double accuracy, bool best) {
    report_network network{.name = name, .cost = ms, .score = accuracy, .macs = 1e6 * ms, .parameters = 45231, .precedents = 10 * ms, .on_frontier = best};
    for (int epoch = 1; epoch <= 3; ++epoch)
      network.curve.push_back({.epoch = epoch, .loss = 2.0 / epoch, .train_correct = 0, .validation_score = accuracy * epoch / 3, .learning_rate = 0, .seconds = 0});
    data.networks.push_back(network);
  };
  add("[(32,32),(64)]", 2.0, 0.81, true);
  add("[(16),(16)]", 0.5, 0.6, true);
  add("[(16,16),(32)]", 1.5, 0.58, false);
  add("[(32),(64)]", 1.0, 0.75, true);
  data.networks[0].files = {{"onnx", "networks/a\" onmouseover='x'.onnx"}};
  data.pairs = {{1, 0}, {1, 2}, {1, 3}, {3, 0}, {2, 0}};
  data.pruning = {{1, 0, 4838}, {2, 100, 4737}, {3, 900, 3936}, {4, 2000, 2835}};
  data.sums = {{"[(16),(16)]", 0.5, 0.52}, {"[(32),(64)]", 1.0, 1.0}, {"[(32,32),(64)]", 2.2, 2.0}};
  data.certificates = {{"[(16),(32)]", "[(16,16),(32)]", "[(32),(64)]"}};
  data.comparison = {{"[(16),(64)]", 1.1, 0.7}};
  return data;
}

}  // namespace

TEST_CASE("a report has every section and loads nothing") {
  const std::string html = report_html(example());
  for (const char* title : {"The frontier", "The two questions", "What was pruned, and why", "Does the order deserve its trust?", "The order around the frontier",
                            "Sum of the table against whole networks", "Trainings", "The run"})
    CHECK(html.find("<h2>" + std::string(title) + "</h2>") != html.npos);
  CHECK(loads_nothing(html));
  CHECK(count(html, "<svg") == count(html, "</svg>"));
  CHECK(count(html, "<svg") == 9);
  CHECK_THAT(html, ContainsSubstring("the sum is off by 3.8 % in the median and 10.0 % at worst"));
  CHECK_THAT(html, ContainsSubstring("<b>20.0 %</b><span>of pairs have the larger network less accurate, at worst by 2.00 points</span>"));
  CHECK_THAT(html, ContainsSubstring("500.0 x"));
  CHECK(html == report_html(example()));
}

TEST_CASE("a report shows what a model expects, in the metric's direction", "[report]") {
  report_data data = example();
  CHECK(!embedded(report_html(data)).contains("forecast"));
  data.forecast = {.found = 0.97, .surely_found = 0.93, .chance = 0.25,
                   .frontier = {{"[(16),(16)]", 0.5, 0.58, 0.59, 0.6}, {"[(32,32),(64)]", 2.0, 0.8, 0.81, 0.82}},
                   .next = {{"<b>", 1.2, 0.75, 0.77, 0.79, 0.012}},
                   .looks = {{10, 0.6, 0.4, 1}, {12, 0.8, 0.7, 1}, {16, 0.97, 0.93, 0.25}}};
  const std::string html = report_html(data);
  CHECK(html.find("<h2>What the model expects</h2>") != html.npos);
  CHECK_THAT(html, ContainsSubstring("expects that 97.0 % of the hypervolume that there is to find is found, and is nine tenths sure of 93.0 %; the chance that the rest would add more than a hundredth is 25 %"));
  CHECK_THAT(html, ContainsSubstring("<td>77.00 %</td><td>75.00 % to 79.00 %</td><td>1.20 %</td>"));
  CHECK(html.find("<b></td>") == html.npos);
  CHECK(loads_nothing(html));
  const json forecast = embedded(html)["forecast"];
  CHECK(forecast["frontier"].size() == 2);
  CHECK(forecast["next"][0]["gain"] == 0.012);
  CHECK(forecast["looks"][1] == json({{"trained", 12}, {"found", 0.8}, {"surely_found", 0.7}, {"chance", 1}}));
  CHECK(count(html, "<svg") == 11);
  CHECK_THAT(html, ContainsSubstring("95 % are enough would go on: when it looked last, after 16 trainings, it was nine tenths sure of 93.0 %."));
  data.forecast->looks.push_back({21, 0.99, 0.96, 0});
  CHECK_THAT(report_html(data), ContainsSubstring("would have ended after 21 trainings, nine tenths sure of 96.0 % (93.0 % after 16 trainings)."));
  data.forecast->next.clear(), data.forecast->frontier.clear(), data.forecast->found = unknown;
  CHECK_THAT(report_html(data), ContainsSubstring("What the model expects"));
}

TEST_CASE("where trainings are repeated, what networks are worth is shown with its band and all trainings", "[report]") {
  report_data data = example();
  data.judges = true;
  for (report_network& each : data.networks) each.score_low = each.score - 0.01, each.score_high = each.score + 0.02, each.kept_score = each.score + 0.03, each.runs = {each.score + 0.03, each.score - 0.04};
  data.forecast = {.found = 0.97, .surely_found = 0.93, .chance = 0.25, .frontier = {{"[(16),(16)]", 0.5, 0.58, 0.59, 0.6}}, .run_deviation = 0.02, .luck_deviation = 0.012, .repeats = 4};
  const std::string html = report_html(data);
  CHECK_THAT(html, ContainsSubstring("accuracy<br>(expected)</th><th>one deviation</th><th>single trainings") && ContainsSubstring("<td>81.00 %</td><td>80.00 to 83.00 %</td><td>84.00, 77.00</td>") &&
                       ContainsSubstring("not the luck of a training") && ContainsSubstring("single trainings of the frontier") &&
                       ContainsSubstring("by 2.00 points, of which 1.20 are luck, by which trainings of one network differ (4 trainings were repeats)."));
  const json entry = frontier_json(data)["frontier"][2], page = embedded(html)["networks"][0];
  for (const json* each : {&entry, &page}) {
    CHECK((*each)["accuracy"] == 0.81);
    CHECK((*each)["accuracy_low"] == 0.81 - 0.01);
    CHECK((*each)["accuracy_high"] == 0.81 + 0.02);
    CHECK((*each)["kept_accuracy"] == 0.81 + 0.03);
    CHECK((*each)["runs"].size() == 2);
  }
  CHECK(embedded(html)["forecast"]["luck_deviation"] == 0.012);
  CHECK_THAT(frontier_table(data), ContainsSubstring(" accuracy     one deviation     trainings  ") && ContainsSubstring("81.00 %  80.00 to 83.00 %  84.00, 77.00  "));
  CHECK(!frontier_json(example())["frontier"][0].contains("runs"));
}

TEST_CASE("the two questions are answered by whole networks, in numbers as they are shown", "[report]") {
  report_data data = example();
  data.networks[1].whole_cost = 0.55, data.networks[3].whole_cost = 1.3, data.networks[0].whole_cost = 2.00004;
  data.networks[3].score = 0.749996;  // shown as 75.00 %
  const std::string html = report_html(data);
  const auto answer = [&](const std::string& question) {
    const std::size_t at = html.find("<tr><td>" + question + "</td>");
    return at == html.npos ? question + " is not asked" : html.substr(at, html.find("</tr>", at) - at);
  };
  CHECK_THAT(answer("1.0 ms"), ContainsSubstring("60.00 %</td><td>0.5500 ms"));
  CHECK_THAT(answer("1.5 ms"), ContainsSubstring("75.00 %</td><td>1.3000 ms"));
  CHECK_THAT(answer("2.0 ms"), ContainsSubstring("81.00 %</td><td>2.0000 ms"));
  CHECK_THAT(answer("75 %"), ContainsSubstring("75.00 %</td><td>1.3000 ms"));
  CHECK_THAT(html, ContainsSubstring("From 60.00 % in 0.5500 ms to 81.00 % in 2.0000 ms.") && ContainsSubstring("by the latencies of whole networks.") &&
                       ContainsSubstring("id='within' inputmode='decimal' value='1.3000'") && ContainsSubstring("id='reaching' inputmode='decimal' value='75.00'"));
}

TEST_CASE("a report of a search that does not prune says what the order settles of what it trained", "[report]") {
  report_data data = example();
  data.prunes = false;
  const std::string html = report_html(data);
  CHECK(html.find("<h2>What the order settles</h2>") != html.npos);
  CHECK_THAT(html, ContainsSubstring("The search did not prune, but by the order what it trained settles others"));
  CHECK_THAT(html, ContainsSubstring("settled by the order without training") && ContainsSubstring("settled per training"));
  CHECK_THAT(html, !ContainsSubstring("pruned without") && !ContainsSubstring("is pruned when"));
}

TEST_CASE("the data is embedded and complete") {
  const json data = embedded(report_html(example()));
  CHECK(data["networks"].size() == 4);
  CHECK(data["networks"][3]["accuracy"] == 0.75);
  CHECK(data["networks"][0]["whole_milliseconds"].is_null());
  CHECK(data["networks"][0]["curve"].size() == 3);
  CHECK(data["pairs"].size() == 5);
  CHECK(data["facts"]["seed"] == "7");
}

TEST_CASE("hostile text stays text") {
  report_data data = example();
  const std::string evil = "</script><script>alert(1)</script><!--\"'\xff\x1b[2J";
  data.title = data.comparison_name = evil;
  data.facts = {{evil, evil}};
  data.warnings = {evil};
  for (report_network& network : data.networks) network.name = evil, network.files = {{evil, "javascript:" + evil}};
  data.comparison[0].name = data.sums[0].name = evil;
  data.certificates = {{evil, evil, evil}};
  const std::string html = report_html(data);
  CHECK(count(html, "<script") == 2);
  CHECK(count(html, "</script") == 2);
  CHECK(html.find("<!--") == html.npos);
  CHECK(html.find("href='javascript") == html.npos);
  CHECK(html.find('\x1b') == html.npos);
  CHECK(embedded(html)["networks"].size() == 4);
  CHECK(frontier_svg(data).find("<script") == std::string::npos);
  CHECK(frontier_table(data).find('\x1b') == std::string::npos);
}

TEST_CASE("little data and wrong data still give a page") {
  CHECK_THAT(report_html({}), ContainsSubstring("No training has ended with an accuracy yet."));
  CHECK(frontier_table({}) == "#  estimate  latency  +-  corrected  accuracy  one deviation  trainings  longer  test  MACs  parameters  architecture\n");
  report_data data = example();
  data.pairs = {{0, 99}, {99, 0}, {0, 0}, {0, 1}, {1, 2}, {2, 0}};  // out of range, and a cycle
  data.networks[2].score = unknown;
  data.networks[1].cost = std::numeric_limits<double>::infinity();
  data.networks.resize(1);
  CHECK_NOTHROW(report_html(data));
  report_data single;
  single.networks.push_back({.name = "[(16)]", .cost = 0.1, .score = 0.5, .on_frontier = true});
  CHECK_THAT(report_html(single), ContainsSubstring("[(16)"));
}

TEST_CASE("the table for terminals is sorted and aligned") {
  CHECK(frontier_table(example()) ==
        "#   estimate  accuracy    MACs  parameters  architecture\n"
        "1  0.5000 ms   60.00 %   500 k      45.2 k  [(16),(16)]\n"
        "2  1.0000 ms   75.00 %  1.00 M      45.2 k  [(32),(64)]\n"
        "3  2.0000 ms   81.00 %  2.00 M      45.2 k  [(32,32),(64)]\n");
}

TEST_CASE("the Hasse diagram joins neighbours only") {
  const detail::diagram order = detail::lay_out(example());
  CHECK(order.networks.size() == 4);
  CHECK(order.covers.size() == 4);  // 1-0 follows from 1-3 and 3-0
  CHECK(order.rows == 3);
  for (const auto& cover : order.covers) CHECK(order.row[cover.lower] < order.row[cover.upper]);
  report_data cycle = example();
  cycle.pairs = {{0, 1}, {1, 2}, {2, 0}};
  CHECK_NOTHROW(detail::hasse_diagram(cycle));
  report_data many;
  for (int i = 0; i < 300; ++i) {
    many.networks.push_back({.name = std::to_string(i), .cost = 1.0 + i, .score = 0.001 * i, .on_frontier = i % 10 == 0});
    for (int j = 0; j < i; ++j) many.pairs.push_back({static_cast<std::size_t>(j), static_cast<std::size_t>(i)});
  }
  CHECK(detail::lay_out(many).networks.size() == 60);
  CHECK(detail::lay_out(many).rows == 60);
}

TEST_CASE("the frontier file holds the answer and its certificates") {
  const json file = frontier_json(example());
  REQUIRE(file["frontier"].size() == 3);
  CHECK(file["frontier"][0]["architecture"] == "[(16),(16)]");
  CHECK(file["frontier"][2]["milliseconds"] == 2.0);
  CHECK(file["frontier"][2]["files"].size() == 1);
  CHECK(file["frontier"][2]["test_accuracy"].is_null());
  CHECK(file["trained"] == 4);
  CHECK(file["pruned"] == 2000);
  CHECK(file["certificates"] == json::array({{{"pruned", "[(16),(32)]"}, {"above", "[(16,16),(32)]"}, {"instead", "[(32),(64)]"}}}));
  CHECK(frontier_json({})["frontier"].empty());
}

TEST_CASE("frontiers of several devices lie over one another, and every form of the answer tells the same", "[report]") {
  report_data data = example();
  data.devices = {"desk", "<phone>"};
  const bool on_phone[] = {true, false, true, false};
  const double there[] = {30, 28, 20, 40};
  for (std::size_t i = 0; i < 4; ++i) {
    report_network& each = data.networks[i];
    each.places = {{.cost = each.cost, .on_frontier = each.on_frontier}, {.cost = there[i], .whole_cost = there[i] + 1, .on_frontier = on_phone[i]}};
  }
  data.certificates = {{"[(16),(32)]", "[(16,16),(32)]", "[(32),(64)]", 0}, {"[(16),(32)]", "[(16,16),(32)]", "[(32,32),(64)]", 1}};
  data.forecast = {.found = 0.97, .surely_found = 0.93, .chance = 0.25, .frontier = {{"[(16),(16)]", 0.5, 0.58, 0.59, 0.6}},
                   .next = {{.name = "[(16),(64)]", .cost = 1.2, .low = 0.75, .middle = 0.77, .high = 0.79, .gain = 0.012, .elsewhere = {25}}},
                   .elsewhere = {{{"[(16,16),(32)]", 20, 0.5, 0.58, 0.6}}}};
  const std::string html = report_html(data);
  CHECK(count(html, "<section>") == count(html, "</section>"));
  CHECK(loads_nothing(html));
  CHECK_THAT(html, ContainsSubstring("4 networks are on the frontier of one of 2 devices at least, 1 serves several.") && ContainsSubstring("<h2>The frontiers over one another</h2>") &&
                       ContainsSubstring("<h2>On desk</h2>") && ContainsSubstring("<h2>On &lt;phone&gt;</h2>") && ContainsSubstring("id='within-2'") && ContainsSubstring("id='reaching-1-answer'") &&
                       ContainsSubstring("<td>&#9733; 2.0000 ms</td><td>&#9733; 31.0000 ms</td><td>2</td>") && ContainsSubstring("than the pruned one, on every device."));
  CHECK(count(html, "<h2>The frontier</h2>") == 0);
  const json page = embedded(html), file = frontier_json(data);
  CHECK(page["devices"] == json::array({"desk", "<phone>"}));
  CHECK(page["networks"][2]["places"][1]["on_frontier"] == true);
  CHECK(page["forecast"]["elsewhere"][0][0]["milliseconds"] == 20);
  REQUIRE(file["devices"].size() == 2);
  const auto names = [](const json& list) {
    std::vector<std::string> all;
    for (const json& each : list) all.push_back(each["architecture"].text());
    return all;
  };
  CHECK(names(file["frontier"]) == names(file["devices"][0]["frontier"]));
  CHECK(names(file["devices"][1]["frontier"]) == std::vector<std::string>{"[(16,16),(32)]", "[(32,32),(64)]"});
  CHECK(file["devices"][1]["frontier"][0]["milliseconds"] == 20);
  CHECK(file["devices"][1]["frontier"][0]["whole_milliseconds"] == 21);
  CHECK(names(file["serving"]).size() == 4);
  CHECK(file["serving"][3]["places"][0]["on_frontier"] == true);
  CHECK(file["certificates"][1]["device"] == "<phone>");
  const std::string table = frontier_table(data);
  CHECK_THAT(table, ContainsSubstring("device 1: desk\n") && ContainsSubstring("device 2: <phone>\n#    estimate     latency  accuracy") && ContainsSubstring("1 serves several.\nserves devices 1, 2: [(32,32),(64)], 81.00 %\n"));
  CHECK(count(frontier_svg(data), "&lt;phone&gt;") >= 1);

  // One of them alone: nothing of the other.
  const report_data phone = detail::on_device(data, 1);
  CHECK(phone.devices.empty());
  CHECK(detail::frontier_order(phone) == std::vector<std::size_t>{2, 0});
  CHECK(phone.certificates.size() == 1);
  CHECK(phone.sums.empty());
  CHECK(phone.forecast->frontier[0].cost == 20);
  CHECK(phone.forecast->next[0].cost == 25);
  CHECK_NOTHROW(report_html(phone));
}

TEST_CASE("what was not counted is said to be so, never to be none", "[report]") {
  report_data data = example();
  data.pruning = {{20, unknown, unknown}};
  data.certificates = {{"", "[(16,16),(32)]", "[(32),(64)]"}};
  const json file = frontier_json(data);
  CHECK(file["pruned"].is_null());
  CHECK(file["certificates"] == json::array({{{"pruned", nullptr}, {"above", "[(16,16),(32)]"}, {"instead", "[(32),(64)]"}}}));
  CHECK_THAT(report_html(data), ContainsSubstring(">not counted<") && ContainsSubstring("whatever precedes the next and is not faster than the last"));
}

TEST_CASE("another price and a metric of which less is better are called by their names, everywhere", "[report]") {
  report_data data = example();
  data.title = "The boundary of MACs and squared error";
  data.price = in_macs;
  data.measure = {.name = "squared error", .unit = "px", .larger_is_better = false};
  data.sums = {};  // those are of latency tables
  for (report_network& network : data.networks) network.cost *= 1e6, network.score = 1 - network.score, network.whole_cost = network.cost, network.test_score = network.score;
  for (report_point& point : data.comparison) point.cost *= 1e6, point.score = 1 - point.score;
  const std::string html = report_html(data);
  for (const char* word : {"accura", "atency", "faster", "fastest", "slower", " ms"}) {
    INFO(word);
    CHECK(html.find(word) == html.npos);
  }
  CHECK_THAT(html, ContainsSubstring("MACs (M MACs)") && ContainsSubstring("validation squared error (px)") && ContainsSubstring("From 0.40 px in 0.5 M MACs to 0.19 px in 2 M MACs."));
  CHECK_THAT(html, ContainsSubstring("<b>20.0 %</b><span>of pairs have the larger network worse, at worst by 0.02 px</span>") && ContainsSubstring("cheapest network"));
  const json page = embedded(html), file = frontier_json(data);
  CHECK(page["networks"][0]["cost"] == 2e6);
  CHECK(page["price"]["factor"] == 1e6);
  CHECK(file["schema"] == 2);
  CHECK(file["price"]["name"] == "MACs");
  CHECK(file["metric"]["larger_is_better"] == false);
  CHECK(file["frontier"][2]["cost"] == 2e6);
  CHECK(file["frontier"][2]["test_score"] == file["frontier"][2]["score"]);
  CHECK_THAT(frontier_table(data), ContainsSubstring("MACs") && ContainsSubstring("squared error") && ContainsSubstring("0.5 M MACs") && ContainsSubstring("0.40 px"));
}
