// Detectors as programs make and keep them.
#include <filesystem>

#include <hasse/core/random.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/png.hpp>
#include <hasse/data/scenes.hpp>
#include <hasse/laws/domain.hpp>
#include <hasse/price/macs.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/program/detector.hpp>
#include <hasse/result/detection_report.hpp>
#include <hasse/result/detection_results.hpp>
#include <hasse/program/detector_gates.hpp>
#include <hasse/program/detector_space.hpp>
#include <hasse/program/masked_domain.hpp>
#include <hasse/program/masked_report.hpp>
#include <hasse/result/cpp_header.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/supernet/masked_costs.hpp>

#include "../support/catch.hpp"
#include "found_detector.hpp"

using namespace hasse;

TEST_CASE("det-micro has the multiply-accumulates that its macro structure gives", "[detector]") {
  CHECK(static_cast<double>(cost_of(backbone_network("det-micro", {240, 320, 3})).macs) == Approx(97.23e6).epsilon(1e-4));
  CHECK_THROWS_WITH(backbone_network("det-micro", {96, 96, 3}, 500), ContainsSubstring("leave --width out"));
  CHECK_THROWS_WITH(backbone_network("none", {96, 96, 3}), ContainsSubstring("give one of det-micro, df1"));
}

TEST_CASE("the file of a detector says all that it was made with", "[detector]") {
  detection_set train = open_detection("scenes", {.height = 64, .width = 64, .scenes_train = 20, .scenes_validation = 2, .scenes_test = 2}).train;
  train.fit = picture_fit::letterbox;
  designed_detector made = design_detector("det-micro", 0, "auto", train);
  made.task.suppression = {.score = 0.2, .overlap = 0.5, .before = 30, .of_class = 20, .in_all = 10};
  const auto path = std::filesystem::temp_directory_path() / "hasse_detector.safetensors";
  const model network{.name = "detector", .layers = made.layers, .weights = parameters<float>(made.layers)};
  const normalisation scale = made.task.scale_of(train);
  const network_metadata said = detector_metadata(made.task, train, scale);
  write_weights(path, network, said);
  const stored_detector read = read_detector(path.string());
  CHECK(read.task.anchors == made.task.anchors);
  CHECK(read.task.scores == made.task.scores);
  CHECK(read.task.suppression == made.task.suppression);
  CHECK(read.fit == picture_fit::letterbox);
  CHECK(read.images.classes == train.classes);
  CHECK(read.class_ids == train.class_ids);
  CHECK(read.images.scale.mean == scale.mean);
  CHECK(read.empty_set().shape() == train.shape());

  const auto refused = [&](const char* key, const char* value, const char* sentence) {
    network_metadata other = said;
    if (*value == 0) other.erase(key);
    else other[key] = value;
    write_weights(path, network, other);
    CHECK_THROWS_WITH(read_detector(path.string()), ContainsSubstring(sentence));
  };
  refused("task", "", "is no detector");
  refused("task", "classification", "of another task");
  refused("anchors", "0.1:1", "for 1 anchors a cell");
  refused("anchors", "none", "a scale and a ratio");
  refused("fit", "crop", "fits pictures in a way that is not known");
  refused("scores", "", "have no \"scores\"");
  refused("scores", "guessed", "scores of its answers in a way that is not known");
  refused("suppression", "{\"score\": 0.1}", "overlap");
  refused("suppression", "[]", "suppression");
  refused("suppression", R"({"score": 2, "overlap": 0.6, "before": 400, "of_class": 100, "in_all": 100})", "scores count above 2");
  refused("class_ids", "[1, 2]", "one whole number for each class");
  refused("class_ids", "[1, 2, 3, \"4\"]", "one whole number for each class");
  std::filesystem::remove(path);
}

