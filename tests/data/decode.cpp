#include "../support/catch.hpp"

#include <hasse/data/decode.hpp>

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

TEST_CASE("damaged images are refused or decoded, never more") {
  image_decoder decoder;
  const feature_shape shape{16, 16, 3};
  const auto decode = [&](const std::string& bytes) { decoder.decode(bytes, "damaged"); };
  CHECK(test::refusals_of_damage(test::png(shape, test::ramp(shape)), 1, decode) > 100);
  CHECK(test::refusals_of_damage(test::jpeg(shape, test::ramp(shape)), 1, decode) > 100);
}

TEST_CASE("a refused image is named, with a remedy") {
  image_decoder decoder;
  const feature_shape shape{64, 64, 3};
  const auto refusal = [&](const std::string& bytes) { return test::refusal_of([&] { decoder.decode(bytes, "cats/7.jpg"); }); };
  CHECK_THAT(refusal("GIF89a"), ContainsSubstring("cats/7.jpg: is neither a JPEG nor a PNG image; replace"));
  CHECK_THAT(refusal(""), ContainsSubstring("neither"));
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
