// The bodies of file/claims.hpp, as core/apart.hpp says.
#pragma once

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hasse/core/file.hpp>
#include <hasse/file/claims.hpp>
#include <hasse/file/journal.hpp>

namespace hasse {

HASSE_BODY claim_folder::claim_folder(std::filesystem::path folder, std::string worker) : folder_(std::move(folder)), worker_(std::move(worker)) {
  if (!detail::is_plain_name(worker_))
    throw error("the worker " + detail::in_quotes(worker_) + " is no file name; use up to 64 letters, digits, '_', '-' and '.'");
  create_folder(folder_);
}

HASSE_BODY bool claim_folder::make(const std::string& what, std::uint64_t term, const json& about) const {
  if (!detail::is_plain_name(what)) throw error("what is claimed, " + detail::in_quotes(what) + ", is no file name; use up to 64 letters, digits, '_', '-' and '.'");
  const std::filesystem::path path = path_of(what, term), draft = folder_ / (worker_ + ".draft");
  if (file_exists(path)) return false;  // most who come late are spared the rest
  struct remover {
    const std::filesystem::path& draft;
    ~remover() { ::unlink(draft.c_str()); }
  } const remove_draft{draft};
  ::unlink(draft.c_str());  // never written through a second name of a claim
  {
    const detail::descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.number < 0) throw file_error(draft.string(), "cannot be created (" + detail::system_reason() + ")", "check the folder and its permissions");
    detail::write_all(file.number, json_text(json{{"worker", worker_}, {"about", about}}) + '\n', draft.string());
    if (::fsync(file.number) != 0) throw file_error(draft.string(), "cannot be brought to disk (" + detail::system_reason() + ")", "free space or choose another place");
  }
  // A second name for a whole file: unlike an append, which two machines that share a folder by NFS may both believe to have made,
  // it is made once everywhere. Where the answer was lost and asked for again, "it is there" can mean "you made it": so the names are counted.
  const int refused = ::link(draft.c_str(), path.c_str()) == 0 ? 0 : errno;
  struct ::stat facts {};
  if (refused != 0 && !(::stat(draft.c_str(), &facts) == 0 && facts.st_nlink > 1)) {
    if (refused == EEXIST) return false;
    errno = refused;
    throw file_error(path.string(), "cannot be made as a second name of a file (" + detail::system_reason() + ")",
                     "workers meet on a file system that has hard links and free space; choose another folder");
  }
  detail::sync_directory_of(path);
  return true;
}

HASSE_BODY std::optional<claim> claim_folder::at(const std::string& what, std::uint64_t term) const {
  const std::filesystem::path path = path_of(what, term);
  if (!file_exists(path)) return std::nullopt;
  const json value = read_json(path, {.bytes = std::uintmax_t{1} << 20, .depth = 8, .values = std::size_t{1} << 12});
  allow_only(value, {"worker", "about"}, path.string());
  claim found{.worker = require<std::string>(value, "worker", path.string()), .term = term, .about = require_object(value, "about", path.string())};
  if (!detail::is_plain_name(found.worker)) throw file_error(path.string(), "names a worker that cannot be", "start a new run in another folder");
  return found;
}

HASSE_BODY std::optional<claim> claim_folder::holder(const std::string& what, std::uint64_t from) const {
  std::optional<claim> last;
  for (std::uint64_t term = from;; ++term) {
    std::optional<claim> next = at(what, term);
    if (!next) return last;
    last = std::move(next);
  }
}

HASSE_BODY json claim_folder::agreed(const std::string& what, const json& about) const {
  make(what, 0, about);
  const std::optional<claim> first = at(what, 0);
  if (!first) throw file_error(path_of(what, 0).string(), "is gone, removed while this process worked", "start again, or in another folder");
  return first->about;
}

}  // namespace hasse
