// The bodies of result/detection_results.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include <hasse/core/file.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/result/detection_results.hpp>

namespace hasse {

HASSE_BODY void add_coco_results(json& list, std::int64_t picture, std::span<const std::int64_t> class_ids,
                                 std::span<const detected_object> found) {
  for (const detected_object& each : found)
    list.push_back({{"image_id", picture},
                    {"category_id", class_ids[static_cast<std::size_t>(each.kind)]},
                    {"bbox", {each.place.x0, each.place.y0, each.place.width(), each.place.height()}},
                    {"score", each.score}});
}

HASSE_BODY void voc_results::add(std::string_view picture, std::span<const detected_object> found) {
  for (const detected_object& each : found) {
    std::string& lines = lines_[static_cast<std::size_t>(each.kind)];
    lines += picture;
    for (const double number : {each.score, each.place.x0 + 1, each.place.y0 + 1, each.place.x1, each.place.y1})
      lines += ' ' + exact_text(number, 9);
    lines += '\n';
  }
}

HASSE_BODY void voc_results::write(const std::filesystem::path& folder, std::string_view split) const {
  std::filesystem::create_directories(folder);
  for (std::size_t kind = 0; kind < classes_.size(); ++kind) {
    std::string name = "comp4_det_" + std::string(split) + "_" + classes_[kind] + ".txt";
    std::ranges::replace_if(
        name, [](char letter) { return letter == '/' || (letter >= 0 && letter < ' '); }, '_');
    replace_file(folder / name, lines_[kind]);
  }
}

}  // namespace hasse
