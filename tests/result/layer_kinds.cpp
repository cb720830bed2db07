// Every kind of layer is written to files and read back.
#include <hasse/file/json.hpp>
#include <hasse/result/layers_json.hpp>
#include <hasse/result/onnx.hpp>

#include "../network/networks.hpp"
#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("a network with every kind of layer is written and read back", "[layers]") {
  const layer_list list = testing::every_kind();
  CHECK(parse_layers(json_text(layers_json(list)), "text") == list);
  const std::string file = onnx_bytes({"every kind", list, testing::random_parameters<float>(list, 1)});
  for (const char* operation : {"Conv", "Relu", "Add", "MaxPool", "AveragePool", "GlobalAveragePool", "Gemm", "Resize", "Mul", "Concat", "Pad", "DepthToSpace", "align_corners", "ConvTranspose", "MatMul"})
    CHECK_THAT(file, Catch::Matchers::Contains(operation));
}
