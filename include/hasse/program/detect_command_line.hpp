// The command line of hasse_detect: its subcommands and their options. Used by examples/hasse_detect.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include <hasse/program/command_line.hpp>
#include <hasse/program/detect.hpp>
#include <hasse/program/detect_search_options.hpp>
#include <hasse/program/detection_options.hpp>
#include <hasse/program/guarded.hpp>

namespace hasse {

/// The program: parses and runs a subcommand. `search_detectors` is search_detector of program/detect_search.hpp, which may be compiled in
/// another file. Returns the exit code: 0, or 2 after one sentence on stderr.
inline int detect(int argc, char** argv, const std::function<void(const detect_search_options&)>& search_detectors) {
  CLI::App app("Trains detectors of things in pictures, judges them, and shows what they find", "hasse_detect");
  app.require_subcommand(1);
  detect_train_options training;
  detect_evaluate_options judging;
  detect_predict_options showing;
  detect_search_options searching;
  searching.run = "run-detect-search";

  CLI::App& train = *app.add_subcommand("train", "train a detector, judge it, and hand it over");
  detail::describe(train, training);
  train.add_option("--net", training.net, "backbone: det-micro, mobiledet_cpu, mobilenet_v2, ... (hasse_info lists them)")->capture_default_str();
  add_number(train, "--width", training.width, 0, 8000, "of the backbone in thousandths, where it has widths; 0: as published");

  CLI::App& search = *app.add_subcommand("search", "search a space of detectors for the best within what it may cost on a device, train what was found, and hand it over");
  detail::describe(search, static_cast<detector_options&>(searching));
  search.add_option("--space", searching.space, "det-micro-cpu, -edgetpu, -dsp or -gpu, or mobiledet-cpu and its likes, larger; behind a colon, what layers choose from: ibn, ibn+fused or ibn+fused+tucker")
      ->capture_default_str();
  add_number(search, "--width", searching.width, 1, 8000, "of all blocks of the space, in thousandths");
  search.add_option("--method", searching.method, "tunas: one network of all operations and widths, by rewards; proxyless: one of all operations, at one width per block, by gates; model: what a Gaussian process expects to add most, by training; pop: Partial Order Pruning, by training; random: at random, by training")
      ->capture_default_str()
      ->check(CLI::IsMember({"tunas", "proxyless", "model", "pop", "random"}));
  std::string target;
  detail::describe(search, searching, target);
  search.add_option("--table", searching.table, "the latency.json of a run in the same space on another device, whose latencies count; without, this machine is measured");
  search.add_option("--price-model", searching.price_model, "sums: over layers, each measured once; regression: on whole networks drawn at random, as TuNAS has it")
      ->capture_default_str()
      ->check(CLI::IsMember({"sums", "regression"}));
  add_number(search, "--price-networks", searching.price_networks, "networks that the regression is made of, and a fifth of them held out; 0: 5 for each of its indicators");
  add_number(search, "--search-epochs", searching.search_epochs, 0, 1'000'000, "tunas, proxyless: epochs of the search; 0: as many as make 3000 steps");
  add_number(search, "--search-rate", searching.search_rate, detail::least_rate, detail::most_rate, "tunas, proxyless: highest learning rate of the weights of the search");
  add_number(search, "--codes", searching.codes, 1, 1000, "tunas: networks that are drawn for one step of the policy");
  search.add_option("--quality", searching.quality, "tunas: what a drawn network is worth: loss (1 - its loss / that at the beginning), AP50 or mAP of a validation batch, or anchors (the share of those with an object that answer with its class)")
      ->capture_default_str()
      ->check(CLI::IsMember({"loss", "AP50", "mAP", "anchors"}));
  add_number(search, "--reward-weight", searching.reward_weight, -1000, 0, "tunas: of the cost's distance from the target, in a reward whose quality lies within 0 and 1");
  add_number(search, "--gate-rate", searching.gate_rate, detail::least_rate, detail::most_rate, "proxyless: learning rate of the gates");
  add_number(search, "--gate-period", searching.gate_period, 1, 100'000, "proxyless: weight steps to a step of the gates");
  add_number(search, "--cost-weight", searching.cost_weight, 0, 1e6, "proxyless: of the cost's distance from the target, beside the loss");
  add_number(search, "--random", searching.random, 0, 1000, "tunas, proxyless: networks of equal cost, drawn at random, to train and compare with");
  add_number(search, "--trainings", searching.trainings, 1, 100'000, "model, pop, random: networks to train");
  add_number(search, "--margin", searching.margin, 0, 1, "pop: mAP by which a network must be better to prune");
  add_number(search, "--least-share", searching.least_share, 0, 1, "model, pop, random: networks cost at least this share of the target; 0: half of it, the tolerance below it for random");
  search.add_option("--beside", searching.beside, "folders of ended runs in the same space, to compare with in the report");

  CLI::App& evaluate = *app.add_subcommand("evaluate", "judge a detector on the pictures of its run, or on others");
  evaluate.add_option("--weights", judging.weights, "the .safetensors of the detector")->required()->check(not_empty("a file"));
  evaluate.add_option("--data", judging.data, "where the pictures are; without, as the file says");
  evaluate.add_option("--detections", judging.detections, "file for what is found in the test pictures, as COCO's tools read it");
  evaluate.add_option("--voc-detections", judging.voc_detections, "folder for the same as Pascal VOC's devkit reads it, a file per class");
  evaluate.add_option("--report", judging.report, "file for a page with the numbers and the pictures with most mistakes (HTML)");
  detail::describe_skip_damaged(evaluate, judging.skip_damaged);

  CLI::App& predict = *app.add_subcommand("predict", "draw what a detector finds on pictures, and list it");
  predict.add_option("pictures", showing.pictures, "files, or folders of files: JPEG, PNG, BMP or WebP")->required();
  predict.add_option("--weights", showing.weights, "the .safetensors of the detector")->required()->check(not_empty("a file"));
  predict.add_option("--out", showing.out, "folder for the pictures with boxes and detections.json")->capture_default_str()->check(not_empty("a folder"));
  predict.add_option("--voc-detections", showing.voc_detections, "folder for what is found as Pascal VOC's devkit reads it, a file per class");
  add_number(predict, "--score", showing.score, 1e-8, 0.999, "show what the detector is at least so sure of");
  detail::describe_running(evaluate, judging), detail::describe_running(predict, showing);
  return guarded(app, argc, argv, [&] {
    if (train)
      train_detector(training);
    else if (search)
      detail::aim_at(target, searching), search_detectors(searching);
    else if (evaluate)
      evaluate_detector(judging);
    else
      show_detections(showing);
  });
}

}  // namespace hasse
