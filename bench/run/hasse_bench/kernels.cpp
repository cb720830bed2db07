// Single convolutions, each of our codes against oneDNN's on the same shape, and blocks: joined, layer by layer, and by oneDNN.
#include <functional>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/cpu/candidates.hpp>
#include <hasse/kernel/cpu/team.hpp>
#include <hasse/network.hpp>
#include <hasse/space/mobile.hpp>

#include "backend.hpp"
#include "bench.hpp"
#include "library.hpp"
#include "race.hpp"

namespace bench {

using namespace hasse;

namespace {

struct kernel_case {
  std::string name;
  layer item;
  pass which = pass::forward;
  int batch = 1;
};

kernel_case make_case(const std::string& kind, int side, int in, int out, int kernel, int stride, activation act, pass which,
                      int batch) {
  const bool depthwise = kind == "depthwise";
  layer_list list{.input = {side, side, in}, .items = {}};
  layer_builder<layer_list>{list}.convolution(0, out, kernel, stride, -1, depthwise ? in : 1, which == pass::forward);
  layer item = list.items.front();
  if (which == pass::forward) item.act = act;
  const std::string place = std::to_string(side) + "x" + std::to_string(side) + "x" + std::to_string(in);
  constexpr const char* passes[] = {"forward", "backward_data", "backward_weights"};
  return {kind + (kernel > 1 ? std::to_string(kernel) + "x" + std::to_string(kernel) : "") +
              (depthwise ? "_s" + std::to_string(stride) : "") + "_" + place + (depthwise ? "" : "_to_" + std::to_string(out)) +
              "_" + passes[static_cast<int>(which)] + (batch > 1 ? "_batch" + std::to_string(batch) : ""),
          item, which, batch};
}

std::vector<kernel_case> kernel_cases() {
  struct place {
    int side, channels;
  };
  std::vector<kernel_case> cases;
  // MobileNetV2, MnasNet-A1 and EfficientNet-B0: where their depthwise layers stand.
  const std::vector<place> places[2][2] = {
      {{{112, 32}, {56, 144}, {28, 192}, {14, 384}, {14, 576}, {7, 960}}, {{112, 96}, {56, 144}, {28, 192}, {14, 576}}},
      {{{56, 144}, {28, 240}, {14, 480}, {14, 672}, {7, 1152}}, {{56, 144}, {28, 240}, {14, 672}}}};
  for (const pass which : {pass::forward, pass::backward_data, pass::backward_weights})
    for (const int kernel : {3, 5})
      for (const int stride : {1, 2})
        for (const place at : places[kernel / 2 - 1][stride - 1])
          cases.push_back(make_case("depthwise", at.side, at.channels, at.channels, kernel, stride, activation::relu6, which,
                                    which == pass::forward ? 1 : 16));
  for (const pass which : {pass::forward, pass::backward_data, pass::backward_weights})
    for (const place at : {place{56, 64}, {28, 128}, {14, 256}, {7, 512}})
      cases.push_back(
          make_case("dense", at.side, at.channels, at.channels, 3, 1, activation::relu, which, which == pass::forward ? 1 : 16));
  cases.push_back(make_case("dense", 56, 64, 64, 3, 1, activation::relu6, pass::forward, 1));
  cases.back().name += "_relu6";
  struct product {
    int side, in, out;
  };
  for (const product at : {product{112, 32, 16},
                           {112, 16, 96},
                           {56, 24, 144},
                           {56, 144, 24},
                           {28, 192, 32},
                           {14, 64, 384},
                           {14, 384, 64},
                           {14, 96, 576},
                           {7, 160, 960},
                           {7, 960, 320},
                           {7, 320, 1280}})
    cases.push_back(make_case("pointwise", at.side, at.in, at.out, 1, 1, at.out > at.in ? activation::relu6 : activation::none,
                              pass::forward, 1));
  return cases;
}

/// What belongs to every kernel: a context with its threads, and tensors.
class kernel_race : public race {
 public:
  kernel_race(const settings& how, const kernel_case& what) : item_(what.item) {
    context_.threads = how.threads;
    context_.level = best_simd_level();
    hasse::detail::use_threads(how.threads);
    const auto elements = [](std::int64_t count) {
      aligned_vector<float> values(static_cast<std::size_t>(count));
      random_source random(1);
      for (float& value : values) value = static_cast<float>(random.uniform()) - 0.5f;
      return values;
    };
    src_ = elements(what.batch * item_.in.size()), d_src_ = src_;
    dst_ = elements(what.batch * item_.out.size()), d_dst_ = dst_;
    weights_ = elements(parameters_of(item_)), d_weights_ = weights_, bias_ = elements(item_.out.c);
    set_work(work_of(std::span(&item_, 1), what.batch));
    if (what.which == pass::forward)
      enter_forward(what.batch);
    else
      enter_backward(what);
    enter_library("oneDNN, nhwc",
                  library_convolution(context_, item_, what.batch, what.which, dnnl::algorithm::convolution_direct, true));
    enter_library("oneDNN, its layout",
                  library_convolution(context_, item_, what.batch, what.which, dnnl::algorithm::convolution_direct, false));
    if (item_.kernel == 3 && item_.groups == 1)
      enter_library("oneDNN, Winograd",
                    library_convolution(context_, item_, what.batch, what.which, dnnl::algorithm::convolution_winograd, false));
  }

