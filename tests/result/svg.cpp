// Plots: round ticks, numbers in every size, text that cannot become markup, and nothing outside of the frame.
#include <limits>

#include <hasse/result/svg.hpp>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("ticks are round numbers inside the range") {
  CHECK(round_ticks(0, 10).values == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(round_ticks(0.71, 0.86).decimals == 2);
  CHECK(round_ticks(0.15, 120, true).values == std::vector<double>{0.2, 0.5, 1, 2, 5, 10, 20, 50, 100});
  for (const double least : {-3.7, 0.0, 1e-6, 12345.0})
    for (const double span : {1e-9, 0.3, 7.0, 1e6}) {
      const axis_ticks ticks = round_ticks(least, least + span);
      CHECK(ticks.values.size() <= 8);
      for (const double value : ticks.values) CHECK((value >= least - span * 1e-6 && value <= least + span * 1.000001));
    }
}

TEST_CASE("numbers read well") {
  CHECK(fixed_text(12.5, 2) == "12.50");
  CHECK(fixed_text(-0.001, 1) == "0.0");
  CHECK(fixed_text(std::numeric_limits<double>::quiet_NaN(), 2) == "-");
  CHECK(fixed_text(1e300, 2) == "-");
  for (const auto& [value, text] : {std::pair{0.000231, "0.00023 ms"}, {0.0123, "0.012 ms"}, {0.56, "0.56 ms"}, {3.21, "3.2 ms"}, {123.4, "123 ms"}, {0.00009, "under 0.0001 ms"}, {0.0, "under 0.0001 ms"}})
    CHECK(uncertainty_text(value) == text);
  CHECK(count_text(7) == "7");
  CHECK(count_text(45231) == "45.2 k");
  CHECK(count_text(999'600) == "1.00 M");
  CHECK(count_text(1'774'334'000) == "1.77 G");
  CHECK(count_text(std::numeric_limits<double>::quiet_NaN()) == "-");
}

TEST_CASE("text cannot become markup") {
  CHECK(markup_text("a<b>&\"'c") == "a&lt;b&gt;&amp;&quot;&#39;c");
  CHECK(markup_text("tab\tbell\a") == "tab bell ");
  CHECK(markup_text("\xff") == "\xef\xbf\xbd");
  CHECK(markup_text("\xc3\xa9") == "\xc3\xa9");
}

TEST_CASE("plots survive any number") {
  constexpr double big = std::numeric_limits<double>::max(), none = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  const std::vector<plot_point> wild{{1, 2, "<script>", "<b>"}, {none, 1, {}, {}}, {infinite, -infinite, {}, {}}, {big, -big, {}, {}}, {0, 0, {}, {}}, {-5, 3, {}, {}},
                                     {std::numeric_limits<double>::denorm_min(), 1, {}, {}}};
  for (const bool logarithmic : {false, true})
    for (const plot_shape shape : {plot_shape::points, plot_shape::line, plot_shape::steps})
      for (const auto& points : {wild, std::vector<plot_point>{}, std::vector<plot_point>{{3, 3, {}, {}}}}) {
        const plot picture{.title = "t", .x = {.label = "x", .logarithmic = logarithmic}, .y = {.label = "y", .logarithmic = logarithmic},
                           .series = {{.name = "<i>", .shape = shape, .points = points}}};
        const std::string svg = picture.svg(true);
        CHECK(svg.size() < 20'000);
        for (const char* wrong : {"nan", "inf", "'-'", "<script>", "<b>", "<i>"}) CHECK(svg.find(wrong) == svg.npos);
      }
}

TEST_CASE("values that can hardly be told apart are drawn, and their axis ends", "[svg]") {
  constexpr double huge = std::numeric_limits<double>::max(), tiny = std::numeric_limits<double>::denorm_min();
  constexpr double infinite = std::numeric_limits<double>::infinity(), none = std::numeric_limits<double>::quiet_NaN();
  for (const double value : {1.0, 0.93, 3e7, 1e14, -1e14, 1e-9, 1e-300, tiny, huge}) {
    const double next = std::nextafter(value, infinite);
    for (const bool logarithmic : {false, true}) {
      CHECK(round_ticks(value, next, logarithmic).values.size() <= 20);
      plot shown{.x = {.logarithmic = logarithmic}, .y = {.logarithmic = logarithmic}, .series = {{.points = {{value, value, {}, {}}, {next, next, {}, {}}}}}};
      const std::string loose = shown.svg(true);
      shown.x.least = value, shown.x.most = next;
      for (const std::string& svg : {loose, shown.svg(true)}) {
        CHECK(svg.size() < 20'000);
        for (const char* wrong : {"nan", "inf"}) CHECK(svg.find(wrong) == svg.npos);
      }
    }
  }
  for (const auto& [least, most] : {std::pair{none, 1.0}, {0.0, none}, {-infinite, infinite}, {1.0, infinite}, {-huge, huge}, {0.0, tiny}, {tiny, huge}, {2.0, 1.0}, {-1.0, 0.0}})
    for (const bool logarithmic : {false, true}) CHECK(round_ticks(least, most, logarithmic).values.size() <= 2000);
}

TEST_CASE("numbers along a logarithmic axis of less than a decade stay apart", "[svg]") {
  plot shown;
  shown.x.logarithmic = true;
  shown.series.push_back({.points = {{.x = 0.066, .y = 64}, {.x = 0.3408, .y = 72}}});
  const std::string svg = shown.svg(true);
  for (const char* label : {">0.10<", ">0.15<", ">0.20<", ">0.25<"}) REQUIRE_THAT(svg, ContainsSubstring(label));
}

TEST_CASE("bands are in sight, and drawn only where they are somewhere", "[svg]") {
  plot shown{.x = {.label = "x", .least = 0.0, .most = 4.0}, .series = {{.points = {{1, 2, {}, {}}, {3, 3, {}, {}}}}}};
  shown.bands = {{.from = 9.5, .to = 10.5, .middle = true, .name = "<target>"},
                 {.from = 0, .to = 2, .of_x = true, .name = "start"}};
  const std::string svg = shown.svg(true);
  CHECK_THAT(svg, ContainsSubstring(">10</text>"));  // y reaches beyond its points
  CHECK_THAT(svg, ContainsSubstring(">&lt;target&gt;</text>"));
  CHECK_THAT(svg, ContainsSubstring("<rect x='64.0' y='40.0' width='338.0' height='332.0'"));
  for (const double nowhere : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e300}) {
    plot odd = shown;
    odd.bands = {{.from = 1, .to = nowhere, .name = "n"}, {.from = -nowhere, .to = 1, .of_x = true, .name = "n"}};
    shown.bands.clear();
    CHECK(odd.svg() == shown.svg());
  }
}
