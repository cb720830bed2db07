// hasse_evaluate: a network that a search exported, judged on the test images of a data set.
#include <hasse/catalogue/shard.hpp>
#include <hasse/program/evaluate.hpp>
#include <hasse/space/spaces.hpp>

int main(int argc, char** argv) {
  using namespace hasse;
  return evaluate<df_small, df>(argc, argv, {{{"df-small"}, {"df"}}});
}
