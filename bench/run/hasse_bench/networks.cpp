// Networks by name, and the files that every contestant of a comparison reads.
#include "bench.hpp"

#include <algorithm>
#include <span>

#include <hasse/core/file.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network.hpp>
#include <hasse/network/named.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/spaces.hpp>

namespace bench {

using namespace hasse;

namespace {

/// Members of df_small, from small to large, as trainings compare them.
struct member {
  const char *name, *text;
};
constexpr member members[] = {{"df_small_a", "[(16),(64),(128)]"},
                              {"df_small_b", "[(16,16,32),(64),(128,128)]"},
                              {"df_small_c", "[(64,64),(128,128),(256,256)]"}};

/// Random weights with batch norms that fit them: one forward pass in training sets the statistics.
parameters<float> random_weights(const layer_list& layers) {
  parameters<float> weights(layers.items);
  random_source random(1);
  initialise(weights, layers.items, random);
  for (const parameter_tensor& tensor : weights.layout.trainable)
    if (tensor.role != parameter_role::weight)
      for (float& value : weights.of(tensor))
        value = static_cast<float>(tensor.role == parameter_role::scale ? 0.5 + random.uniform() : 0.4 * random.uniform() - 0.2);
  layer_list measuring = layers;
  for (layer& item : measuring.items) item.norm.keep_percent = 0;
  cpu backend;
  training_network<cpu> network(backend, measuring, 4, weights);
  const std::int64_t image = layers.input.size();  // the first is the one that is compared
  for (std::int64_t i = 0; i < 4 * image; ++i)
    network.input()[i] = i < image ? drawn(static_cast<std::uint32_t>(i)) : static_cast<float>(2 * random.uniform() - 1);
  network.forward();
  return weights;
}

json description_of(const std::string& name, const layer_list& layers, const parameter_layout& layout) {
  const auto shape = [](feature_shape it) { return json{it.h, it.w, it.c}; };
  json listed = json::array();
  for (const layer& item : layers)
    listed.push_back({{"kind", name_of(item.kind)},
                      {"input", item.input},
                      {"other", item.other},
                      {"in", shape(item.in)},
                      {"out", shape(item.out)},
                      {"kernel", item.kernel},
                      {"stride", item.stride},
                      {"groups", item.groups},
                      {"pads", {item.pad_top, item.pad_left, item.pad_bottom(), item.pad_right()}},
                      {"bias", item.bias},
                      {"act", name_of(item.act)},
                      {"epsilon_millionths", item.norm.epsilon_millionths},
                      {"keep_percent", item.norm.keep_percent},
                      {"tensors", json::object()}});
  for (const auto* tensors : {&layout.trainable, &layout.statistics})
    for (const parameter_tensor& tensor : *tensors)
      listed[static_cast<std::size_t>(tensor.layer)]["tensors"][name_of(tensor.role)] = {
          tensor.offset + (is_statistic(tensor.role) ? layout.trainable_size : 0), tensor.size};
  const cost costs = cost_of(layers);
  return {{"name", name},
          {"input", {layers.input.c, layers.input.h, layers.input.w}},
          {"classes", layers.items.back().out.c},
          {"macs", costs.macs},
          {"parameters", costs.parameters()},
          {"layers", listed}};
}

void write_floats(const std::filesystem::path& path, std::initializer_list<std::span<const float>> parts) {
  std::string bytes;
  for (const auto part : parts) bytes.append(reinterpret_cast<const char*>(part.data()), part.size_bytes());
  replace_file(path, bytes);
}

}  // namespace

layer_list network_named(const std::string& name) {
  for (const member& each : members)
    if (name == each.name) return layers_of(parse<df_small>(each.text));
  return named_network(name);
}

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const std::string_view name : published_names)
    if (named_network(name).output_count() == 1) names.emplace_back(name);  // what is compared is one output
  for (const member& each : members) names.emplace_back(each.name);
  return names;
}

std::vector<float> by_channel(feature_shape shape, std::span<const float> values) {
  std::vector<float> result(values.size());
  const auto pixels = static_cast<std::size_t>(shape.pixels()), channels = static_cast<std::size_t>(shape.c);
  for (std::size_t i = 0; i < values.size(); ++i) result[i % channels * pixels + i / channels] = values[i];
  return result;
}

void export_networks(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  std::filesystem::create_directories(folder);
  for (const std::string& name : names) {
    const layer_list layers = network_named(name);
    const std::string description = json_text(description_of(name, layers, layout_of(layers.items)));
    const auto file = [&](const char* ending) { return folder / (name + ending); };
    if (std::filesystem::exists(file(".json")) && read_file(file(".json")) == description) continue;
    const model exported{name, layers, random_weights(layers)};
    std::vector<float> image(static_cast<std::size_t>(layers.input.size()));
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = drawn(static_cast<std::uint32_t>(i));
    reference<double> backend;
    inference_network<reference<double>> network(backend, layers, 1, parameters<double>(exported.weights));
    std::copy(image.begin(), image.end(), network.input());
    network.run();
    const std::vector<float> output(network.output(), network.output() + network.output_shape().size());

    write_onnx(file(".onnx"), exported);
    write_floats(file(".weights"), {exported.weights.values, exported.weights.statistics});
    write_floats(file(".input"), {by_channel(layers.input, image)});
    write_floats(file(".output"), {by_channel(network.output_shape(), output)});
    replace_file(file(".json"), description);  // last: it says that the others are whole
  }
}

}  // namespace bench
