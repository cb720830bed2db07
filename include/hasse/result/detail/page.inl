// The bodies of result/detail/page.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/number_text.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/detail/page.hpp>

namespace hasse::detail {

HASSE_BODY std::string code(const std::string& text, char breaks) {
  std::string html = "<code>";
  for (const char letter : markup_text(text)) html += letter == breaks ? letter + std::string("<wbr>") : std::string(1, letter);
  return html + "</code>";
}

HASSE_BODY std::string warning_list(const std::vector<std::string>& warnings) {
  std::string html;
  for (const std::string& warning : warnings) html += "<p class='warning'>" + markup_text(warning) + "</p>";
  return html;
}

HASSE_BODY std::string fact_section(const std::vector<std::pair<std::string, std::string>>& facts) {
  if (facts.empty()) return {};
  std::string list = "<dl>";
  for (const auto& [key, value] : facts) list += "<dt>" + markup_text(key) + "</dt><dd>" + markup_text(with_short_numbers(value)) + "</dd>";
  return section("The run", "What it takes to repeat it.", list + "</dl>");
}

HASSE_BODY json facts_json(const std::vector<std::pair<std::string, std::string>>& facts) {
  json made = json::object();
  for (const auto& [key, value] : facts) made[key] = with_short_numbers(value);
  return made;
}

HASSE_BODY std::string hyperlink(const std::string& label, const std::string& path) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./()[],",
                             digits = "0123456789ABCDEF";
  std::string target = "./";
  for (const char letter : path) {
    const auto byte = static_cast<unsigned char>(letter);
    if (plain.find(letter) != plain.npos) target += letter;
    else target += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return "<a href='" + target + "'>" + markup_text(label) + "</a>";
}

HASSE_BODY std::string table_row(const std::vector<std::string>& cells, std::size_t names, bool head) {
  std::string html = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string tag = head ? "th" : "td";
    html += "<" + tag + (i < names ? " class='name'>" : ">") + cells[i] + "</" + tag + ">";
  }
  return html + "</tr>";
}

HASSE_BODY std::string page_head(const std::string& title) {
  return "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width,initial-scale=1'><title>" +
         markup_text(title) + "</title><style>" + std::string(svg_style) + std::string(page_style) + "</style></head><body><main><h1>" + markup_text(title) +
         "</h1>";
}

HASSE_BODY std::string page_foot(const json& data, std::string_view script) {
  std::string html = "<script type='application/json' id='data'>";
  for (const char letter : json_text(data)) html += letter == '<' ? "\\u003c" : std::string(1, letter);
  html += "</script>";
  if (!script.empty()) html += "<script>" + std::string(script) + "</script>";
  return html + "</main></body></html>\n";
}

}  // namespace hasse::detail
