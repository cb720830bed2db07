// core/*: random numbers, checksums, units and files.
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hasse/core/file.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/limits.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/core/random.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/core/units.hpp>

#include "../support/catch.hpp"

using namespace hasse;

static_assert(crc32("123456789") == 0xcbf43926u);
static_assert(crc32c("123456789") == 0xe3069283u);
static_assert(fnv1a("") == 0xcbf29ce484222325ull && fnv1a("a") == 0xaf63dc4c8601ec8cull);
static_assert(window_output(9, 3, 2, 1) == 5 && window_output(8, 3, 2, 1) == 4 && window_output(3, 3, 2, 0) == 1);
static_assert(window_output(2, 3, 2, 0) == 0 && window_output(2, 7, 1, 1) == 0);  // no window fits
static_assert(hex64(0xab).view() == "00000000000000ab");
static_assert((0.5_ms).count == 5000 && to_milliseconds({5000}) == 0.5);
static_assert(latency_window{{10}, {20}}.contains({20}) && !latency_window{{10}, {20}}.contains({21}));

TEST_CASE("the generator is xoshiro256** and survives a copy of its state", "[core]") {
  random_source known;
  known.state = {1, 2, 3, 4};
  REQUIRE(known() == 11520);  // first outputs of the authors' reference code for this state
  REQUIRE(known() == 0);
  REQUIRE(known() == 1509978240);
  random_source first(7);
  first();
  random_source second;
  second.state = first.state;
  for (int i = 0; i < 100; ++i) REQUIRE(first() == second());
  REQUIRE(random_source(1) != random_source(2));
}

