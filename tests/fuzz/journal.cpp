// Any bytes as a journal: refused with a sentence, or read to records that are written back as the same bytes.
#include <cstdlib>

#include <hasse/file/journal.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = [](std::string_view bytes) {
    try {
      const hasse::journal_content content = hasse::parse_journal(bytes, "main", "fuzz");
      if (content.good_bytes > bytes.size()) std::abort();
      std::string again;
      for (const auto& record : content.records) again += hasse::detail::journal_line(record) + '\n';
      if (hasse::parse_journal(again, "main", "again").records != content.records) std::abort();
    } catch (const hasse::file_error&) {
    }
  };
  read(text);
  // A fuzzer rarely guesses a checksum, so the same bytes are also tried as the bodies of lines with good ones.
  std::string sealed;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::string_view body = line.substr(0, line.rfind(",\"checksum\""));
    sealed += std::string(body) + ",\"checksum\":\"" + hasse::detail::checksum_text(body) + "\"}\n";
    at = end + 1;
  }
  read(sealed);
  return 0;
}
