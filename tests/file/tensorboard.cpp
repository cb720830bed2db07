// Event files: the bytes of a known record, and a restart that goes on after a torn end.
#include <fstream>

#include <unistd.h>

#include <hasse/core/hash.hpp>
#include <hasse/file/tensorboard.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
struct folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hasse_events_" + std::to_string(::getpid()));
  folder() { std::filesystem::remove_all(path), std::filesystem::create_directories(path); }
  ~folder() { std::filesystem::remove_all(path); }
};
}  // namespace

TEST_CASE("a record has the published layout") {
  // The record that TensorBoard's own writer makes of Event{wall_time: 1.0, file_version: "brain.Event:2"}.
  const std::string payload = std::string("\x09\0\0\0\0\0\0\xf0\x3f\x1a\x0d", 11) + "brain.Event:2";
  const std::string record = detail::event_record(protobuf_message().real(1, 1.0).text(3, "brain.Event:2"));
  REQUIRE(record.size() == 16 + payload.size());
  CHECK(record.substr(0, 8) == std::string("\x18\0\0\0\0\0\0\0", 8));
  CHECK(record.substr(12, payload.size()) == payload);
  CHECK(record.substr(8, 4) == std::string("\xa3\x7f\x4b\x22", 4));  // of the length 24, as in every event file
  CHECK(crc32c("123456789") == 0xe3069283u);
}

TEST_CASE("numbers are varints, negative ones in ten bytes") {
  CHECK(protobuf_message().number(2, 300).bytes == "\x10\xac\x02");
  CHECK(protobuf_message().number(1, -1).bytes == "\x08" + std::string(9, '\xff') + "\x01");
  CHECK(protobuf_message().number(16, 0).bytes == std::string("\x80\x01\0", 3));
  CHECK(protobuf_message().real(2, 1.0f).bytes == std::string("\x15\0\0\x80\x3f", 5));
}

TEST_CASE("a writer goes on where the last whole record ends") {
  folder run;
  const auto path = run.path / "events.out.tfevents.0.hasse";
  event_writer(run.path).scalar("loss", 1, 0.5);
  const std::string first = read_file(path);
  event_writer(run.path).scalar("loss", 2, 0.25);
  const std::string both = read_file(path);
  CHECK(both.size() > first.size());
  CHECK(detail::whole_event_bytes(both, "e") == both.size());
  for (std::size_t cut = first.size(); cut < both.size(); ++cut) {
    std::ofstream(path, std::ios::binary) << both.substr(0, cut);
    event_writer(run.path).scalar("loss", 2, 0.25);
    CHECK(read_file(path).size() == both.size());
  }
  std::string damaged = both;
  damaged[20] = static_cast<char>(damaged[20] ^ 1);
  std::ofstream(path, std::ios::binary) << damaged;
  CHECK_THROWS_WITH(event_writer(run.path), ContainsSubstring("is damaged at byte 0; move it away"));
}