 private:
  void enter_library(const std::string& name, library_run made) {
    if (made.run) enter(name, std::move(made.run), made.implementation);
  }
  void enter_own(const std::string& name, hasse::detail::bound_kernel made) {
    enter(
        name, [this, made] { made.run(context_); }, made.implementation);
  }
  void enter_forward(int batch) {
    const inference_operands<float> at{
        .src = src_.data(), .dst = dst_.data(), .weights = weights_.data(), .bias = item_.bias ? bias_.data() : nullptr};
    for (const auto& candidate : hasse::detail::product_candidates(context_, item_, batch))
      if (candidate.name != "library") enter_own("hasse, " + candidate.name, candidate.bind(std::span(&at, 1)));
  }
  void enter_backward(const kernel_case& what) {
    training_operands<float> at{.src = src_.data(), .dst = dst_.data(), .weights = weights_.data(), .d_dst = d_dst_.data()};
    if (what.which == pass::backward_data) {
      at.d_src = d_src_.data();
      return enter_own("hasse", hasse::detail::training_backward_data(context_, item_, what.batch, at, false));
    }
    at.d_weights = d_weights_.data();
    enter_own("hasse", hasse::detail::training_backward_weights(context_, item_, what.batch, at, false));
  }

  layer item_;
  hasse::detail::cpu_context context_;
  aligned_vector<float> src_, dst_, weights_, bias_, d_src_, d_dst_, d_weights_;
};

struct block_case {
  std::string name;
  layer_list layers;
};

template <class Spec>
block_case make_block(const std::string& kind, int side, int in, const Spec& spec) {
  layer_list layers{.input = {side, side, in}, .items = {}};
  spec.lower(layer_builder<layer_list>{layers}, 0);
  return {kind + "_" + std::to_string(side) + "x" + std::to_string(side) + "x" + std::to_string(in) + "_to_" +
              std::to_string(spec.out) + (spec.stride > 1 ? "_s2" : ""),
          layers};
}

std::vector<block_case> block_cases() {
  std::vector<block_case> cases;
  struct place {
    int side, in, out, stride;
  };
  // MobileNetV2
  for (const place at : {place{112, 16, 24, 2},
                         {56, 24, 24, 1},
                         {56, 24, 32, 2},
                         {28, 32, 32, 1},
                         {28, 32, 64, 2},
                         {14, 64, 64, 1},
                         {14, 96, 96, 1},
                         {14, 96, 160, 2},
                         {7, 160, 160, 1}})
    cases.push_back(make_block("inverted3x3", at.side, at.in, mbconv{.out = at.out, .stride = at.stride}));
  // EfficientNet-B0 and MobileNet v3-Large
  const squeeze_excite efficient{.percent = 25, .base = squeeze_excite::share::of_input, .rule = {}, .inner = activation::swish};
  const squeeze_excite third{.percent = 25, .gate = activation::hard_sigmoid};
  for (const place at : {place{28, 40, 40, 1}, {14, 112, 112, 1}, {7, 192, 192, 1}})
    cases.push_back(make_block("inverted5x5_se_swish", at.side, at.in,
                               mbconv{.out = at.out, .kernel = 5, .act = activation::swish, .se = efficient}));
  for (const place at : {place{28, 40, 40, 1}, {14, 112, 112, 1}, {7, 160, 160, 1}})
    cases.push_back(make_block("inverted5x5_se_hard_swish", at.side, at.in,
                               mbconv{.out = at.out, .kernel = 5, .act = activation::hard_swish, .se = third}));
  // ResNet
  for (const place at : {place{56, 64, 64, 1}, {28, 128, 128, 1}, {14, 256, 256, 1}, {7, 512, 512, 1}})
    cases.push_back(make_block("basic", at.side, at.in, basic{.out = at.out}));
  for (const place at : {place{56, 256, 256, 1}, {14, 1024, 1024, 1}})
    cases.push_back(make_block("bottleneck", at.side, at.in, bottleneck{.out = at.out}));
  return cases;
}

/// The CPU backend without its joined steps.
struct unjoined_cpu : cpu {
  using cpu::cpu;
  void make_joined() = delete;
};
static_assert(Backend<unjoined_cpu> && !JoinsLayers<unjoined_cpu>);

class block_race : public race {
 public:
  block_race(const settings& how, const layer_list& layers)
      : chosen_(options_of(how)),
        separate_(options_of(how)),
        library_(cpu_options{.threads = how.threads, .kernels = kernel_policy::library}) {
    random_source random(1);
    parameters<float> weights(layers.items);
    initialise(weights, layers.items, random);
    const layer_list folded = enter_network("hasse", chosen_, layers, weights);
    enter_network("hasse, layer by layer", separate_, layers, weights);
    enter_network("oneDNN", library_, layers, weights);
    set_work(work_of(folded.items, 1));
  }

