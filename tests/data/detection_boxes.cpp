// Where boxes lie, whatever layout says it: counting, orientation, clipping, and what no box is.
#include "../support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/data/image_kind.hpp>
#include <hasse/data/open_detection.hpp>
#include <hasse/data/orientation.hpp>

#include "detection_files.hpp"
#include "one_picture.hpp"

using namespace hasse;
using test::open_voc;
using test::open_yolo;
using test::yolo_refusal;
using test::coco;
using test::open_coco;
using test::coco_refusal;
using test::first_of;

TEST_CASE("Pascal VOC counts from 1 and its last pixel is inside") {
  const detection_splits data = open_voc(test::voc_object("dog", "1", "1", "20", "10"));
  CHECK((first_of(data).place == box{0, 0, 20, 10}));
  CHECK(data.train.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(first_of(data).kind == 1);
  CHECK((first_of(open_voc(test::voc_object("dog", "3.5", "2.25", "11.75", "8"))).place == box{2.5, 1.25, 11.75, 8}));
  CHECK(open_voc("", {.classes = {"dog", "cat"}}).train.pictures[0].objects[0].kind == 1);
}

TEST_CASE("boxes lie on the same content whichever way a picture is stored") {
  // Upright: a picture of 20 x 10 with a bright patch at x 2..7, y 1..4.
  constexpr int w = 20, h = 10;
  std::vector<std::uint8_t> upright(w * h * 3, 20);
  for (std::size_t y = 1; y < 4; ++y)
    for (std::size_t x = 2; x < 7; ++x)
      for (std::size_t c = 0; c < 3; ++c) upright[(y * w + x) * 3 + c] = 200;
  const auto bright_inside = [](const detection_splits& data) {
    const labelled_picture& picture = data.train.pictures[0];
    const box place = picture.objects[0].place;
    CHECK(place.area() == Approx(15));
    for (int y = 0; y < picture.height; ++y)
      for (int x = 0; x < picture.width; ++x) {
        const bool inside = x + 0.5 > place.x0 && x + 0.5 < place.x1 && y + 0.5 > place.y0 && y + 0.5 < place.y1;
        if ((picture.pixels[static_cast<std::size_t>((y * picture.width + x) * 3)] > 100) != inside) return false;
      }
    return true;
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    // Turning back is turning by the opposite of 6 and 8; all others undo themselves.
    const int back = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
    std::vector<std::uint8_t> stored = upright;
    feature_shape shape{h, w, 3};
    detail::turn_upright(back, shape, stored);
    // Where the patch is in the stored picture.
    int x0 = 99, y0 = 99, x1 = 0, y1 = 0;
    for (int y = 0; y < shape.h; ++y)
      for (int x = 0; x < shape.w; ++x)
        if (stored[static_cast<std::size_t>((y * shape.w + x) * 3)] > 100) x0 = std::min(x0, x), y0 = std::min(y0, y), x1 = std::max(x1, x + 1), y1 = std::max(y1, y + 1);
    const std::string file = test::with_orientation(test::png(shape, stored), orientation);
    const auto text = [](int number) { return std::to_string(number); };
    const std::string of_stored = test::voc_object("cat", text(x0 + 1), text(y0 + 1), text(x1), text(y1)), of_upright = test::voc_object("cat", "3", "2", "7", "4");
    const test::scratch_folder folder;
    folder.write("stored/JPEGImages/one.png", file);
    folder.write("stored/Annotations/one.xml", test::voc_annotation(shape.w, shape.h, of_stored));
    const detection_splits as_stored = open_detection("voc:" + folder / "stored", {});
    CHECK(bright_inside(as_stored));
    folder.write("unknown/JPEGImages/one.png", file);
    folder.write("unknown/Annotations/one.xml", test::voc_annotation(0, 0, of_stored));
    CHECK(bright_inside(open_detection("voc:" + folder / "unknown", {})));
    folder.write("yolo/images/one.png", file);
    folder.write("yolo/labels/one.txt", "0 0.225 0.25 0.25 0.3");
    const detection_splits yolo = open_detection("yolo:" + folder / "yolo", {});
    CHECK(bright_inside(yolo));
    CHECK(yolo.about.count_of(detail::found_turned) == (orientation > 1 ? 1 : 0));
    if (orientation >= 5) {  // the size tells
      folder.write("upright/JPEGImages/one.png", file);
      folder.write("upright/Annotations/one.xml", test::voc_annotation(w, h, of_upright));
      CHECK(bright_inside(open_detection("voc:" + folder / "upright", {})));
      CHECK(as_stored.about.count_of(detail::found_unturned) == 1);
    }
  }
}

TEST_CASE("a size that the annotation has wrong is Pascal VOC's habit and COCO's error") {
  const detection_splits voc = open_voc("", {}, 640, 480);
  CHECK(voc.about.count_of(detail::found_other_size) == 1);
  CHECK((voc.train.pictures[0].objects[0].place == box{1, 1, 9, 9}));
  CHECK(open_voc("", {}, 0, 0).about.count_of(detail::found_other_size) == 0);
  const std::string json = coco("", R"("width":30,"height":10)");
  CHECK_THAT(coco_refusal(json), ContainsSubstring("one.png: has 20 x 10 pixels, and its file of annotations says 30 x 10") && ContainsSubstring("--trust-pictures"));
  CHECK(open_coco(json, {.trust_pictures = true}).about.count_of(detail::found_other_size) == 1);
}

TEST_CASE("pixels of every kind become 8-bit RGB, and are counted") {
  const test::scratch_folder folder;
  const std::string annotation = test::voc_annotation(20, 10, test::voc_object("cat", "2", "2", "9", "9"));
  for (const char* id : {"grey", "greyjpeg", "colour"}) folder.write(std::string("Annotations/") + id + ".xml", annotation);
  folder.write("JPEGImages/grey.png", test::png({10, 20, 1}, test::ramp({10, 20, 1})));
  folder.write("JPEGImages/greyjpeg.jpg", test::jpeg({10, 20, 1}, test::ramp({10, 20, 1})));
  folder.write("JPEGImages/colour.jpg", test::jpeg({10, 20, 3}, test::ramp({10, 20, 3})));
  const detection_splits data = open_detection("voc:" + folder.path.string(), {});
  CHECK(data.about.count_of("pictures of grey, which become 8-bit RGB") == 2);
  for (const labelled_picture& picture : data.train.pictures) CHECK(picture.pixels.size() == 600);
  const std::string header = std::string("\x89PNG\r\n\x1a\n") + std::string(16, '\0');
  for (const auto& [depth, type, kind] : {std::tuple{8, 3, "a palette"}, {8, 4, "grey with alpha"}, {8, 6, "alpha"}, {16, 2, "16 bits a channel"}, {8, 2, ""}})
    CHECK(pixels_of(header + static_cast<char>(depth) + static_cast<char>(type)) == std::string_view(kind));
  const std::string inks = read_file(HASSE_SOURCE_DIR "/tests/fuzz/corpus/image/ycck.jpg");
  CHECK(pixels_of(inks) == std::string_view("CMYK"));
}

TEST_CASE("boxes without area and with swapped corners are dropped by the numbers of the file") {
  const detection_splits data = open_voc(test::voc_object("cat", "5", "5", "5", "5") + test::voc_object("cat", "9", "2", "4", "8") + test::voc_object("cat", "9", "2", "12", "2"));
  CHECK(data.about.count_of(detail::as_zero_area) == 2);
  CHECK(data.about.count_of(detail::as_swapped) == 1);
  CHECK(data.train.pictures[0].objects.size() == 1);
  const auto lines = data.about.lines();
  CHECK(std::find(lines.begin(), lines.end(), "left out: 2 objects without area: one object 1 (cat) (5, 5, 5, 5), one object 3 (cat) (9, 2, 12, 2)") != lines.end());
  CHECK(open_coco(coco(R"({"image_id":7,"category_id":5,"bbox":[3,3,0,4]},{"image_id":7,"category_id":5,"bbox":[3,3,-2,4]})")).about.count_of(detail::as_zero_area) == 1);
  CHECK(open_yolo("0 0.5 0.5 0 0.2").about.count_of(detail::as_zero_area) == 1);
}

TEST_CASE("boxes that begin at 0 show who wrote them, and stay inside") {
  const detection_splits data = open_voc(test::voc_object("cat", "0", "3", "8", "9"));
  CHECK(data.about.count_of(detail::found_from_zero) == 1);
  CHECK(data.about.count_of(detail::found_clipped) == 0);
  CHECK((first_of(data).place == box{0, 2, 8, 9}));
  CHECK(open_voc("").about.count_of(detail::found_from_zero) == 0);
}

TEST_CASE("boxes that reach out of their picture are clipped, and dropped where a quarter or less than a pixel is left") {
  const auto opened = [](const std::string& box) { return open_coco(coco(R"({"image_id":7,"category_id":5,"bbox":)" + box + "}")); };
  const detection_splits clipped = opened("[15,-2,10,8]");
  CHECK((first_of(clipped).place == box{15, 0, 20, 6}));
  CHECK(first_of(clipped).area == 30);
  CHECK(clipped.about.count_of(detail::found_clipped) == 1);
  CHECK(opened("[-5,0,10,10]").about.count_of(detail::found_clipped) == 1);
  CHECK(opened("[-15,0,20,10]").about.count_of(detail::found_clipped) == 1);  // a quarter is left
  CHECK(opened("[-15.1,0,20,10]").about.count_of(detail::as_outside) == 1);
  CHECK(opened("[19.1,2,1,5]").about.count_of(detail::as_outside) == 1);  // 0.9 pixels are left
  CHECK(opened("[40,2,5,5]").about.count_of(detail::as_outside) == 1);
}

TEST_CASE("labels of YOLO are beside the last folder that is called images") {
  const test::scratch_folder folder;
  folder.write("images/set/images/one.png", test::png({10, 20, 3}, test::ramp({10, 20, 3})));
  folder.write("images/set/labels/one.txt", "0 0.5 0.5 0.2 0.2");
  CHECK(open_detection("yolo:" + folder / "images/set", {}).train.pictures[0].objects.size() == 1);
}

TEST_CASE("a row of YOLO that is a little outside is clipped, and one in pixels is refused") {
  const detection_splits data = open_yolo("1 0.95 0.5 0.1025 0.2");
  CHECK(first_of(data).place.x1 == 20);
  CHECK(first_of(data).kind == 1);
  CHECK(data.about.count_of(detail::found_clipped) == 1);
  CHECK_THAT(yolo_refusal("0 10 5 8 4"), ContainsSubstring("one.txt: line 1 has 10") && ContainsSubstring("write fractions from 0 to 1, not pixels"));
  CHECK_THAT(yolo_refusal("0 0.5 -0.2 0.1 0.1"), ContainsSubstring("no fraction of the picture"));
}
