// The bodies of result/segmentation_report.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/data/mask_colour.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/segmentation_report.hpp>

namespace hasse {

HASSE_BODY std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t given = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < given ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) text += k <= given ? letters[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

HASSE_BODY std::string segmentation_page(const segmentation_report_data& data) {
  const auto percent = [](double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", 100 * share);
    return std::string(text);
  };
  std::string page = detail::page_head(data.title) + "<div class='cards'>";
  json numbers = json::object();
  for (const auto& [split, counts] : data.splits) {
    page += detail::card(percent(counts.mean_overlap()) + " %", "mIoU, " + split) + detail::card(percent(counts.pixel_accuracy()) + " %", "of pixels right, " + split);
    numbers[split]["miou"] = counts.mean_overlap(), numbers[split]["pixel_accuracy"] = counts.pixel_accuracy();
  }
  page += "</div>";
  std::vector<std::string> head{"", "class"};
  for (const auto& [split, counts] : data.splits) head.push_back(markup_text("IoU, " + split + " (%)")), head.push_back("of its pixels (%)");
  std::string rows = detail::table_row(head, 2, true);
  for (int kind = 0; kind < static_cast<int>(data.classes.size()); ++kind) {
    const std::array<std::uint8_t, 3> colour = mask_colour(kind);
    const std::string& name = data.classes[static_cast<std::size_t>(kind)];
    std::vector<std::string> cells{"<svg width='14' height='14' style='width:14px'><rect width='14' height='14' fill='rgb(" + std::to_string(colour[0]) + "," + std::to_string(colour[1]) + "," +
                                       std::to_string(colour[2]) + ")'/></svg>",
                                   markup_text(name)};
    for (const auto& [split, counts] : data.splits) {
      const auto overlap = counts.overlap_of(kind);
      std::int64_t own = 0;
      for (int answer = 0; answer <= counts.classes(); ++answer) own += counts.count(kind, answer);
      cells.push_back(overlap ? percent(*overlap) : "-");
      cells.push_back(counts.pixels() > 0 ? percent(static_cast<double>(own) / static_cast<double>(counts.pixels())) : "-");
      numbers[split]["iou"].push_back(overlap ? json(*overlap) : json());
    }
    rows += detail::table_row(cells, 2);
  }
  page += detail::section("Classes", "Intersection over union over all labelled pixels of a split, and how many of these are of the class. mIoU is the mean over the classes that are there or were answered.",
                          detail::scrolling_table(rows));
  std::string pictures;
  for (const auto& [name, png] : data.pictures)
    pictures += "<p class='quiet'>" + markup_text(name) + "</p><p><img style='max-width:100%' alt='" + markup_text(name) + ": picture, truth, answer' src='data:image/png;base64," + base64(png) + "'></p>";
  if (!pictures.empty()) page += detail::section("Pictures", "Picture, truth and answer. Black has no class.", pictures);
  return page + detail::fact_section(data.facts) + detail::page_foot({{"splits", numbers}, {"classes", data.classes}});
}

}  // namespace hasse
