#include <catch.hpp>

#include <hasse/search/frontier.hpp>

using hasse::ticks;
using front = hasse::frontier<char>;

TEST_CASE("a frontier keeps what nothing equals or beats, from fast to accurate", "[frontier]") {
  front f;
  CHECK(f.add({'a', ticks{30}, 20}));
  CHECK(f.add({'b', ticks{10}, 10}));
  CHECK_FALSE(f.add({'c', ticks{30}, 15}));  // slower than b, less accurate than a
  CHECK_FALSE(f.add({'d', ticks{10}, 10}));  // equal to b, which came first
  CHECK_FALSE(f.add({'e', ticks{10}, 9}));
  CHECK_FALSE(f.add({'f', ticks{31}, 20}));  // as accurate as a and slower
  CHECK(f.points() == std::vector<front::point>{{'b', ticks{10}, 10}, {'a', ticks{30}, 20}});
  CHECK(f.add({'g', ticks{30}, 21}));  // same latency, more accurate
  CHECK(f.add({'h', ticks{5}, 10}));   // same accuracy, faster
  CHECK(f.points() == std::vector<front::point>{{'h', ticks{5}, 10}, {'g', ticks{30}, 21}});
  CHECK(f.add({'i', ticks{1}, 99}));
  CHECK(f.points() == std::vector<front::point>{{'i', ticks{1}, 99}});
}

TEST_CASE("a frontier answers both questions at and between its points", "[frontier]") {
  front f;
  CHECK_FALSE(f.best_within(ticks{100}));
  CHECK_FALSE(f.cheapest_reaching(0));
  f.add({'a', ticks{10}, 10}), f.add({'b', ticks{20}, 15}), f.add({'c', ticks{30}, 20});
  CHECK_FALSE(f.best_within(ticks{9}));
  CHECK(f.best_within(ticks{10})->candidate == 'a');
  CHECK(f.best_within(ticks{29})->candidate == 'b');
  CHECK(f.best_within(ticks{1000})->candidate == 'c');
  CHECK(f.cheapest_reaching(-5)->candidate == 'a');
  CHECK(f.cheapest_reaching(10)->candidate == 'a');
  CHECK(f.cheapest_reaching(10.5)->candidate == 'b');
  CHECK(f.cheapest_reaching(20)->candidate == 'c');
  CHECK_FALSE(f.cheapest_reaching(20.5));
}

TEST_CASE("hypervolumes worked out by hand", "[frontier]") {
  front f;
  CHECK(f.hypervolume({ticks{50}, 0}) == 0);
  f.add({'a', ticks{10}, 10});
  CHECK(f.hypervolume({ticks{50}, 0}) == 400);
  f.add({'b', ticks{30}, 20});
  CHECK(f.hypervolume({ticks{50}, 0}) == 600);
  CHECK(f.hypervolume({ticks{50}, 5}) == 400);
  CHECK(f.hypervolume({ticks{50}, 15}) == 100);   // a is not above the reference
  CHECK(f.hypervolume({ticks{30}, 0}) == 200);    // b is not faster than the reference
  CHECK(f.hypervolume({ticks{10}, 0}) == 0);
  f.add({'c', ticks{20}, 5});  // dominated
  CHECK(f.hypervolume({ticks{50}, 0}) == 600);
}
