// The bodies of result/detection_report.hpp, as core/apart.hpp says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/detection_report.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/svg.hpp>

namespace hasse {

namespace detail {

/// As addresses of data hold bytes (RFC 4648).
inline std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) : 0u;
    };
    const std::uint32_t all = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : letters[all >> (18 - 6 * k) & 63];
  }
  return text;
}

/// Blue and orange are told apart by those who see few colours; what is missed is dashed, because no answer is there.
struct finding_look {
  std::string_view colour, dashes;
};
inline finding_look look_of(finding what) {
  constexpr std::array<finding_look, finding_count> looks{{{"#22c55e", ""}, {"#f59e0b", ""}, {"#ef4444", ""}, {"#3b82f6", "6 4"}}};
  return looks[static_cast<std::size_t>(what)];
}

inline std::string class_name(const detection_report_data& data, int kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index < data.classes.size() ? data.classes[index] : "class " + std::to_string(kind);
}

inline std::string picture_markup(const detection_report_data& data, const page_picture& picture) {
  const std::string width = std::to_string(picture.width), height = std::to_string(picture.height);
  std::string svg = "<svg viewBox='0 0 " + width + " " + height + "' role='img'><title>" + markup_text(picture.name) +
                    "</title><image width='" + width + "' height='" + height +
                    "' preserveAspectRatio='none' style='image-rendering:pixelated' href='data:image/png;base64," +
                    base64(picture.png) + "'/>";
  std::array<int, finding_count> counts{};
  for (const judged_object& each : picture.objects) {
    const finding_look look = look_of(each.what);
    std::string hint = std::string(name_of(each.what)) + ": " + class_name(data, each.kind);
    if (each.what == finding::wrong_class) hint += ", which is " + class_name(data, each.truly);
    if (each.what != finding::missed) hint += ", score " + fixed_text(each.score, 2);
    svg += "<rect x='" + svg_number(each.place.x0) + "' y='" + svg_number(each.place.y0) + "' width='" +
           svg_number(each.place.width()) + "' height='" + svg_number(each.place.height()) +
           "' fill='transparent' vector-effect='non-scaling-stroke' stroke-width='2' stroke='" + std::string(look.colour) + "'" +
           (look.dashes.empty() ? "" : " stroke-dasharray='" + std::string(look.dashes) + "'") + "><title>" + markup_text(hint) +
           "</title></rect>";
    ++counts[static_cast<std::size_t>(each.what)];
  }
  std::string says;
  for (std::size_t what = 0; what < finding_count; ++what)
    if (counts[what] > 0)
      says += (says.empty() ? "" : ", ") + std::to_string(counts[what]) + " " + std::string(name_of(static_cast<finding>(what)));
  return "<div>" + svg + "</svg><span class='quiet'>" + markup_text(picture.name + ": " + says) + "</span></div>";
}

inline std::string class_table(const detection_report_data& data, const detection_scores& scores) {
  const auto share = [](double value) { return value < 0 ? std::string("-") : fixed_text(100 * value, 1); };
  std::string rows = table_row({"class", "AP", "AP50", "AP75", "small", "medium", "large", "VOC 2007", "VOC 2010", "objects",
                                "right", "wrong class", "missed", "false alarms"},
                               1, true);
  const auto row = [&](const std::string& name, const coco_scores& of, double voc_11, double voc,
                       const std::vector<std::string>& counts) {
    std::vector<std::string> cells{markup_text(name),   share(of.ap),       share(of.ap50), share(of.ap75), share(of.ap_small),
                                   share(of.ap_medium), share(of.ap_large), share(voc_11),  share(voc)};
    cells.insert(cells.end(), counts.begin(), counts.end());
    rows += table_row(cells, 1);
  };
  std::array<std::int64_t, 5> sums{};
  std::vector<std::vector<std::string>> counts;
  for (std::size_t kind = 0; kind < scores.coco.classes.size(); ++kind) {
    const auto of = [&](finding what) { return scores.findings(kind, what); };
    const std::int64_t right = of(finding::right), wrong = of(finding::wrong_class), missed = of(finding::missed);
    const std::array<std::int64_t, 5> own{right + wrong + missed, right, wrong, missed, of(finding::false_alarm)};
    std::vector<std::string>& texts = counts.emplace_back();
    for (std::size_t i = 0; i < own.size(); ++i) sums[i] += own[i], texts.push_back(std::to_string(own[i]));
  }
  std::vector<std::string> all;
  for (const std::int64_t sum : sums) all.push_back(std::to_string(sum));
  row("all classes", scores.coco, scores.voc.ap_11, scores.voc.ap, all);
  for (std::size_t kind = 0; kind < counts.size(); ++kind)
    row(class_name(data, static_cast<int>(kind)), scores.coco.classes[kind], scores.voc.classes[kind].ap_11,
        scores.voc.classes[kind].ap, counts[kind]);
  return scrolling_table(rows);
}

}  // namespace detail

HASSE_BODY std::string detection_html(const detection_report_data& data) {
  using namespace detail;
  std::string html = page_head(data.title) + "<div class='cards'>";
  for (const auto& [number, meaning] : data.cards) html += card(number, meaning);
  html += "</div>";
  json numbers = json::array();
  const std::string rule =
      "scores from " + fixed_text(data.shown.score, 2) + " on, overlaps from " + fixed_text(data.shown.overlap, 2) + " on";
  for (const detection_scores& each : data.splits) {
    html += section("Precision on the " + each.split + " pictures",
                    "Average precision in percent, as COCO counts it, and as the VOC devkit did in 2007 and since 2010; beside it "
                    "what is right and wrong among "
                    "answers with " +
                        rule + ".",
                    class_table(data, each));
    numbers.push_back({{"split", each.split},
                       {"ap", number_or_null(each.coco.ap)},
                       {"ap50", number_or_null(each.coco.ap50)},
                       {"voc_2010", number_or_null(each.voc.ap)}});
  }
  if (!data.worst.empty()) {
    std::string keys = "<p class='keys'>",
                pictures = "<div class='charts' style='grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr))'>";
    for (std::size_t what = 0; what < finding_count; ++what)
      keys += "<span><i style='color:" + std::string(look_of(static_cast<finding>(what)).colour) + "'></i>" +
              std::string(name_of(static_cast<finding>(what))) + "</span>";
    for (const page_picture& picture : data.worst) pictures += picture_markup(data, picture);
    html += section("Where it errs",
                    "The " + data.worst_of + " pictures with most mistakes: " + rule + ". Point at a box to read what it says.",
                    keys + "</p>" + pictures + "</div>");
  }
  if (!data.files.empty()) {
    std::string links;
    for (const auto& [label, path] : data.files) links += (links.empty() ? "" : " ") + hyperlink(label, path);
    html += section("Files", "The detector for other programs.", "<p>" + links + "</p>");
  }
  return html + fact_section(data.facts) + page_foot(numbers);
}

HASSE_BODY void write_detection_report(const std::filesystem::path& path, const detection_report_data& data) {
  replace_file(path, detection_html(data));
}

}  // namespace hasse
