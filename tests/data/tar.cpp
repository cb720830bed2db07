#include "../support/catch.hpp"

#include <hasse/data/tar.hpp>

#include "files.hpp"

using namespace hasse;

namespace {
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
  const auto members = tar_members(bytes, "t.tar");
  REQUIRE(members.size() == 5);
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
  const auto refusal = [](const std::string& bytes) { return test::refusal_of([&] { tar_members(bytes, "t.tar"); }); };
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
  CHECK_THAT(refusal(test::tar_entry("link", "", '2') + test::tar_end()), ContainsSubstring("is a link or a special file"));
  CHECK_THAT(refusal(test::tar_entry("p", "99 path=a\n", 'x') + one + test::tar_end()), ContainsSubstring("damaged pax record"));
  CHECK_THAT(refusal(test::tar_entry("p", pax("size", "999999"), 'x') + one + test::tar_end()),
             ContainsSubstring("claims 999999 bytes"));
  CHECK_THAT(refusal(test::tar_entry("p", pax("size", "-1"), 'x') + one + test::tar_end()), ContainsSubstring("not a number"));
}

TEST_CASE("damaged archives are refused or listed, never more") {
  const std::string bytes =
      test::tar_entry("p", pax("path", "a/b.png"), 'x') + test::tar_entry("a.png", "content") + test::tar_end();
  CHECK(test::refusals_of_damage(bytes, 1, [](const std::string& damaged) { tar_members(damaged, "t.tar"); }) > 1000);
}
