// An append-only record of what happened, one JSON object per line, on disk when `append` returns; a killed process replays it.
// Used by result (the record of a search) and by workers, each of which writes a file of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/lock.hpp>

namespace hasse {

/// One line: the `sequence`-th record of `writer` (from 1), what happened, and its particulars (a JSON object).
struct journal_record {
  std::uint64_t sequence = 0;
  std::string writer, operation;
  json payload = json::object();
  friend bool operator==(const journal_record&, const journal_record&) = default;
};

/// What a journal may cost before it is refused.
struct journal_limits {
  std::uintmax_t file_bytes = std::uintmax_t{1} << 30;
  std::size_t line_bytes = std::size_t{16} << 20;
  std::size_t files = std::size_t{1} << 16;  ///< workers come and go, and each leaves one
};

/// The records of one file, and how many of its bytes they take: what follows is a line that a kill cut short.
struct journal_content {
  std::vector<journal_record> records;
  std::size_t good_bytes = 0;
};

namespace detail {

/// Letters, digits, '_', '-' and '.', but no leading '.': what a file may be called that is named after somebody.
HASSE_BODY bool is_plain_name(std::string_view name);

HASSE_BODY std::string checksum_text(std::string_view bytes);

HASSE_BODY std::string journal_line(const journal_record& record);

HASSE_BODY std::vector<std::filesystem::path> journals_in(const std::filesystem::path& folder, const journal_limits& limits);

}  // namespace detail

/// Reads the content of the file of `writer`, or what follows its first `before` records. A last line without its newline is left out; any
/// other damage is refused with its line number.
HASSE_BODY journal_content parse_journal(std::string_view text, const std::string& writer, const std::string& path, const journal_limits& limits = {},
                                         std::uint64_t before = 0);

/// All records of the folder's `*.jsonl` files, in the order (sequence, writer): the same for the same files. No folder, no records.
/// Order between writers says nothing about time; what must be ordered belongs to one writer.
HASSE_BODY std::vector<journal_record> replay_journal(const std::filesystem::path& folder, const journal_limits& limits = {});

/// Reads what all writers of a folder append, while they do. Of a line that is being written nothing is seen until it is whole.
class journal_follower {
 public:
  explicit journal_follower(std::filesystem::path folder, const journal_limits& limits = {}) : folder_(std::move(folder)), limits_(limits) {}

  /// What is new since the last call: writer after writer, each in its order.
  std::vector<journal_record> news();
  /// Its file is looked for by its name from now on: a list of a folder on another machine may be a minute old.
  void expect(const std::string& writer) { (void)places_[writer]; }

 private:
  struct place {
    std::uintmax_t bytes = 0;
    std::uint64_t records = 0;
  };
  std::filesystem::path folder_;
  journal_limits limits_;
  std::map<std::string, place> places_;  // by writer
};

/// The file of one writer, open for appending. Opening cuts off a torn last line; a second one with the same name is refused.
class journal {
 public:
  explicit journal(const std::filesystem::path& folder, const std::string& writer = "main", const journal_limits& limits = {});

  /// Records of this writer, the ones from before included.
  const std::vector<journal_record>& records() const { return records_; }
  const std::filesystem::path& path() const { return path_; }

  /// Adds a record; it is on disk when this returns. When it cannot be written, the file stays as it was.
  const journal_record& append(std::string operation, json payload = json::object());

 private:
  static const std::filesystem::path& prepare(const std::filesystem::path& folder, const std::string& writer);

  std::filesystem::path path_;
  std::string writer_;
  journal_limits limits_;
  file_lock lock_;
  std::vector<journal_record> records_;
  std::uintmax_t size_ = 0;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/journal.inl>
#endif
