// space/architecture.hpp: one text form, parsed and printed; refusals are sentences.
#include <hasse/space/architecture.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

static_assert(parse<two_stages>("[(32),(64)]").blocks() == 2);
static_assert(parse<two_stages>(" [ (32, 64) , (64) ]") == parse<two_stages>("[(32,64),(64)]"));
static_assert(macs<two_stages>("[(32),(64)]"_arch) < 15'000'000);

TEMPLATE_TEST_CASE("printing and parsing are inverse", "[architecture]", two_stages, three_stages, bounded, smallest, decoded, one_width) {
  for (const auto& choice : all_architectures<TestType>()) REQUIRE(parse<TestType>(to_text(choice)) == choice);
}

TEST_CASE("texts that are no architecture are refused with the reason", "[architecture]") {
  const auto refusal = [](std::string_view text) {
    try {
      parse<bounded>(text);
    } catch (const error& refused) {
      return std::string(refused.what());
    }
    return std::string("accepted");
  };
  REQUIRE_THAT(refusal("[(16),(32)]"), ContainsSubstring("stage 2 has 1 blocks; give it 2 to 6"));
  REQUIRE_THAT(refusal("[(16),(48,64)]"), ContainsSubstring("width 48 is not one of stage 2; choose from 32, 64, 128"));
  REQUIRE_THAT(refusal("[(32,16),(64,64)]"), ContainsSubstring("never decrease"));
  REQUIRE_THAT(refusal("[(16),(32,32)]"), ContainsSubstring("have 4 to 7"));
  REQUIRE_THAT(refusal("[(16,16,16,16),(32,32,32,32)]"), ContainsSubstring("have 4 to 7"));
  REQUIRE_THAT(refusal("[(16,16,16,16,16,16,16),(32,32)]"), ContainsSubstring("stage 1 has 7 blocks or more; give it 1 to 6"));
  REQUIRE_THAT(refusal("[(16)]"), ContainsSubstring("2 stages"));
  REQUIRE_THAT(refusal("[(16),(32,32),(64)]"), ContainsSubstring("2 stages"));
  REQUIRE_THAT(refusal("[(),(32,32)]"), ContainsSubstring("not a width"));
  REQUIRE_THAT(refusal("[(16),(99999999999999999999,32)]"), ContainsSubstring("not a width"));
  for (const char* text : {"", "[", "(16),(32,32)", "[(16),(32,32,32)", "[(16),(32,32,32)]x", "[(16),(32,32,32)]]"})
    REQUIRE_THAT(refusal(text), ContainsSubstring("write it like"));
  REQUIRE(refusal("[(16),(32,32,32)]") == "accepted");
}

TEST_CASE("what a head searches stands behind a plus, and is refused with the reason", "[architecture]") {
  static_assert(parse<decoded>("[(4),(8),(8,12)]+(2,4,6)"_arch) == parse<decoded>(" [(4),(8),(8, 12)] + ( 2,4, 6 ) "));
  REQUIRE(to_text(parse<one_width>("[(4,4),(12)]+(9)")) == "[(4,4),(12)]+(9)");
  const auto refusal = [](std::string_view text) {
    try {
      parse<decoded>(text);
    } catch (const error& refused) {
      return std::string(refused.what());
    }
    return std::string("accepted");
  };
  for (const char* text : {"[(4),(8),(8)]", "[(4),(8),(8)]+", "[(4),(8),(8)]+(2,4)", "[(4),(8),(8)]+2,4,6", "[(4),(8),(8)]+(2,4,6", "[(4),(8),(8)]+(2,4,6,8)"})
    REQUIRE_THAT(refusal(text), ContainsSubstring("lacks the 3 widths that its head searches; write them behind a plus, from the shallowest stage to the deepest, such as +(6,6,8)"));
  REQUIRE_THAT(refusal("[(4),(8),(8)]+(2,,6)"), ContainsSubstring("not a width stands for the width that its head searches at stage 2; write a number out of 4, 6"));
  REQUIRE_THAT(refusal("[(4),(8),(8)]+(2,5,6)"), ContainsSubstring("5 cannot be the width that its head searches at stage 2; choose from 4, 6"));
  REQUIRE_THAT(refusal("[(4),(8),(8)]+(10,6,8)"), ContainsSubstring("choose from 2, 6, 10, of which the other widths of the head leave no room for this one"));
  REQUIRE_THAT(refusal("[(4),(8),(8)]+(6,4,8)"), ContainsSubstring("4 is less than the width of the head before it"));
  REQUIRE_THAT(refusal("[(4),(8)]+(2,4,6)"), ContainsSubstring("3 stages"));
  REQUIRE_THAT(refusal("[(4),(8),(8)]+(2,4,6)x"), ContainsSubstring("write it like [(64,64),(128,256),(256)]+(6,6,8)"));
  REQUIRE_THROWS_WITH(parse<two_stages>("[(32),(64)]+(2)"), ContainsSubstring("does not read as an architecture"));
}

TEST_CASE("hostile text never crashes the parser", "[architecture]") {
  random_source random(9);
  const std::string letters = "[](),0123456789 x-\x01";
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = random.below(2) == 0 ? "[(32,64),(64,128)]" : "";
    for (auto edits = random.below(6); edits > 0; --edits) {
      const auto at = random.below(text.size() + 1);
      const char letter = letters[random.below(letters.size())];
      if (random.below(2) == 0 || at == text.size()) text.insert(text.begin() + static_cast<std::ptrdiff_t>(at), letter);
      else text[at] = letter;
    }
    try {
      const auto choice = parse<two_stages>(text);
      REQUIRE(parse<two_stages>(to_text(choice)) == choice);
      ++accepted;
    } catch (const error&) {
    }
  }
  REQUIRE(accepted > 0);
}

TEST_CASE("an architecture's parts are its layers in order", "[architecture]") {
  std::vector<std::string> keys;
  for_each_part(parse<two_stages>("[(32,64),(128)]"), [&](part_id part) {
    const part_key key = part_keys<two_stages>[static_cast<std::size_t>(part)];
    keys.push_back(std::to_string(static_cast<int>(key.kind)) + std::to_string(key.index) + std::to_string(key.before) + std::to_string(key.own));
  });
  REQUIRE(keys == std::vector<std::string>{"0000", "1000", "2001", "1112", "3020"});
}
