// The bodies of data/detection_listing.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/data/detection_listing.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::optional<double> real_number(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Nobody has a picture of 1e9 pixels a side: what is larger is refused before it overflows anything.
  if (problem != std::errc() || end != text.data() + text.size() || !(std::abs(value) <= 1e9)) return {};
  return value;
}

HASSE_BODY std::optional<std::int64_t> whole_number(std::string_view text) {
  const std::optional<double> value = real_number(text);
  if (!value || *value != std::floor(*value)) return {};
  return static_cast<std::int64_t>(*value);
}

HASSE_BODY std::string corners_text(double x0, double y0, double x1, double y1) {
  std::string text;
  for (const double value : {x0, y0, x1, y1}) {
    char digits[40];
    text += (text.empty() ? "(" : ", ") + std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  return text + ")";
}

HASSE_BODY bool is_no_box(double x0, double y0, double x1, double y1, const std::string& where, data_description& about) {
  if (x1 > x0 && y1 > y0) return false;
  about.leave_out(x1 < x0 || y1 < y0 ? as_swapped : as_zero_area, where + " " + corners_text(x0, y0, x1, y1));
  return true;
}

HASSE_BODY std::vector<labelled_object> objects_in(const listed_picture& picture, bool fractions, int height, int width, data_description& about) {
  std::vector<labelled_object> kept;
  std::set<std::array<double, 5>> seen;
  for (const listed_object& listed : picture.objects) {
    const auto where = [&] { return picture.name + " " + listed.said; };
    if (!seen.insert({listed.place.x0, listed.place.y0, listed.place.x1, listed.place.y1, static_cast<double>(listed.kind)}).second) {
      about.leave_out(as_repeated, where());
      continue;
    }
    labelled_object object{.place = listed.place, .kind = listed.kind, .crowd = listed.crowd, .difficult = listed.difficult, .joints = listed.joints};
    if (fractions) {
      object.place = {listed.place.x0 * width, listed.place.y0 * height, listed.place.x1 * width, listed.place.y1 * height};
      for (keypoint& joint : object.joints) joint.x *= width, joint.y *= height;
    }
    const box whole = object.place, inside{std::max(whole.x0, 0.0), std::max(whole.y0, 0.0), std::min<double>(whole.x1, width), std::min<double>(whole.y1, height)};
    if (!(inside.width() >= 1 && inside.height() >= 1 && inside.area() * 4 >= whole.area())) {
      about.leave_out(as_outside, where());
      continue;
    }
    // What rounding puts over the edge is no news.
    if (std::max({-whole.x0, -whole.y0, whole.x1 - width, whole.y1 - height}) > 0.01) about.find(found_clipped, where());
    object.place = inside;
    object.area = listed.area >= 0 ? listed.area : inside.area();
    for (keypoint& joint : object.joints)
      if (joint.visible == 0 || joint.x < 0 || joint.y < 0 || joint.x > width || joint.y > height) joint = {};
    if (object.difficult) about.find(found_difficult, where());
    if (object.crowd) about.find(found_crowd, where());
    kept.push_back(std::move(object));
  }
  return kept;
}

HASSE_BODY std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

HASSE_BODY std::string known_names(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() == most_named) break;
    shown.push_back(printable(clipped(name, 40)));
  }
  return shortened(shown, names.size());
}

HASSE_BODY bool is_folder(const std::filesystem::path& path) {
  std::error_code missing;
  return std::filesystem::is_directory(path, missing);
}

HASSE_BODY bool is_file(const std::filesystem::path& path) {
  std::error_code missing;
  return std::filesystem::is_regular_file(path, missing);
}

}  // namespace detail

}  // namespace hasse
