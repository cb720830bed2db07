#include "../support/catch.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <hasse/data/decode.hpp>
#include <hasse/data/orientation.hpp>

#include "files.hpp"

using namespace hasse;

TEST_CASE("PNG comes out exactly, JPEG nearly, both in grey and in colour") {
  image_decoder decoder;
  for (const int channels : {1, 3}) {
    const feature_shape shape{13, 21, channels};
    const auto pixels = test::ramp(shape);
    const decoded_image& exact = decoder.decode(test::png(shape, pixels), "a.png");
    CHECK(exact.shape == shape);
    CHECK(exact.pixels == pixels);
    const decoded_image& near = decoder.decode(test::jpeg(shape, pixels), "a.jpg");
    CHECK(near.shape == shape);
    int worst = 0;
    for (std::size_t i = 0; i < pixels.size(); ++i) worst = std::max(worst, std::abs(int{near.pixels[i]} - int{pixels[i]}));
    CHECK(worst <= 6);
  }
}

TEST_CASE("every kind of pixel comes out upright and as another reader has it") {
  image_decoder decoder;
  int seen = 0;
  for (const auto& file : std::filesystem::directory_iterator(HASSE_SOURCE_DIR "/tests/data/pixels")) {
    const std::filesystem::path path = file.path();
    const std::string name = path.filename().string();
    if (name.ends_with(".ppm") || name.ends_with(".py") || (!webp_is_read && name.ends_with(".webp"))) continue;
    INFO(name);
    const std::string expected = read_file(path.string() + ".ppm");
    int width = 0, height = 0, first = 0;
    REQUIRE(std::sscanf(expected.c_str(), "P6 %d %d 255\n%n", &width, &height, &first) == 2);
    const decoded_image& image = decoder.decode(read_file(path), name);
    REQUIRE((image.shape.h == height && image.shape.w == width));
    int worst = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(width * height) * 3; ++i) {
      const int pixel = image.pixels[image.shape.c == 3 ? i : i / 3];
      worst = std::max(worst, std::abs(pixel - int{static_cast<unsigned char>(expected[static_cast<std::size_t>(first) + i])}));
    }
    const bool by_tables = name == "gamma.png" || name == "rgba_half.png";  // libpng's tables of linear light are coarse in the dark
    CHECK(worst <= (by_tables ? 12 : name.ends_with(".jpg") ? 2 : name.ends_with(".webp") ? 1 : 0));
    ++seen;
  }
  CHECK(seen == (webp_is_read ? 47 : 43));
}

TEST_CASE("an orientation is read from whole EXIF blocks only") {
  const std::string block("MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0", 22);
  CHECK(exif_orientation(block) == 6);
  for (std::size_t length = 0; length < block.size(); ++length) CHECK((exif_orientation(block.substr(0, length)) == 1 || length >= 20));
  std::string other = block;
  other[19] = 9;  // no such orientation
  CHECK(exif_orientation(other) == 1);
  other = block, other[7] = '\xff';  // a directory elsewhere
  CHECK(exif_orientation(other) == 1);
}

TEST_CASE("an image after a damaged one is read") {
  image_decoder decoder;
  const feature_shape shape{8, 8, 3};
  const std::string whole = test::jpeg(shape, test::ramp(shape));
  for (std::size_t length = 3; length < whole.size(); length += 7) {
    INFO(length);
    CHECK_FALSE(test::refusal_of([&] { decoder.decode(whole.substr(0, length), "cut"); }).empty());
    CHECK(decoder.decode(whole, "whole").shape == shape);
  }
}

TEST_CASE("damaged images are refused or decoded, never more") {
  image_decoder decoder;
  const feature_shape shape{16, 16, 3};
  const auto decode = [&](const std::string& bytes) { decoder.decode(bytes, "damaged"); };
  CHECK(test::refusals_of_damage(test::png(shape, test::ramp(shape)), 1, decode) > 100);
  CHECK(test::refusals_of_damage(test::jpeg(shape, test::ramp(shape)), 1, decode) > 100);
  for (const char* name : {"turned3.jpg", "turned6.png", "palette4.bmp", "rgb565.bmp", "cmyk.jpg"})
    CHECK(test::refusals_of_damage(read_file(HASSE_SOURCE_DIR "/tests/data/pixels/" + std::string(name)), 5, decode) > 20);
}

TEST_CASE("a refused image is named, with a remedy") {
  image_decoder decoder;
  const feature_shape shape{64, 64, 3};
  const auto refusal = [&](const std::string& bytes) { return test::refusal_of([&] { decoder.decode(bytes, "cats/7.jpg"); }); };
  CHECK_THAT(refusal("GIF89a"), ContainsSubstring("cats/7.jpg: is a file of the kind GIF, which is not read; convert"));
  CHECK_THAT(refusal("<!DOCTYPE html>"), ContainsSubstring("cats/7.jpg: is no image of a kind that is read; replace"));
  CHECK_THAT(refusal(""), ContainsSubstring("is empty"));
  const std::string photo = test::jpeg(shape, test::ramp(shape)), drawing = test::png(shape, test::ramp(shape));
  CHECK_THAT(refusal(photo.substr(0, photo.size() * 3 / 4)), ContainsSubstring("not a readable JPEG"));
  CHECK_THAT(refusal(drawing.substr(0, drawing.size() / 2)), ContainsSubstring("not a readable PNG"));
}

TEST_CASE("sizes that the bytes cannot hold are refused before memory is taken") {
  image_decoder decoder;
  const auto refusal = [&](const std::string& bytes) { return test::refusal_of([&] { decoder.decode(bytes, "bomb"); }); };
  std::string photo = test::jpeg({8, 8, 1}, test::ramp({8, 8, 1}));
  const std::size_t frame = photo.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  photo.replace(frame + 5, 4, "\x1f\xff\x1f\xff");  // 8191 x 8191
  CHECK_THAT(refusal(photo), ContainsSubstring("claims 8191 x 8191 pixels, more than its"));
  photo.replace(frame + 5, 4, "\xff\x00\xff\x00", 4);
  CHECK_THAT(refusal(photo), ContainsSubstring("that are read"));
  const feature_shape thread{70'000, 1, 1};
  CHECK_THAT(refusal(test::png(thread, test::ramp(thread))), ContainsSubstring("no side of more than 65535"));
}
