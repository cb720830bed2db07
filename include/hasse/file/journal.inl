// The bodies of file/journal.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/file/journal.hpp>

namespace hasse {

namespace detail {

inline constexpr std::string_view journal_tail = R"(,"checksum":"########"})";

HASSE_BODY bool is_plain_name(std::string_view name) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !name.empty() && name.size() <= 64 && name[0] != '.' && name.find_first_not_of(plain) == name.npos;
}

HASSE_BODY std::string checksum_text(std::string_view bytes) { return std::string(hex64(crc32(bytes)).view().substr(8)); }

HASSE_BODY std::string journal_line(const journal_record& record) {
  const std::string body = "{\"sequence\":" + std::to_string(record.sequence) + ",\"writer\":" + json_text(record.writer) +
                           ",\"operation\":" + json_text(record.operation) + ",\"payload\":" + json_text(record.payload);
  return body + ",\"checksum\":\"" + checksum_text(body) + "\"}";
}

}  // namespace detail

HASSE_BODY journal_content parse_journal(std::string_view text, const std::string& writer, const std::string& path, const journal_limits& limits,
                                        std::uint64_t before) {
  journal_content content;
  for (std::size_t end; (end = text.find('\n', content.good_bytes)) != text.npos; content.good_bytes = end + 1) {
    const std::string_view line = text.substr(content.good_bytes, end - content.good_bytes);
    const std::uint64_t number = before + content.records.size() + 1;
    const std::string place = "line " + std::to_string(number);
    const auto refuse = [&](const std::string& problem) {
      return file_error(path, place + " " + problem, "restore the file from a copy, or start a new run in another folder");
    };
    if (line.size() > limits.line_bytes) throw refuse("is longer than the " + std::to_string(limits.line_bytes) + " bytes allowed");
    if (line.size() < detail::journal_tail.size()) throw refuse("is damaged (too short)");
    const std::string_view body = line.substr(0, line.size() - detail::journal_tail.size());
    if (line.substr(body.size()) != ",\"checksum\":\"" + detail::checksum_text(body) + "\"}")
      throw refuse("is damaged (its checksum does not match)");
    const json value = parse_json(line, path, {.bytes = limits.line_bytes});
    allow_only(value, {"sequence", "writer", "operation", "payload", "checksum"}, path, place);
    journal_record record{.sequence = require<std::uint64_t>(value, "sequence", path, place),
                          .writer = require<std::string>(value, "writer", path, place),
                          .operation = require<std::string>(value, "operation", path, place),
                          .payload = require_object(value, "payload", path, place)};
    if (record.writer != writer) throw refuse("was written by " + detail::in_quotes(record.writer) + ", not by " + detail::in_quotes(writer));
    if (record.sequence != number)
      throw refuse("has sequence number " + std::to_string(record.sequence) + " where " + std::to_string(number) + " is due (a record is " +
                   (record.sequence < number ? "repeated)" : "missing)"));
    content.records.push_back(std::move(record));
  }
  if (text.size() - content.good_bytes > limits.line_bytes)  // longer than any record, so no record that a kill cut short
    throw file_error(path, "line " + std::to_string(before + content.records.size() + 1) + " is damaged (it has " +
                               std::to_string(text.size() - content.good_bytes) + " bytes and no end)",
                     "restore the file from a copy, or start a new run in another folder");
  return content;
}

namespace detail {

HASSE_BODY std::vector<std::filesystem::path> journals_in(const std::filesystem::path& folder, const journal_limits& limits) {
  std::vector<std::filesystem::path> paths;
  if (!file_exists(folder)) return paths;
  if (std::error_code ignored; !std::filesystem::is_directory(folder, ignored)) throw file_error(folder.string(), "is not a folder", "name the folder of the run");
  for (const auto& path : files_in(folder))
    if (path.extension() == ".jsonl") paths.push_back(path);
  if (paths.size() > limits.files)
    throw file_error(folder.string(), "holds " + std::to_string(paths.size()) + " journal files, more than the " + std::to_string(limits.files) + " allowed",
                     "check that it is the right folder");
  return paths;
}

}  // namespace detail

