// The bodies of file/recall.hpp, as core/apart.hpp says.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <hasse/file/journal.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/recall.hpp>

namespace hasse {

HASSE_BODY bool recalled::is_like(const json& like) const {
  for (const auto& [key, value] : like.items())
    if (!payload().contains(key) || payload().at(key) != value) return false;
  return true;
}

HASSE_BODY std::vector<recalled> recall_all(const journal& book, std::string_view operation, const json& like) {
  return recall_all(book.records(), book.path().string(), operation, like);
}

HASSE_BODY std::vector<recalled> recall_all(const std::vector<journal_record>& records, const std::string& path, std::string_view operation, const json& like) {
  std::vector<recalled> found;
  for (const journal_record& record : records)
    if (record.operation == operation)
      if (recalled each(path, record); each.is_like(like)) found.push_back(std::move(each));
  return found;
}

HASSE_BODY std::optional<recalled> recall(const journal& book, std::string_view operation, const json& like) {
  for (auto record = book.records().rbegin(); record != book.records().rend(); ++record)
    if (record->operation == operation)
      if (recalled each(book, *record); each.is_like(like)) return each;
  return std::nullopt;
}

}  // namespace hasse