TEST_CASE("results are written as COCO's and Pascal VOC's tools read them", "[detector]") {
  const std::vector<detected_object> found{{{0, 10, 20.5, 30}, 1, 0.75}, {{3, 4, 5, 6}, 0, 0.125}};
  json list = json::array();
  add_coco_results(list, 17, std::vector<std::int64_t>{3, 90}, found);
  CHECK(list == parse_json(R"([{"image_id":17,"category_id":90,"bbox":[0.0,10.0,20.5,20.0],"score":0.75},
                                {"image_id":17,"category_id":3,"bbox":[3.0,4.0,2.0,2.0],"score":0.125}])", "the list"));
  voc_results results({"cat", "a/b", "none"});
  results.add("000001", found), results.add("000002", std::span(found).first(1));
  const auto folder = std::filesystem::temp_directory_path() / "hasse_voc_results";
  results.write(folder, "val");
  CHECK(read_file(folder / "comp4_det_val_cat.txt") == "000001 0.125 4 5 5 6\n");
  CHECK(read_file(folder / "comp4_det_val_a_b.txt") == "000001 0.75 1 11 20.5 30\n000002 0.75 1 11 20.5 30\n");
  CHECK(read_file(folder / "comp4_det_val_none.txt").empty());
  std::filesystem::remove_all(folder);
}

TEST_CASE("a detector's page shows its mistakes on the pictures, and text as text", "[detector]") {
  detection_report_data data{.title = "<cells>", .classes = {"a&b", "c"}};
  detection_scores& test = data.splits.emplace_back();
  test.split = "test";
  coco_evaluator coco(2);
  voc_evaluator voc(2);
  test.findings = finding_counter(2);
  const std::vector<labelled_object> objects{{.place = {0, 0, 10, 10}, .kind = 0, .area = 100}, {.place = {20, 20, 30, 30}, .kind = 1, .area = 100}};
  const std::vector<detected_object> found{{{0, 0, 10, 9}, 0, 0.9}, {{40, 40, 50, 50}, 1, 0.8}};
  coco.add(objects, found), voc.add(objects, found);
  const std::vector<judged_object> judged = judge_objects(objects, found);
  test.findings.add(judged), test.coco = coco.result(), test.voc = voc.result();
  data.worst_of = "test";
  data.worst = {{"x<y.png", 60, 50, png_bytes(2, 1, std::vector<std::uint8_t>(6)), judged}};
  const std::string html = detection_html(data);
  for (const char* wanted : {"&lt;cells&gt;", "x&lt;y.png: 1 right, 1 false alarm, 1 missed", "false alarm: c, score 0.80", "missed: c</title>", "right: a&amp;b, score 0.90",
                             "viewBox='0 0 50 60'", "href='data:image/png;base64,iVBORw0KGgo", "<td>0.0</td>"})
    CHECK_THAT(html, ContainsSubstring(wanted));
  CHECK(html.find("x<y") == html.npos);
  // Classes, then objects, right, wrong class, missed, false alarms.
  CHECK_THAT(html, ContainsSubstring("<td>2</td><td>1</td><td>0</td><td>1</td><td>1</td></tr>"));
  CHECK_THAT(html, ContainsSubstring("<td>1</td><td>0</td><td>0</td><td>1</td><td>1</td></tr>"));
}

TEST_CASE("a PNG that is written is read back with the same bytes", "[detector]") {
  random_source random(3);
  const auto path = std::filesystem::temp_directory_path() / "hasse_written.png";
  for (const auto& [height, width] : {std::pair{1, 1}, std::pair{3, 17}, std::pair{40, 9}}) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(3 * height * width));
    for (std::uint8_t& each : pixels) each = static_cast<std::uint8_t>(random.below(256));
    write_png(path, height, width, pixels);
    image_decoder decoder;
    const decoded_image& read = decoder.decode(read_file(path), path.string());
    CHECK(read.shape == feature_shape{height, width, 3});
    CHECK(read.pixels == pixels);
  }
  CHECK_THROWS_WITH(write_png(path, 2, 2, std::vector<std::uint8_t>(11)), ContainsSubstring("give height * width * 3"));
  std::filesystem::remove(path);
}

namespace {
detection_set few_scenes(int side) {
  return open_detection("scenes", {.height = side, .width = side, .scenes_train = 40, .scenes_validation = 2, .scenes_test = 2}).train;
}
}  // namespace