HASSE_BODY std::vector<journal_record> journal_follower::news() {
  for (const auto& path : detail::journals_in(folder_, limits_)) expect(path.stem().string());
  std::vector<journal_record> records;
  for (auto& [writer, at] : places_) {
    const std::filesystem::path path = folder_ / (writer + ".jsonl");
    if (!file_exists(path)) continue;  // it has written nothing yet
    const readable_file file(path, limits_.file_bytes);
    if (file.size() < at.bytes)
      throw file_error(path.string(), "has become shorter while it was read", "let nobody but its writer change it, and start again");
    if (file.size() == at.bytes) continue;
    journal_content content = parse_journal(file.read(at.bytes, file.size() - at.bytes), writer, path.string(), limits_, at.records);
    at.bytes += content.good_bytes, at.records += content.records.size();
    std::move(content.records.begin(), content.records.end(), std::back_inserter(records));
  }
  return records;
}

HASSE_BODY std::vector<journal_record> replay_journal(const std::filesystem::path& folder, const journal_limits& limits) {
  std::vector<journal_record> records;
  for (const auto& path : detail::journals_in(folder, limits)) {
    journal_content content = parse_journal(read_file(path, limits.file_bytes), path.stem().string(), path.string(), limits);
    std::move(content.records.begin(), content.records.end(), std::back_inserter(records));
  }
  std::sort(records.begin(), records.end(), [](const journal_record& left, const journal_record& right) {
    return left.sequence != right.sequence ? left.sequence < right.sequence : left.writer < right.writer;
  });
  return records;
}

HASSE_BODY journal::journal(const std::filesystem::path& folder, const std::string& writer, const journal_limits& limits)
    : path_(prepare(folder, writer) / (writer + ".jsonl")), writer_(writer), limits_(limits), lock_(folder / (writer + ".lock")) {
  if (!file_exists(path_)) return;
  const std::string text = read_file(path_, limits_.file_bytes);
  journal_content content = parse_journal(text, writer_, path_.string(), limits_);
  records_ = std::move(content.records);
  size_ = content.good_bytes;
  if (size_ < text.size()) cut_file(path_, size_);
}

HASSE_BODY const journal_record& journal::append(std::string operation, json payload) {
  if (!payload.is_object()) throw error("the particulars of a journal record must be a JSON object; wrap them into one");
  std::error_code missing;
  const std::uintmax_t there = std::filesystem::file_size(path_, missing), found = missing ? 0 : there;
  if (missing && size_ > 0)
    throw file_error(path_.string(), "is gone, removed or renamed while this process wrote to it", "put it back and start again, and what it says goes on");
  if (found != size_)
    throw file_error(path_.string(), "has " + std::to_string(found) + " bytes where this process left " + std::to_string(size_),
                     "let one process write it, and start again");
  journal_record record{.sequence = records_.size() + 1, .writer = writer_, .operation = std::move(operation), .payload = std::move(payload)};
  const std::string line = detail::journal_line(record);
  if (line.size() > limits_.line_bytes || size_ + line.size() >= limits_.file_bytes)
    throw file_error(path_.string(), "would outgrow its limit by a record of " + std::to_string(line.size()) + " bytes", "raise journal_limits");
  try {
    append_line(path_, line);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::resize_file(path_, size_, ignored);
    throw;
  }
  size_ += line.size() + 1;
  return records_.emplace_back(std::move(record));
}

HASSE_BODY const std::filesystem::path& journal::prepare(const std::filesystem::path& folder, const std::string& writer) {
  if (!detail::is_plain_name(writer))
    throw error("the journal writer " + detail::in_quotes(writer) + " is no file name; use up to 64 letters, digits, '_', '-' and '.'");
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw file_error(folder.string(), "cannot be created (" + failure.message() + ")", "check the folder above it and its permissions");
  detail::sync_directory_of(folder);
  return folder;
}

}  // namespace hasse
