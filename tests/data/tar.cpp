#include "../support/catch.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/data/tar.hpp>

#include "files.hpp"

using namespace hasse;

namespace {
std::vector<tar_entry> members_of(std::string_view bytes, const std::string& where = "t.tar") {
  const memory_source source(bytes);
  plain_stream stream(source);
  std::vector<tar_entry> members;
  walk_tar(stream, where, [](const std::string&, std::uint64_t size) { return size; }, [&](tar_entry entry) { members.push_back(std::move(entry)); });
  return members;
}

std::string pax(const std::string& key, const std::string& value) {
  const std::string body = ' ' + key + '=' + value + '\n';
  std::size_t length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length) ++length;
  return std::to_string(length) + body;
}
}  // namespace

TEST_CASE("plain, prefixed, GNU long and pax names") {
  const std::string long_name = std::string(150, 'd') + "/x.png";
  std::string prefixed = test::tar_entry("b.png", "2");
  std::string("some/where").copy(prefixed.data() + 345, 155);
  test::seal_tar_header(prefixed, 0);
  const std::string bytes = test::tar_entry("dir/", "", '5') + test::tar_entry("dir/a.png", "one") + prefixed +
                            test::tar_entry("././@LongLink", long_name + '\0', 'L') + test::tar_entry("cut", "three") +
                            test::tar_entry("pax", pax("mtime", "1.5") + pax("path", "other/name.jpg"), 'x') +
                            test::tar_entry("cut", "4444") + test::tar_entry("global", pax("comment", "made by a test"), 'g') +
                            test::tar_entry("last", "") + test::tar_end();
  auto members = members_of(bytes);
  REQUIRE(members.size() == 6);
  CHECK((members[0].folder && members[0].path == "dir/"));
  members.erase(members.begin());
  CHECK(members[0].path == "dir/a.png");
  CHECK(members[0].content == "one");
  CHECK(members[1].path == "some/where/b.png");
  CHECK(members[2].path == long_name);
  CHECK(members[2].content == "three");
  CHECK(members[3].path == "other/name.jpg");
  CHECK(members[3].content == "4444");
  CHECK(members[4].path == "last");
}

TEST_CASE("what an archive may not do") {
  const auto refusal = [](const std::string& bytes) { return test::refusal_of([&] { members_of(bytes); }); };
  const std::string one = test::tar_entry("a.png", "content");
  CHECK_THAT(refusal(one),
             ContainsSubstring("t.tar: the archive member at byte 1024 is missing: the archive ends without its end mark"));
  CHECK_THAT(refusal(""), ContainsSubstring("end mark"));
  CHECK_THAT(refusal(one.substr(0, 600) + std::string()), ContainsSubstring("is cut off"));
  std::string wrong = one + test::tar_end();
  wrong[3] = 'x';
  CHECK_THAT(refusal(wrong), ContainsSubstring("checksum is wrong"));
  std::string huge = one + test::tar_end();
  std::string("77777777777").copy(huge.data() + 124, 11);
  test::seal_tar_header(huge, 0);
  CHECK_THAT(refusal(huge), ContainsSubstring("claims 8589934591 bytes, more than the archive has left"));
  for (std::size_t i = 124; i < 136; ++i) huge[i] = '\xff';
  test::seal_tar_header(huge, 0);
  CHECK_THAT(refusal(huge), ContainsSubstring("too large"));
  CHECK_THAT(refusal(test::tar_entry("link", "", '2') + test::tar_end()), ContainsSubstring("('link') is a symbolic link or a special file"));
  CHECK_THAT(refusal(test::tar_entry("holes", "", 'S') + test::tar_end()), ContainsSubstring("is a sparse file"));
  CHECK_THAT(refusal(one + test::tar_end() + std::string(512, 'x')), ContainsSubstring("at byte 2048 has a number that is not octal"));
  CHECK_THAT(refusal(one + std::string(1 << 27, '\0')), ContainsSubstring("goes on with nothing"));
  CHECK_THAT(refusal(test::tar_entry("n", std::string(2 << 20, 'n'), 'L') + one + test::tar_end()), ContainsSubstring("a name or record of 2097152 bytes"));
  CHECK_THAT(refusal(test::tar_entry("p", "99 path=a\n", 'x') + one + test::tar_end()), ContainsSubstring("damaged pax record"));
  CHECK_THAT(refusal(test::tar_entry("p", pax("size", "999999"), 'x') + one + test::tar_end()),
             ContainsSubstring("claims 999999 bytes"));
  CHECK_THAT(refusal(test::tar_entry("p", pax("size", "-1"), 'x') + one + test::tar_end()), ContainsSubstring("not a number"));
}

TEST_CASE("damaged archives are refused or listed, never more") {
  const std::string bytes =
      test::tar_entry("p", pax("path", "a/b.png"), 'x') + test::tar_entry("a.png", "content") + test::tar_end();
  CHECK(test::refusals_of_damage(bytes, 1, [](const std::string& damaged) { members_of(damaged); }) > 1000);
}
