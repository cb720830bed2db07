// file/claims.hpp, file/sign_of_life.hpp, file/worker.hpp: processes that share a folder and nothing else agree on who does what.
#include <csignal>
#include <fstream>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include <hasse/file/worker.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
struct folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("hasse_worker_" + std::to_string(::getpid()));
  folder() { std::filesystem::remove_all(path); }
  ~folder() { std::filesystem::remove_all(path); }
};

// Another process, which ends as it likes.
template <class Run>
::pid_t start(Run run) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    run();
    ::_exit(0);
  }
  return child;
}
}  // namespace

TEST_CASE("of several processes that claim the same one gets it, and all read the same", "[workers]") {
  const folder run;
  constexpr int processes = 6, claims = 60;
  std::vector<::pid_t> children;
  for (int each = 0; each < processes; ++each)
    children.push_back(start([&] {
      const std::string name = "w" + std::to_string(each);
      const claim_folder mine(run.path / "claims", name);
      journal book(run.path / "journal", name);
      for (int i = 0; i < claims; ++i)
        if (mine.make("training-" + std::to_string(i), 0, {{"candidate", i * each}})) book.append("won", {{"which", i}});
    }));
  for (const ::pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(status == 0);
  }
  const claim_folder look(run.path / "claims", "look");
  const auto records = replay_journal(run.path / "journal");
  CHECK(records.size() == claims);
  for (const journal_record& record : records) {
    const auto holder = look.holder("training-" + std::to_string(record.payload["which"].get<int>()));
    REQUIRE(holder);
    CHECK(holder->worker == record.writer);
    CHECK(holder->term == 0);
    CHECK(holder->about["candidate"] == record.payload["which"].get<int>() * (record.writer[1] - '0'));
  }
  CHECK(files_in(run.path / "claims").size() == claims);  // no drafts
  CHECK_FALSE(look.make("training-3", 0));
  CHECK(look.make("training-3", 1));
  CHECK(look.holder("training-3")->worker == "look");
  CHECK_FALSE(look.holder("training-99"));
  CHECK(look.agreed("kind", {{"seed", 1}}) == json{{"seed", 1}});
  CHECK(look.agreed("kind", {{"seed", 2}}) == json{{"seed", 1}});
  CHECK_THROWS_WITH(look.make("../escape", 0), ContainsSubstring("is no file name"));
  CHECK_THROWS_WITH(claim_folder(run.path / "claims", "a/b"), ContainsSubstring("is no file name"));
  std::ofstream(look.path_of("training-100", 0)) << "{\"worker\": \"../w\", \"about\": {}}";
  CHECK_THROWS_WITH(look.holder("training-100"), ContainsSubstring("names a worker that cannot be"));
  std::ofstream(look.path_of("training-100", 0)) << "{\"worker\": \"w\", \"abo";
  CHECK_THROWS_AS(look.holder("training-100"), file_error);
}

TEST_CASE("a journal is followed while it is written, line by whole line", "[workers]") {
  const folder run;
  journal_follower follower(run.path);
  CHECK(follower.news().empty());
  journal one(run.path, "one"), two(run.path, "two");
  CHECK(follower.news().empty());
  one.append("a");
  two.append("b");
  one.append("c");
  const auto first = follower.news();
  REQUIRE(first.size() == 3);
  CHECK((first[0].operation == "a" && first[1].operation == "c" && first[2].operation == "b"));
  CHECK(follower.news().empty());
  const std::string line = detail::journal_line({1, "three", "torn", {{"x", 1}}});
  std::ofstream(run.path / "three.jsonl", std::ios::binary) << line.substr(0, 20);
  two.append("d");
  CHECK(follower.news().size() == 1);
  std::ofstream(run.path / "three.jsonl", std::ios::binary) << line << '\n';
  const auto whole = follower.news();
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].operation == "torn");
  std::ofstream(run.path / "three.jsonl", std::ios::binary | std::ios::app) << "no record, but long enough for one.....\n";
  CHECK_THROWS_WITH(follower.news(), ContainsSubstring("three.jsonl: line 2 is damaged"));
  std::ofstream(run.path / "three.jsonl", std::ios::binary) << "";
  CHECK_THROWS_WITH(follower.news(), ContainsSubstring("has become shorter"));
}