 private:
  template <class Engine>
  layer_list enter_network(const std::string& name, Engine& backend, const layer_list& layers, const parameters<float>& weights) {
    auto network = std::make_shared<inference_network<Engine>>(backend, layers, 1, weights);
    for (std::int64_t i = 0; i < layers.input.size(); ++i) network->input()[i] = drawn(static_cast<std::uint32_t>(i));
    json implementations = json::array();
    for (auto& step : network->steps()) implementations.push_back(step.implementation());
    enter(
        name, [network] { network->run(); }, implementations);
    return network->folded_layers();
  }

  cpu chosen_;
  unjoined_cpu separate_;
  cpu library_;
};

/// A block on a device: as measuring chose, and joined wherever that can be.
template <class Scalar>
class device_block_race : public race {
 public:
  device_block_race(const settings& how, const layer_list& layers)
      : joining_(backend_of<Scalar>(how, true)), separate_(backend_of<Scalar>(how)) {
    random_source random(1);
    parameters<float> weights(layers.items);
    initialise(weights, layers.items, random);
    enter_network("hasse, joined", joining_, layers, weights);
    const layer_list folded = enter_network("hasse", separate_, layers, weights);
    set_work(work_of(folded.items, 1));
  }

 private:
  layer_list enter_network(const std::string& name, any_backend<Scalar>& backend, const layer_list& layers,
                           const parameters<float>& weights) {
    auto network = std::make_shared<inference_network<any_backend<Scalar>>>(backend, layers, 1, weights);
    network->write_input(drawn_values<Scalar>(layers.input.size()));
    enter(
        name,
        [network](double milliseconds) {
          return timed_copies(
              [&] {
                for (auto& step : network->steps()) step.run();
              },
              milliseconds, network->memory());
        },
        std::to_string(network->steps().size()) + " steps");
    return network->folded_layers();
  }

  any_backend<Scalar> joining_, separate_;
};

template <class Cases>
const auto& found_in(const Cases& cases, const std::string& name, const char* what) {
  for (const auto& each : cases)
    if (each.name == name) return each;
  throw error(std::string("there is no ") + what + " " + name + "; hasse_bench --what " + what + "s lists them");
}

}  // namespace

std::vector<std::string> kernel_names(const settings& how) {
  if (how.device.is_gpu) return device_kernel_names(how);
  std::vector<std::string> names;
  for (const kernel_case& each : kernel_cases()) names.push_back(each.name);
  return names;
}
std::vector<std::string> block_names() {
  std::vector<std::string> names;
  for (const block_case& each : block_cases()) names.push_back(each.name);
  return names;
}

std::unique_ptr<measurement> load_kernel(const settings& how, const std::string& name) {
  if (how.device.is_gpu) return load_device_kernel(how, name);
  return std::make_unique<kernel_race>(how, found_in(kernel_cases(), name, "kernel"));
}
std::unique_ptr<measurement> load_block(const settings& how, const std::string& name) {
  const std::vector<block_case> cases = block_cases();
  const layer_list& layers = found_in(cases, name, "block").layers;
  if (!how.device.is_gpu) return std::make_unique<block_race>(how, layers);
  return with_scalar(how, [&](auto zero) -> std::unique_ptr<measurement> {
    return std::make_unique<device_block_race<decltype(zero)>>(how, layers);
  });
}

}  // namespace bench