TEST_CASE("a space of detectors ends with the last map that has anchors", "[detector]") {
  const detection_set train = few_scenes(96);
  const mobiledet_form form = mobiledet_form_named("det-micro-edgetpu", train.shape());
  const auto blocks = [&](const char* anchors, int finest) { return masked_space(design_detectors(form, anchors, train, finest).design).blocks(); };
  CHECK(blocks("0.3:1", 8) == 4);
  CHECK(blocks("0.3:1 | 0.4:1", 8) == 6);
  CHECK(blocks("0.3:1 | | 0.4:1", 8) == 8);
  CHECK(blocks("0.3:1", 16) == 6);
  CHECK(blocks("published", 8) == 8);
  const searched_detectors made = design_detectors(form, "0.2:1 | 0.3:1 0.4:2 | | 0.9:1", train);
  const masked_space space(made.design);
  random_source random(4);
  for (int draw = 0; draw < 20; ++draw) {
    const layer_list layers = network_of(space, space.any_code(random));
    made.task.check(train, layers);
    CHECK(layers.output_count() == 6);
    CHECK(layers.output_shape(0).h == 12);
    CHECK(layers.output_shape(4).h == 2);
  }
}

TEST_CASE("a detector of a space is the same network as a type", "[detector]") {
  const detection_set train = few_scenes(64);
  const searched_detectors made = design_detectors(mobiledet_form_named("det-micro-edgetpu", train.shape()), "0.2:1 | 0.3:1 0.4:2 | 0.9:1", train);
  const masked_space space(made.design);
  random_source random(5);
  for (int draw = 0; draw < 3; ++draw) (void)space.any_code(random);
  const std::vector<int> code = space.any_code(random);
  INFO(space.text(code));
  const found_network wanted{.name = "found_detector", .type = network_type_text(made, space, code), .headers = {"hasse/network/ssdlite_chain.hpp"}};
  CHECK(cpp_header_text(wanted) == read_file(HASSE_SOURCE_DIR "/tests/program/found_detector.hpp"));
  CHECK(layer_list_of(found_detector::layers) == network_of(space, code));
}

TEST_CASE("gates of a space of detectors go through its networks at one width per block, and cost what those cost", "[detector]") {
  const detection_set train = open_detection("scenes", {.height = 64, .width = 64, .scenes_train = 20, .scenes_validation = 2, .scenes_test = 2}).train;
  for (const char* anchors : {"0.2:1 | 0.3:1 0.5:1 | 0.6:1 | 0.8:1", "published", "0.2:1"}) {
    const mobiledet_form form = mobiledet_form_named("det-micro-dsp", {64, 64, 3}, 500);
    const searched_detectors made = design_detectors(form, anchors, train);
    const masked_space space(made.design);
    const gated_detectors gates = gates_of(made, space, form);
    const masked_costs costs(space, mac_price{});
    const gated_costs of_candidates = costs_of(gates, space, costs);
    random_source random(4);
    for (int draw = 0; draw < 8; ++draw) {
      std::vector<int> path;
      for (const auto& block : of_candidates.blocks) path.push_back(static_cast<int>(random.below(block.size())));
      const std::vector<int> choice = gates.list.choice_of(path), code = gates.code_of(space, choice);
      const layer_list found = gates.list.path(choice), wanted = network_of(space, code);
      CAPTURE(anchors, space.text(code));
      CHECK(choice_of(gates, space, code) == choice);
      CHECK(cost_of(found) == cost_of(wanted));
      CHECK(of_candidates.of(path) == Approx(costs.of(code)).epsilon(1e-12));
      REQUIRE(found.output_count() == wanted.output_count());
      for (int output = 0; output < found.output_count(); ++output) {
        CHECK(found.output_name(output) == wanted.output_name(output));
        CHECK(found.output_shape(output) == wanted.output_shape(output));
      }
    }
    if (made.ends.size() > 1)
      CHECK_THROWS_WITH(costs_of(gates, space, masked_costs(space, memory_price{})), ContainsSubstring("kept beside all that follows"));
  }
}