TEST_CASE("who has ended is lost at once on one machine, and after its own silence on another", "[workers]") {
  using life = worker_watch::life;
  const folder run;
  const worker_folders folders{run.path};
  worker here(run.path);
  worker_watch watch(folders.signs(), folders.journal());
  CHECK(watch.of(here.name()) == life::lives);
  CHECK(watch.of("nobody") == life::lost);
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const ::pid_t child = start([&] {
    worker other(run.path);
    const std::string name = other.name();
    if (::write(ready[1], name.data(), name.size()) > 0) ::pause();
  });
  char text[100] = {};
  REQUIRE(::read(ready[0], text, sizeof text - 1) > 0);
  const std::string other = text;
  CHECK(other != here.name());
  CHECK(watch.of(other) == life::lives);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(file_exists(folders.signs() / (other + ".json")));
  CHECK(watch.of(other) == life::lost);

  // The same sign from a machine whose processes cannot be seen: silence alone tells, by this process's clock.
  json sign = read_json(folders.signs() / (other + ".json"));
  sign["boot"] = "another", sign["silence"] = 0.3;
  const auto say = [&](std::uint64_t beats) {
    sign["beats"] = beats;
    write_json(folders.signs() / (other + ".json"), sign);
  };
  worker_watch from_afar(folders.signs(), folders.journal());
  say(5);
  CHECK(from_afar.of(other) == life::unsure);
  say(6);
  CHECK(from_afar.of(other) == life::lives);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  say(7);
  CHECK(from_afar.of(other) == life::lives);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  CHECK(from_afar.of(other) == life::lives);  // 0.4 s since the first look, 0.2 s since the last step
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  CHECK(from_afar.of(other) == life::lost);
  sign["silence"] = -1.0;
  say(8);
  CHECK_THROWS_WITH(from_afar.of(other), ContainsSubstring("impossible"));
}

TEST_CASE("how long a worker may be silent follows its longest step", "[workers]") {
  const folder run;
  presence sign(run.path, "w", run.path / "none");
  CHECK(sign.silence() == 600);  // before its steps are known
  for (int i = 0; i < 25; ++i) sign.beat(json::object());
  CHECK(sign.silence() == 60);
  CHECK(read_sign(run.path, "w")->beats == 0);  // not written with every step
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  sign.beat({{"what", "training"}});
  CHECK(read_sign(run.path, "w")->beats == 26);
  CHECK(read_sign(run.path, "w")->doing == json{{"what", "training"}});
  CHECK(sign.silence() == 60);
}

TEST_CASE("what all need one does while the others wait, and one writes the answer", "[workers]") {
  const folder run;
  const auto made = run.path / "made", count = run.path / "count";
  const auto make = [&](bool is_killed) {
    append_line(count, "once");
    if (is_killed) ::_exit(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    replace_file(made, "it");
  };
  const auto attempt = [&](bool is_killed) {
    worker me(run.path);
    me.once("table", [&] { return file_exists(made); }, [&] { make(is_killed); });
  };
  int status = 0;
  ::waitpid(start([&] { attempt(true); }), &status, 0);  // the first is killed at it
  CHECK(status != 0);
  std::vector<::pid_t> children;
  for (int each = 0; each < 3; ++each) children.push_back(start([&] { attempt(false); }));
  for (const ::pid_t child : children) {
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(read_file(count) == "once\nonce\n");

  const auto turn_of_other = [&](auto then) {
    int told[2];
    REQUIRE(::pipe(told) == 0);
    const ::pid_t child = start([&] {
      worker other(run.path);
      const auto turn = other.answers();
      then(other, turn);
      if (::write(told[1], turn.is_mine ? "m" : "o", 1) > 0) ::pause();
    });
    char which = '?';
    REQUIRE(::read(told[0], &which, 1) == 1);
    ::close(told[0]), ::close(told[1]);
    return std::pair(child, which == 'm');
  };
  const auto end = [](::pid_t child) { ::kill(child, SIGKILL), ::waitpid(child, nullptr, 0); };
  worker me(run.path), third(run.path);
  const auto [writing, is_its] = turn_of_other([](worker&, const worker::turn&) {});
  CHECK(is_its);
  CHECK_FALSE(me.answers().is_mine);  // it lives and writes
  end(writing);
  const auto mine = me.answers();  // lost at it
  CHECK(mine.is_mine);
  CHECK(mine.term == 1);
  me.answered(mine.term);
  CHECK(third.answers().other == me.name());  // it is written, since the third joined
  worker later(run.path);
  CHECK(later.answers().is_mine);  // who comes later writes it anew
}

TEST_CASE("what a run was begun with binds every worker", "[workers]") {
  const folder run;
  {
    worker one(run.path), two(run.path);
    one.agree("trains", {{"backend", "a"}});
    CHECK_NOTHROW(two.agree("trains", {{"backend", "a"}}));
    CHECK_THROWS_WITH(two.agree("trains", {{"backend", "b"}}), ContainsSubstring("has other backend (\"a\", this worker has \"b\"); start workers with the same program"));
  }
  const auto alone = run.path / "alone";
  journal(alone / "journal").append("conditions", {{"seed", 1}});  // begun by a process that shared it with nobody
  worker joins(alone);
  CHECK_THROWS_WITH(joins.agree("conditions", {{"seed", 2}}), ContainsSubstring("main.jsonl: says that this run has other seed (1, this worker has 2)"));
  CHECK_NOTHROW(joins.agree("conditions", {{"seed", 1}}));
}
