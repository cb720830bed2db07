// The bodies of train/checkpoint.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <hasse/train/checkpoint.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::pair<std::string, std::string> differing_parts(const std::string& left, const std::string& right) {
  const auto items_of = [](const std::string& text) {
    std::vector<std::string> items;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(", ", at), text.size());
      items.push_back(text.substr(at, end - at)), at = end + 2;
    }
    return items;
  };
  std::vector<std::string> then = items_of(left), now = items_of(right);
  while (!then.empty() && !now.empty() && then.back() == now.back()) then.pop_back(), now.pop_back();
  const auto [from, to] = std::mismatch(then.begin(), then.end(), now.begin(), now.end());
  const auto joined = [](auto first, auto last) {
    std::string text;
    for (; first != last; ++first) text += (text.empty() ? "" : ", ") + *first;
    return text;
  };
  return {joined(from, then.end()), joined(to, now.end())};
}

}  // namespace detail

}  // namespace hasse