TEST_CASE("a masked space keeps the laws of a search, and costs rise along its order", "[detector]") {
  masked_layer layer{.options = {{masked_operation::inverted, {3, 5}, {2, 4}}, {masked_operation::tucker, {3}, {50}, {50, 100}}, {masked_operation::skip}}, .residual = true};
  masked_design design{.input = {16, 16, 3}, .blocks = {}, .head = {}};
  design.blocks.push_back({.name = "stem", .filters = {8}, .layers = {detail::dense_layer({3}, 2, activation::relu6)}});
  design.blocks.push_back(detail::masked_block_of("first", {8, 16, 24}, layer, 2, 2));
  design.head = [](layer_builder<layer_list> list, std::span<const value_id> ends) { list.linear(ends.back(), 4); };
  const masked_space space(design);
  const masked_costs costs(space, mac_price{});
  const double most = costs.of(costs.dearest());
  const masked_domain<masked_costs> all(space, costs, in_macs, {}), window(space, costs, in_macs, {0.3 * most, 0.6 * most});
  CHECK(static_cast<double>(all.size()) == 3 * 6 * 7);
  CHECK(window.size() < all.size());
  CHECK(broken_law(all) == "");
  CHECK(broken_law(window) == "");
  std::size_t pairs = 0;
  all.for_each([&](const std::vector<int>& low) {
    all.for_each([&](const std::vector<int>& high) {
      if (low == high || !all.precedes(low, high)) return;
      ++pairs;
      CHECK(all.cost(low) <= all.cost(high));  // ranks of 8 channels are 8, too
      const coordinates below = all.coordinates_of(low), above = all.coordinates_of(high);
      for (std::size_t i = 0; i < below.levels.size(); ++i) CHECK(below.levels[i] <= above.levels[i]);
      CHECK(below != above);
    });
  });
  CHECK(pairs > 500);
  const masked_domain<masked_costs> nothing(space, costs, in_macs, {2 * most, 3 * most});
  random_source random(1);
  CHECK_THROWS_WITH(nothing.sample(random), ContainsSubstring("choose a wider window"));
}

TEST_CASE("what a search through masks decides is shown by layers and widths, and its network by kinds of blocks", "[detector]") {
  const masked_space space(mobiledet_space(mobiledet_form_named("det-micro-edgetpu", {64, 64, 3})));
  gated_data page;
  add_supernet(page, space);
  std::size_t options = 0, shares = 0;
  for (const decision& each : space.decisions()) options += static_cast<std::size_t>(each.options);
  for (const gated_report_block& each : page.blocks) shares += each.candidates.size();
  CHECK(page.blocks.front().name == "block 1");
  CHECK(page.blocks.back().candidates.back() == "w1.00");
  masked_epoch epoch{.training = {.epoch = 1}, .cost = 3e6, .likeliest = 2e6, .probabilities = {}}, next;
  for (const decision& each : space.decisions()) epoch.probabilities.insert(epoch.probabilities.end(), static_cast<std::size_t>(each.options), 1.0 / each.options);
  next = epoch, next.training.epoch = 2;
  add_curve(page, space, {epoch, next}, 0.5, 1e6);
  REQUIRE(page.epochs.size() == 2);
  CHECK((page.epochs[0].is_warmup && !page.epochs[1].is_warmup));
  CHECK(page.epochs[0].expected == Approx(3));
  REQUIRE(page.epochs[0].probabilities.size() == shares);
  double sum = 0;
  for (const double each : page.epochs[0].probabilities) sum += each;
  CHECK(sum == Approx(static_cast<double>(page.blocks.size())));

  std::string text = space.text(std::vector<int>(space.decisions().size(), 0));
  std::vector<int> code = space.parse(text);
  const auto word = [&](int block, int layer, const char* wanted) {
    for (const layer_choice& each : space.choices_of(block, layer))
      if (space.word_of(block, layer, each) == wanted) space.set(code, block, layer, each);
  };
  word(2, 0, "fused-k5e8"), word(3, 0, "tucker-k3i25o75"), word(3, 1, "zero");
  const std::vector<drawn_block> drawn = drawn_blocks(space, code);
  REQUIRE(drawn.size() == 13);
  CHECK(drawn[0].label == "conv 3x3");
  CHECK(drawn[0].candidate.empty());
  CHECK(drawn[2].label == "Fused8 5x5");
  CHECK(drawn[2].out.h == 16);
  CHECK(drawn[4].label == "Tucker 3x3");
  CHECK((drawn[5].is_zero && drawn[5].candidate == "zero" && drawn[5].out == drawn[4].out));
  CHECK(drawn.back().label == "IBN4 3x3");
  CHECK_THROWS_WITH(drawn_blocks(space, space.everything()), ContainsSubstring("cannot be drawn"));
}
