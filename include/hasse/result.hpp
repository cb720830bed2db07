// The result stage: what a search hands over - networks as ONNX, weights and C++ headers, the frontier and what was slimmed for people.
#pragma once

#include <hasse/result/cpp_header.hpp>
#include <hasse/result/detection_report.hpp>
#include <hasse/result/detection_results.hpp>
#include <hasse/result/detector_onnx.hpp>
#include <hasse/result/frontier_file.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/gated_report.hpp>
#include <hasse/result/layers_json.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/result/report.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/result/segmentation_report.hpp>
#include <hasse/result/slimming_data.hpp>
#include <hasse/result/slimming_report.hpp>
#include <hasse/result/svg.hpp>
#include <hasse/result/weights.hpp>
