// What a journal says of something that was done before, member by member. Used by programs, which go on where they stopped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/json.hpp>

namespace hasse {

/// A record of an open journal. A member that is missing or of another kind is refused, with the record's place. Good until the
/// journal is appended to.
class recalled {
 public:
  recalled(const journal& book, const journal_record& record) : recalled(book.path().string(), record) {}
  recalled(std::string path, const journal_record& record) : path_(std::move(path)), record_(&record) {}

  const json& payload() const { return record_->payload; }
  const std::string& path() const { return path_; }
  std::string place() const { return "record " + std::to_string(record_->sequence); }

  template <class Type>
  Type get(const std::string& key) const {
    return require<Type>(payload(), key, path_, place());
  }
  /// Nothing where the member is absent or null.
  template <class Type>
  std::optional<Type> maybe(const std::string& key) const {
    return hasse::maybe<Type>(payload(), key, path_, place());
  }
  const json& array(const std::string& key) const { return require_array(payload(), key, path_, place()); }

  /// True where every member of `like` is a member of the record, and the same.
  bool is_like(const json& like) const;

 private:
  std::string path_;
  const journal_record* record_;
};

/// The records of an operation that are like this, from the first to the last.
HASSE_BODY std::vector<recalled> recall_all(const journal& book, std::string_view operation, const json& like = json::object());

/// The same of records that were replayed; `path`: where.
HASSE_BODY std::vector<recalled> recall_all(const std::vector<journal_record>& records, const std::string& path, std::string_view operation, const json& like = json::object());

/// The last of them; nothing: there is none.
HASSE_BODY std::optional<recalled> recall(const journal& book, std::string_view operation, const json& like = json::object());

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/recall.inl>
#endif
