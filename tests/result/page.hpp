// What the tests of the reports ask of a page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/file/json.hpp>

namespace page {

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// The numbers that a page carries for other programs.
inline hasse::json embedded(const std::string& html) {
  const std::string open = "<script type='application/json' id='data'>";
  const std::size_t begin = html.find(open) + open.size();
  return hasse::parse_json(std::string_view(html).substr(begin, html.find("</script>", begin) - begin), "report");
}

/// Every element that opens is closed, in order; the elements of HTML that never close are let be.
inline bool is_well_formed(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == html.npos) return false;
    const bool closes = html[at + 1] == '/';
    const std::size_t begin = at + (closes ? 2 : 1);
    const std::string name = html.substr(begin, html.find_first_of(" >/", begin) - begin);
    if (name == "!DOCTYPE" || name == "meta" || name == "wbr" || name == "br" || html[end - 1] == '/') continue;
    if (!closes) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != name) return false;
      open.pop_back();
    }
  }
  return open.empty();
}

/// No address of another machine, and nothing that a browser would fetch.
inline bool loads_nothing(std::string html) {
  const std::string harmless = "http://www.w3.org/2000/svg";
  for (std::size_t at = 0; (at = html.find(harmless, at)) != html.npos;) html.erase(at, harmless.size());
  for (const char* outside : {"http://", "https://", "src=", "@import", "url(//"})
    if (html.find(outside) != html.npos) return false;
  return true;
}

}  // namespace page