TEST_CASE("draws below a bound are uniform and normals have the right moments", "[core]") {
  random_source random(3);
  std::array<int, 7> hits{};
  for (int i = 0; i < 70'000; ++i) ++hits[random.below(7)];
  for (const int hit : hits) REQUIRE(std::abs(hit - 10'000) < 500);
  double sum = 0, square = 0;
  for (int i = 0; i < 50'000; ++i) {
    const double value = random.normal();
    sum += value, square += value * value;
  }
  REQUIRE(sum / 50'000 == Approx(0).margin(0.02));
  REQUIRE(square / 50'000 == Approx(1).margin(0.03));
}

TEST_CASE("a file is replaced whole, appended to, and read back", "[core]") {
  const auto folder = std::filesystem::temp_directory_path() / ("hasse_core_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto path = folder / "file.txt";
  replace_file(path, "one");
  replace_file(path, "two\n");
  append_line(path, "three");
  REQUIRE(read_file(path) == "two\nthree\n");
  REQUIRE_THROWS_WITH(read_file(path, 3), ContainsSubstring("more than the 3"));
  REQUIRE_THROWS_WITH(read_file(folder / "none"), ContainsSubstring("check the path"));
  REQUIRE_THROWS_WITH(read_file(folder), ContainsSubstring("not a regular file"));
  REQUIRE_THROWS_AS(replace_file(folder / "no" / "file", "x"), file_error);
  {  // a disk that is full, for this process: no part file stays, and the old content does
    struct ::rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const struct ::rlimit small {4096, before.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    std::string said;
    try {
      replace_file(path, std::string(8192, 'x'));
    } catch (const file_error& problem) {
      said = problem.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    REQUIRE_THAT(said, ContainsSubstring("cannot be written (File too large); free space"));
    REQUIRE(read_file(path) == "two\nthree\n");
    REQUIRE(files_in(folder).size() == 1);
  }
  REQUIRE(file_exists(path));
  REQUIRE_FALSE(file_exists(folder / "none"));
  REQUIRE_THROWS_WITH(file_exists(folder / std::string(300, 'x')), ContainsSubstring("cannot be looked at (File name too long); check"));
  REQUIRE_THROWS_WITH(files_in(folder / "none"), ContainsSubstring("cannot be listed (No such file or directory); check"));
  REQUIRE_THROWS_WITH(create_folder(path / "below"), ContainsSubstring("cannot be created (Not a directory); check"));
  REQUIRE_THROWS_WITH(cut_file(folder / "none", 1), ContainsSubstring("cannot be cut to 1 bytes"));
  remove_file(folder / "none");
  std::filesystem::create_directories(folder / "full" / "er");
  REQUIRE_THROWS_WITH(remove_file(folder / "full"), ContainsSubstring("cannot be removed (Directory not empty); check"));
  REQUIRE_THROWS_WITH(replace_file(folder / "full", "x"), ContainsSubstring("cannot be replaced"));
  std::filesystem::remove_all(folder / "full");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  REQUIRE_THROWS_WITH(read_file(folder / "pipe"), ContainsSubstring("not a regular file"));
  std::filesystem::remove(folder / "pipe");
  append_line(folder / "file.txt.part123", "what a killed process left");
  append_line(folder / "a.party", "something else");
  remove_unfinished(folder);
  REQUIRE_FALSE(std::filesystem::exists(folder / "file.txt.part123"));
  REQUIRE(std::filesystem::remove(folder / "a.party"));
  remove_unfinished(folder / "none");
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
  REQUIRE(files == 1);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a progress line never wraps on a narrow terminal", "[core]") {
  const detail::descriptor far(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK));
  REQUIRE((::grantpt(far.number) == 0 && ::unlockpt(far.number) == 0));
  std::FILE* const near = std::fopen(::ptsname(far.number), "w");
  REQUIRE(near);
  const struct ::winsize narrow { .ws_row = 24, .ws_col = 60, .ws_xpixel = 0, .ws_ypixel = 0 };
  REQUIRE(::ioctl(far.number, TIOCSWINSZ, &narrow) == 0);
  {
    progress_printer printer(near);
    printer({std::nan(""), std::string(200, 'x'), 90});
  }
  std::fclose(near);
  char seen[512];
  const ::ssize_t size = ::read(far.number, seen, sizeof seen);
  const std::string text(seen, seen + std::max<::ssize_t>(size, 0));
  REQUIRE_THAT(text, ContainsSubstring("]   0 %, 1:30 left  xxx"));
  REQUIRE(text.size() <= std::string_view("\r\033[K").size() + 59 + std::string_view("\r\n").size());
}

TEST_CASE("text that was brought along is shown printable and cut between two characters", "[core]") {
  using detail::in_quotes, detail::clipped;
  CHECK(in_quotes("a name") == "\"a name\"");
  CHECK(in_quotes("\x1b[31m\n") == "\"\\x1b[31m\\x0a\"");
  CHECK(in_quotes("\xff\xc3\xa4") == "\"\\xff\xc3\xa4\"");  // a byte of no character, and an ä
  CHECK(in_quotes(std::string(5000, 'x')) == '"' + std::string(200, 'x') + "...\"");
  CHECK(in_quotes(std::string(5000, '\0')).size() == 2 + 3 + 4 * 200);
  CHECK(clipped(std::string(200, 'x')) == std::string(200, 'x'));
  CHECK(clipped("x\xc3\xa4y", 2) == "x...");
  CHECK(clipped("x\xc3\xa4y", 3) == "x\xc3\xa4...");
  CHECK(clipped(std::string(300, '\x80'), 5) == "...");  // no characters at all
}

TEST_CASE("numbers are written for people where they were written for programs", "[core]") {
  const auto shown = [](double value) { return with_short_numbers("rate " + exact_text(value) + ", epochs 5"); };
  CHECK(shown(0.05) == "rate 0.05, epochs 5");
  CHECK(shown(5e-4) == "rate 0.0005, epochs 5");
  CHECK(shown(1e-5) == "rate 1e-05, epochs 5");
  CHECK(shown(-2.3) == "rate -2.3, epochs 5");
  CHECK(shown(1.0 / 3) == "rate 0.3333333333333333, epochs 5");  // as many as it takes
  CHECK(shown(std::nextafter(0.05, 1)) != shown(0.05));
  for (const char* as_it_is : {"", "0.050000", "a4b0.050000000000000003", "of 12345678901234567 networks", "2.6.3, df1, 3e", "net_1.0000000000000001", "0.1."})
    CHECK(with_short_numbers(as_it_is) == as_it_is);
}

TEST_CASE("times are written for people", "[core]") {
  REQUIRE(clock_text(0.4) == "0:00");
  REQUIRE(clock_text(247) == "4:07");
  REQUIRE(clock_text(3909) == "1:05:09");
  REQUIRE(clock_text(-1) == "?");
}

TEST_CASE("quotas of control groups are found, of both versions, in groups that contain others and in containers", "[core]") {
  const auto root = std::filesystem::temp_directory_path() / ("hasse_limits_" + std::to_string(::getpid()));
  const auto write = [&](const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root / path).parent_path());
    replace_file(root / path, text);
  };
  CHECK(usable_memory(root).reason.find("control group") == std::string::npos);
  CHECK(usable_processors(root).reason.find("control group") == std::string::npos);

  SECTION("version 2") {
    write("proc/self/cgroup", "0::/outer/inner\n");
    write("proc/self/mountinfo", "30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    write("sys/fs/cgroup/outer/cpu.max", "50000 100000\n");  // the outer one's is the smaller one
    write("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
    write("sys/fs/cgroup/outer/memory.max", "max\n");
    write("sys/fs/cgroup/outer/inner/memory.max", "62914560\n");
    write("sys/fs/cgroup/outer/inner/memory.current", "41943040\n");
    write("sys/fs/cgroup/outer/inner/memory.stat", "anon 20971520\ninactive_file 10485760\nactive_file 10485760\n");
  }
  SECTION("version 1") {
    write("proc/self/cgroup", "4:memory:/jobs/one\n2:cpu,cpuacct:/jobs/one\n0::/\n");
    write("proc/self/mountinfo",
          "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
          "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n");
    write("sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us", "50000\n");
    write("sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_period_us", "100000\n");
    write("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "-1\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes", "62914560\n");
    write("sys/fs/cgroup/memory/jobs/one/memory.usage_in_bytes", "41943040\n");
    write("sys/fs/cgroup/memory/jobs/one/memory.stat", "inactive_file 1\ntotal_inactive_file 20971520\n");
  }
  SECTION("a container that sees its own group only") {
    write("proc/self/cgroup", "4:memory:/docker/abc\n2:cpu:/docker/abc\n");
    write("proc/self/mountinfo",
          "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n35 31 0:32 /elsewhere /sys/fs/cgroup/memory ro - "
          "cgroup cgroup rw,memory\n");
    write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
    write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "62914560\n");
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "20971520\n");
  }
  if (std::filesystem::exists(root / "proc")) {
    const processor_limit processors = usable_processors(root);
    CHECK(processors.processors == 1);
    CHECK(processors.reason == "the quota of its control group is 0.5 processors");
    CHECK(processors.quota == 0.5);
    CHECK(usable_memory(root).bytes == 41943040);
    CHECK(usable_memory(root).reason == "left of the 60 MiB of its control group");
    require_memory(41943040, "some images", "use fewer", root);
    CHECK_THROWS_WITH(require_memory(41943041, "some images", "use fewer", root),
                      Catch::Matchers::Equals("some images take 41 MiB of memory, and there are 40 MiB (left of the 60 MiB of its "
                                              "control group); use fewer"));
  }
  std::filesystem::remove_all(root);
}
