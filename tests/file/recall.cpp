// file/recall.hpp: which record is meant, and whose fault a damaged one is.
#include <hasse/file/recall.hpp>

#include <unistd.h>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("the last record of an operation with these members is recalled") {
  const auto folder = std::filesystem::temp_directory_path() / ("hasse_recall_" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  {
    journal book(folder);
    CHECK_FALSE(recall(book, "judged"));
    for (const int accuracy : {1, 2}) book.append("judged", {{"network", "one"}, {"accuracy", accuracy}, {"note", nullptr}});
    book.append("judged", {{"network", "two"}, {"accuracy", "much"}});
    book.append("trained", {{"network", "one"}, {"accuracy", 4}});

    const auto one = recall(book, "judged", {{"network", "one"}});
    REQUIRE(one);
    CHECK(one->get<int>("accuracy") == 2);
    CHECK(one->place() == "record 2");
    CHECK_FALSE(one->maybe<double>("note"));
    CHECK(recall_all(book, "judged").size() == 3);
    CHECK(recall_all(book, "judged", {{"network", "one"}}).front().get<int>("accuracy") == 1);
    CHECK_FALSE(recall(book, "judged", {{"network", "one"}, {"accuracy", 3}}));
    CHECK_FALSE(recall(book, "judged", {{"weights", "one"}}));
    CHECK_THROWS_WITH(recall(book, "judged")->get<double>("accuracy"), ContainsSubstring("main.jsonl") && ContainsSubstring("record 3"));
    CHECK_THROWS_WITH(one->array("curve"), ContainsSubstring("record 2"));
  }
  std::filesystem::remove_all(folder);
}
