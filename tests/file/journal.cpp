// The journal: what was appended is replayed, torn ends heal, and any other damage names file, line and remedy.
#include <csignal>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include <hasse/file/journal.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
struct folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hasse_journal_" + std::to_string(::getpid()));
  folder() { std::filesystem::remove_all(path); }
  ~folder() { std::filesystem::remove_all(path); }
};

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string refusal(const std::string& text) {
  try {
    (void)parse_journal(text, "main", "main.jsonl");
  } catch (const file_error& problem) {
    return problem.what();
  }
  return "accepted";
}

std::string line(std::uint64_t sequence, const std::string& writer = "main") {
  return detail::journal_line({sequence, writer, "trained", {{"accuracy", 0.5}}}) + "\n";
}
}  // namespace

TEST_CASE("records come back in order, also from several writers") {
  folder run;
  CHECK(replay_journal(run.path).empty());
  {
    journal main(run.path), worker(run.path, "worker-1");
    main.append("start", {{"seed", 18446744073709551615ull}});
    worker.append("trained", {{"code", "[(32),(64)]"}, {"accuracy", 0.1}});
    main.append("lease");
    worker.append("trained", {{"note", "line\nbreak \"quoted\" \xff"}});
  }
  journal again(run.path);
  again.append("end");
  const auto records = replay_journal(run.path);
  REQUIRE(records.size() == 5);
  CHECK(records[0] == journal_record{1, "main", "start", {{"seed", 18446744073709551615ull}}});
  CHECK(records[1].writer == "worker-1");
  CHECK(records[1].payload["accuracy"] == 0.1);
  CHECK(records[2].operation == "lease");
  CHECK(records[4] == journal_record{3, "main", "end"});
  CHECK(again.records().size() == 3);
}

TEST_CASE("a torn last line is dropped at every cut and the journal goes on") {
  folder run;
  std::filesystem::create_directories(run.path);
  const std::string first = line(1), second = line(2);
  for (std::size_t cut = 0; cut < second.size(); ++cut) {
    write(run.path / "main.jsonl", first + second.substr(0, cut));
    CHECK(replay_journal(run.path).size() == 1);
    journal main(run.path);
    main.append("trained", {{"accuracy", 0.5}});
    CHECK(read_file(run.path / "main.jsonl") == first + second);
  }
}

TEST_CASE("an end that is longer than any record is no torn record") {
  std::string text = line(1) + std::string(200, 'x');
  CHECK(parse_journal(text, "main", "main.jsonl", {.line_bytes = 200}).records.size() == 1);
  text += 'x';
  CHECK_THROWS_WITH(parse_journal(text, "main", "main.jsonl", {.line_bytes = 200}), ContainsSubstring("line 2 is damaged (it has 201 bytes and no end); restore"));
}

TEST_CASE("damage in the middle is refused with its line") {
  const std::string text = line(1) + line(2) + line(3);
  CHECK(refusal(text) == "accepted");
  CHECK_THAT(refusal(line(1) + line(3)), ContainsSubstring("line 2 has sequence number 3 where 2 is due (a record is missing)"));
  CHECK_THAT(refusal(line(1) + line(1)), ContainsSubstring("line 2 has sequence number 1 where 2 is due (a record is repeated)"));
  CHECK_THAT(refusal(line(1) + line(2, "other")), ContainsSubstring("was written by \"other\""));
  CHECK_THAT(refusal(line(1) + "\n" + line(2)), ContainsSubstring("main.jsonl: line 2 is damaged (too short); restore the file from a copy"));
  for (std::size_t at = 0; at + 1 < text.size(); ++at)
    for (const char flip : {'\1', '\x20', '\x80'}) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      CHECK(refusal(damaged) != "accepted");
    }
}

TEST_CASE("names, payloads and foreign hands are checked") {
  folder run;
  CHECK_THROWS_AS(journal(run.path, "../escape"), error);
  CHECK_THROWS_AS(journal(run.path, ".hidden"), error);
  journal main(run.path);
  CHECK_THROWS_AS(main.append("x", json::array()), error);
  main.append("x");
  append_line(main.path(), "intruder");
  CHECK_THROWS_WITH(main.append("y"), ContainsSubstring("let one process write it"));
}

TEST_CASE("a second process with the same name is refused, its kill lets the next one in") {
  folder run;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const ::pid_t child = ::fork();
  if (child == 0) {
    journal held(run.path);
    held.append("start");
    (void)!::write(ready[1], "x", 1);
    ::pause();
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK_THROWS_WITH(journal(run.path), ContainsSubstring("held by process " + std::to_string(child) + ", which works in this folder"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]), ::close(ready[1]);
  CHECK(journal(run.path).records().size() == 1);
}

TEST_CASE("two of one process exclude each other, and reading the file lets nothing go") {
  folder run;
  const journal held(run.path);
  CHECK_THROWS_WITH(journal(run.path), ContainsSubstring("held by process " + std::to_string(::getpid())));
  (void)read_file(run.path / "main.lock");  // closes a descriptor of the file
  CHECK_THROWS_WITH(journal(run.path), ContainsSubstring("wait until it ends"));
  CHECK_NOTHROW(journal(run.path, "other"));
}

TEST_CASE("the number of a holder that was killed is not taken for that of the next one, which has not signed yet") {
  folder run;
  const journal held(run.path);
  const ::pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  ::waitpid(ended, nullptr, 0);
  for (const std::string& left : {std::to_string(ended) + "\n", std::to_string(::getpid()), std::string()}) {
    write(run.path / "main.lock", left);  // the last two: cut off, empty
    CHECK_THROWS_WITH(journal(run.path), ContainsSubstring("held by another process, which works in this folder"));
  }
}
