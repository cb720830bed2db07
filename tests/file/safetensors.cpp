// Safetensors: what is written is read back, the layout is the published one, and every lie of a header is refused.
#include <array>
#include <filesystem>

#include <sys/resource.h>
#include <unistd.h>

#include <hasse/core/file.hpp>
#include <hasse/file/safetensors.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
tensor_file example() {
  const std::array<float, 6> weight{1, 2, 3, 4, 5, 6};
  const std::array<double, 1> rate{0.1};
  const std::array<std::int64_t, 2> cursor{-3, 7};
  const std::array<std::uint8_t, 3> bytes{1, 2, 255};
  return {.tensors = {tensor_of<double>("rate", {}, rate), tensor_of<std::int64_t>("cursor", {2}, cursor),
                      tensor_of<float>("000.convolution.weight", {2, 3}, weight), tensor_of<float>("empty", {0, 4}, std::span<const float>()),
                      tensor_of<std::uint8_t>("bytes", {3}, bytes)},
          .metadata = {{"architecture", "[(32),(64,64)]"}, {"epoch", "3"}}};
}

std::string with_header(std::string header, std::string_view data) {
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data);
}

std::string refusal(const std::string& bytes) {
  try {
    (void)parse_safetensors(bytes, "w.safetensors");
  } catch (const file_error& problem) {
    return problem.what();
  }
  return "accepted";
}
}  // namespace

TEST_CASE("a safetensors file is read back as it was written") {
  const auto path = std::filesystem::temp_directory_path() / ("hasse_safetensors_" + std::to_string(::getpid()));
  write_safetensors(path, example());
  const tensor_file back = read_safetensors(path);
  std::filesystem::remove(path);
  CHECK(back.metadata == example().metadata);
  REQUIRE(back.tensors.size() == 5);
  for (const named_tensor& tensor : example().tensors) {
    REQUIRE(back.find(tensor.name));
    CHECK(*back.find(tensor.name) == tensor);
  }
  CHECK(safetensors_bytes(back) == safetensors_bytes(example()));

  std::array<float, 6> weight{};
  copy_tensor<float>(back, "000.convolution.weight", {2, 3}, weight, "w");
  CHECK(weight == std::array<float, 6>{1, 2, 3, 4, 5, 6});
  CHECK_THROWS_WITH(copy_tensor<float>(back, "000.convolution.weight", {3, 2}, weight, "w"), ContainsSubstring("as F32 [2,3] where F32 [3,2] is needed"));
  CHECK_THROWS_WITH(copy_tensor<float>(back, "001.convolution.weight", {3, 2}, weight, "w"), ContainsSubstring("lacks the tensor"));
}

TEST_CASE("the header is padded so that data begins at a multiple of 64") {
  for (int letters = 0; letters < 70; ++letters) {
    tensor_file file = example();
    file.metadata["note"] = std::string(static_cast<std::size_t>(letters), 'x');
    const std::string bytes = safetensors_bytes(file);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    CHECK((8 + length) % 64 == 0);
    CHECK(bytes[8] == '{');
    CHECK(bytes.size() == 8 + length + 16 + 8 + 24 + 3);
  }
}

TEST_CASE("what cannot be written is refused") {
  CHECK_THROWS_AS(safetensors_bytes({.tensors = {{"a", "F32", {2}, "1234"}}, .metadata = {}}), error);
  CHECK_THROWS_AS(safetensors_bytes({.tensors = {{"a", "F31", {}, "1234"}}, .metadata = {}}), error);
  CHECK_THROWS_AS(safetensors_bytes({.tensors = {{"a", "U8", {1}, "1"}, {"a", "U8", {1}, "1"}}, .metadata = {}}), error);
  CHECK_THROWS_AS(safetensors_bytes({.tensors = {{"__metadata__", "U8", {1}, "1"}}, .metadata = {}}), error);
}

TEST_CASE("a file is refused by its header, before its data is read") {
  const auto path = std::filesystem::temp_directory_path() / ("hasse_sparse_" + std::to_string(::getpid()));
  const std::string header = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  replace_file(path, with_header(header, "12"));
  CHECK(read_safetensors(path) == parse_safetensors(with_header(header, "12"), "x"));
  std::filesystem::resize_file(path, std::uintmax_t{3} << 30);  // a hole of 3 GB
  CHECK_THROWS_WITH(read_safetensors(path), ContainsSubstring("bytes after its last tensor"));
  struct ::rusage used {};
  REQUIRE(::getrusage(RUSAGE_SELF, &used) == 0);
  CHECK(used.ru_maxrss < 1'000'000);  // KB
  std::filesystem::remove(path);

  std::string many = "{";
  for (int i = 0; i < 180'000; ++i)
    many += (i ? ",\"t" : "\"t") + std::to_string(i) + R"(":{"dtype":"U8","shape":[],"data_offsets":[0,0]})";
  CHECK_THAT(refusal(with_header(many + "}", "")), ContainsSubstring("more than 1048576 values"));
}

TEST_CASE("hostile headers are refused") {
  const std::string good = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})";
  CHECK(refusal(with_header(good, "1234")) == "accepted");
  CHECK_THAT(refusal(with_header(good, "12345")), ContainsSubstring("1 bytes after its last tensor"));
  CHECK_THAT(refusal(with_header(good, "123")), ContainsSubstring("offsets outside of the 3 bytes"));
  const auto changed = [&](const std::string& from, const std::string& to, std::string_view data = "1234") {
    std::string header = good;
    header.replace(header.find(from), from.size(), to);
    return refusal(with_header(header, data));
  };
  CHECK_THAT(changed("[2,4]", "[1,3]"), ContainsSubstring("overlaps"));
  CHECK_THAT(changed("[2,4]", "[3,5]", "12345"), ContainsSubstring("leaves a hole"));
  CHECK_THAT(changed("[2,4]", "[4,2]"), ContainsSubstring("offsets outside"));
  CHECK_THAT(changed("[2,4]", "[2,4,6]"), ContainsSubstring("list of at most 2"));
  CHECK_THAT(changed("[2]", "[3]"), ContainsSubstring("which is not U8 [3]"));
  CHECK_THAT(changed("[2]", "[-2]"), ContainsSubstring("not a list of whole numbers"));
  CHECK_THAT(changed("[2]", "[4294967296,4294967296,4294967296]"), ContainsSubstring("which is not U8"));
  CHECK_THAT(changed("\"U8\"", "\"F128\""), ContainsSubstring("unknown type"));
  CHECK_THAT(changed("\"b\"", "\"a\""), ContainsSubstring("twice"));
  CHECK_THAT(changed("\"b\":{", "\"__metadata__\":{"), ContainsSubstring("must be text"));
  CHECK_THAT(changed("\"shape\"", "\"sharp\""), ContainsSubstring("sharp"));
  CHECK_THAT(refusal(with_header("[1]", "")), ContainsSubstring("does not begin with a brace"));
  CHECK_THAT(refusal("123"), ContainsSubstring("too few"));
  CHECK_THAT(refusal(std::string(16, '\xff')), ContainsSubstring("claims a header of 18446744073709551615"));

  const std::string bytes = safetensors_bytes(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(refusal(bytes.substr(0, size)) != "accepted");
}
