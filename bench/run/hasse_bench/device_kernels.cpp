// The kernels of a device, each alone on operands of a training's size, with what it must move and compute at least: the rows of
// a roofline table. Convolutions race with the plans of the device's libraries.
#include <array>
#include <tuple>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/network.hpp>

#include "backend.hpp"
#include "bench.hpp"
#include "race.hpp"

namespace bench {

using namespace hasse;

namespace {

/// What of a layer, or which kernel that is no layer.
enum class part { inference, forward, backward, backward_data, backward_weights, descent, augmentation, loss };

struct device_case {
  std::string name;
  part which = part::forward;
  layer item{};
  int batch = 1;
  double tensors = 0;     ///< values that move, in outputs or inputs of the layer, whichever are more
  double operations = 0;  ///< per such value
};

constexpr int parameters_of_descent = 25'600'000, classes = 1000;
constexpr feature_shape photograph{224, 224, 3};

template <class Write>
layer made(feature_shape in, Write&& write) {
  layer_list list{.input = in, .items = {}};
  write(layer_builder<layer_list>{list});
  return list.items.front();
}
std::string shape_text(feature_shape of) { return std::to_string(of.h) + "x" + std::to_string(of.w) + "x" + std::to_string(of.c); }

std::int64_t larger_of(const layer& item) { return std::max(item.in.size(), item.out.size()); }

std::vector<device_case> device_cases(int batch) {
  std::vector<device_case> cases;
  const auto add = [&](const std::string& name, part which, const layer& item, int images, double tensors, double operations) {
    cases.push_back({name + "_batch" + std::to_string(images), which, item, images, tensors, operations});
  };
  const auto convolution = [&](const std::string& name, const layer& item, part which) {
    constexpr const char* passes[] = {"_inference", "_forward", "", "_backward_data", "_backward_weights"};
    const int images = which == part::inference ? 1 : batch;
    const auto largest = static_cast<double>(larger_of(item));
    layer asked = item;
    if (which == part::inference) asked.bias = true, asked.act = activation::relu;
    add(name + passes[static_cast<int>(which)], which, asked, images,
        static_cast<double>(item.in.size() + item.out.size()) / largest, 2 * static_cast<double>(macs_of(item)) / largest);
  };
  constexpr std::array gradients{part::forward, part::backward_data, part::backward_weights};

  const feature_shape large{56, 56, 144};
  for (const part which : gradients)
    for (const int kernel : {3, 5, 7})
      for (const int stride : {1, 2})
        convolution("depthwise" + std::to_string(kernel) + "x" + std::to_string(kernel) + "_s" + std::to_string(stride) + "_" +
                        shape_text(large),
                    made(large, [&](auto b) { b.convolution(0, large.c, kernel, stride, -1, large.c); }), which);

  const std::string at = "_" + shape_text(large);
  const auto norm = [&](activation act, value_id other) {
    layer item = made(large, [](auto b) { b.batch_norm(0); });
    item.act = act, item.other = other;
    return item;
  };
  add("batch_norm_relu6" + at + "_forward", part::forward, norm(activation::relu6, no_value), batch, 3, 8);
  add("batch_norm_relu6" + at + "_backward", part::backward, norm(activation::relu6, no_value), batch, 5, 16);
  add("batch_norm_add_relu" + at + "_forward", part::forward, norm(activation::relu, 0), batch, 4, 9);
  add("batch_norm_add_relu" + at + "_backward", part::backward, norm(activation::relu, 0), batch, 8, 17);
  for (const auto& [name, act, operations] : {std::tuple{"relu", activation::relu, 1.0},
                                              {"hard_swish", activation::hard_swish, 6.0},
                                              {"swish", activation::swish, 15.0}}) {
    const layer item = made(large, [act = act](auto b) { b.activate(0, act); });
    add(name + at + "_forward", part::forward, item, batch, 2, operations);
    add(name + at + "_backward", part::backward, item, batch, 3, operations);
  }
  layer sum = made(large, [](auto b) { b.add(0, 0); });
  sum.act = activation::relu;
  add("add_relu" + at + "_forward", part::forward, sum, batch, 3, 2);
  add("add_relu" + at + "_backward", part::backward, sum, batch, 4, 1);
  const layer gate{.kind = layer_kind::scale, .other = 0, .in = large, .out = large};
  add("gate" + at + "_forward", part::forward, gate, batch, 2, 1);
  add("gate" + at + "_backward", part::backward, gate, batch, 4, 3);
  const layer mean = made(large, [](auto b) { b.global_average_pool(0); });
  add("global_average" + at + "_forward", part::forward, mean, batch, 1, 1);
  add("global_average" + at + "_backward", part::backward, mean, batch, 1, 1);
  // A byte for each result says where it came from: an eighth of a tensor beside two bytes a value, a sixteenth beside four.
  const layer most = made(large, [](auto b) { b.max_pool(0, 3, 2, 1); });
  add("max_pool3x3_s2" + at + "_forward", part::forward, most, batch, 1.25, 2.25);
  add("max_pool3x3_s2" + at + "_backward", part::backward, most, batch, 1.25, 2.25);
  const layer average = made(large, [](auto b) { b.average_pool(0, 3, 2, 1); });
  add("average_pool3x3_s2" + at + "_forward", part::forward, average, batch, 1.25, 2.25);
  add("average_pool3x3_s2" + at + "_backward", part::backward, average, batch, 1.25, 2.25);

  cases.push_back({"descent_" + std::to_string(parameters_of_descent), part::descent});
  add("augmentation_" + shape_text(photograph), part::augmentation, {.in = photograph, .out = photograph}, batch, 1, 0);
  add("softmax_loss_" + std::to_string(classes), part::loss, {.in = {1, 1, classes}, .out = {1, 1, classes}}, batch, 2, 10);

  // ResNet and MobileNetV2.
  struct place {
    int side, in, out, kernel, stride;
  };
  for (const place of : {place{56, 64, 64, 3, 1},
                         {56, 64, 128, 3, 2},
                         {28, 128, 128, 3, 1},
                         {14, 256, 256, 3, 1},
                         {7, 512, 512, 3, 1},
                         {56, 24, 144, 1, 1},
                         {56, 144, 24, 1, 1},
                         {14, 96, 576, 1, 1},
                         {14, 576, 96, 1, 1},
                         {7, 320, 1280, 1, 1},
                         {14, 1024, 256, 1, 1}}) {
    const layer item = made({of.side, of.side, of.in}, [&](auto b) { b.convolution(0, of.out, of.kernel, of.stride); });
    const std::string name = "dense" + std::to_string(of.kernel) + "x" + std::to_string(of.kernel) + "_s" +
                             std::to_string(of.stride) + "_" + shape_text(item.in) + "_to_" + std::to_string(of.out);
    for (const part which : {part::inference, part::forward, part::backward_data, part::backward_weights})
      convolution(name, item, which);
  }
  return cases;
}

/// Operands of one kernel, all in the device's memory, and the kernel.
template <class Scalar>
class device_kernel : public race {
 public:
  device_kernel(settings how, const device_case& what)
      : how_(fitting(std::move(how), what)), backend_(backend_of<Scalar>(how_)), device_(backend_.memory()), what_(what) {
    if (!device_) throw error("a backend without memory of its own has no kernels of a device");
    const double values = what.tensors * static_cast<double>(larger_of(what.item)) * what.batch;
    work all{static_cast<std::int64_t>(what.operations * static_cast<double>(larger_of(what.item)) * what.batch),
             static_cast<std::int64_t>(values * sizeof(Scalar))};
    switch (what.which) {
      case part::descent:
        all = {std::int64_t{6} * parameters_of_descent, std::int64_t{20} * parameters_of_descent};
        enter_descent();
        break;
      case part::augmentation:
        all.bytes += what.batch * what.item.in.size();
        enter_augmentation();
        break;
      case part::loss:
        enter_loss();
        break;
      default:
        if (what.item.kind == layer_kind::max_pool) all.bytes += what.batch * what.item.out.size();
        all.bytes += parameters_of(what.item) * static_cast<std::int64_t>(sizeof(float));
        enter_layer();
        enter_libraries();
    }
    set_work(all);
    set_fact("timing", device_timing);
  }

 private:
  /// Depthwise layers run the kernel of ours, whatever is faster: that is what this is about.
  static settings fitting(settings how, const device_case& what) {
    how.batch = what.batch;
    if (what.item.groups > 1) how.kernels = kernel_policy::library;
    return how;
  }

  /// Memory with random values.
  template <class Item = Scalar>
  Item* filled(std::int64_t size) {
    const auto count = static_cast<std::size_t>(size);
    constexpr std::size_t piece = 1 << 20;  // repeated
    auto& place = memory_.emplace_back(device_, count * sizeof(Item));
    const std::vector<Item> values = drawn_values<Item>(static_cast<std::int64_t>(std::min(count, piece)));
    Item* const at = reinterpret_cast<Item*>(place.data());
    for (std::size_t begin = 0; begin < count; begin += piece)
      copy_in<Item>(device_, at + begin, std::span(values).first(std::min(piece, count - begin)));
    return at;
  }
  std::byte* zeros(std::size_t bytes) { return memory_.emplace_back(device_, bytes).data(); }

  void enter_run(const std::string& name, std::function<void()> run, const std::string& implementation) {
    enter(name, racer([this, run = std::move(run)](double milliseconds) { return timed_copies(run, milliseconds, device_); }),
          implementation);
  }

  void enter_layer() {
    const layer& item = what_.item;
    const int batch = what_.batch;
    const std::int64_t in = batch * item.in.size(), out = batch * item.out.size(), weights = parameters_of(item);
    if (what_.which == part::inference) {
      inference_operands<Scalar> at{.src = filled(in), .dst = filled(out)};
      at.weights = filled<float>(weights), at.bias = filled<float>(item.out.c);
      auto step = std::make_shared<typename any_backend<Scalar>::inference_step>(backend_.make_inference(item, batch, at));
      return enter_run(
          "hasse", [step] { step->run(); }, chosen());
    }
    training_operands<Scalar> at{.src = filled(in), .dst = filled(out)};
    if (item.other != no_value) at.other = filled(batch * item.other_shape().size());
    at.weights = filled<float>(std::max<std::int64_t>(weights, item.out.c)), at.bias = filled<float>(item.out.c);
    at.running_mean = filled<float>(item.out.c), at.running_variance = filled<float>(item.out.c);
    at.saved = zeros(std::max<std::size_t>(1, backend_.saved_bytes(item, batch)));
    at.d_dst = filled(out);
    const bool product = item.kind == layer_kind::convolution;
    if (!product || what_.which == part::backward_data) at.d_src = filled(in);
    if (item.other != no_value) at.d_other = filled(batch * item.other_shape().size());
    if (item.kind == layer_kind::batch_norm || what_.which == part::backward_weights)
      at.d_weights = filled<float>(std::max<std::int64_t>(weights, item.out.c));
    if (item.kind == layer_kind::batch_norm) at.d_bias = filled<float>(item.out.c);
    if (product) at.bias = nullptr;
    auto step = std::make_shared<typename any_backend<Scalar>::training_step>(backend_.make_training(item, batch, at));
    step->forward();  // what a backward pass reads
    if (what_.which == part::forward)
      enter_run(
          "hasse", [step] { step->forward(); }, chosen());
    else
      enter_run(
          "hasse", [step] { step->backward(); }, chosen());
  }

  /// The plan that was measured to be the fastest for the layer.
  std::string chosen() {
    std::string text;
    for (const auto& [problem, name] : backend_.choices()) text += (text.empty() ? "" : "; ") + name;
    return text.empty() ? "own" : text;
  }

  /// The fastest of what the libraries rank first, as they are: weights packed before, nothing behind.
  void enter_libraries() {
    if (what_.item.kind != layer_kind::convolution) return;
    const pass which = what_.which == part::backward_data      ? pass::backward_data
                       : what_.which == part::backward_weights ? pass::backward_weights
                                                               : pass::forward;
    const library_plan* best = nullptr;
    std::int64_t least = 0;
    plans_ = library_plans(how_, backend_, what_.item, which);
    for (const library_plan& each : plans_) {
      const std::vector<std::int64_t> samples = timed_copies(each.run, 20, device_);
      const std::int64_t time = *std::min_element(samples.begin(), samples.end());
      if (!best || time < least) best = &each, least = time;
    }
    if (best) enter_run("library", best->run, best->name);
  }

  void enter_descent() {
    const std::int64_t count = parameters_of_descent;
    const detail::gpu::descent_step step{.rate = 1e-6f};
    auto* const place = reinterpret_cast<detail::gpu::descent_step*>(zeros(sizeof step));
    device_->write(place, &step, sizeof step);
    const descent_operands at{.step = place,
                              .values = filled<float>(count),
                              .gradients = filled<float>(count),
                              .velocity = filled<float>(count),
                              .decay = filled<float>(count / 16),
                              .momentum = 0.9,
                              .begin = 0,
                              .end = static_cast<std::size_t>(count)};
    enter_run(
        "hasse", [this, at] { device_->descend(at); }, "own");
  }

  void enter_augmentation() {
    const feature_shape of = what_.item.in;
    std::vector<detail::gpu::drawn_image> drawn;
    for (int i = 0; i < what_.batch; ++i) drawn.push_back({.index = i, .down = i % 5 - 2, .right = i % 3 - 1, .mirrored = i % 2});
    auto* const place = reinterpret_cast<detail::gpu::drawn_image*>(zeros(drawn.size() * sizeof drawn[0]));
    device_->write(place, drawn.data(), drawn.size() * sizeof drawn[0]);
    const auto* const pixels = reinterpret_cast<const std::uint8_t*>(zeros(static_cast<std::size_t>(what_.batch * of.size())));
    const batch_operands<Scalar> at{
        of.h, of.w, of.c, what_.batch, place, pixels, filled<float>(of.c * 256), filled(what_.batch * of.size())};
    enter_run(
        "hasse", [this, at] { device_->augment(at); }, "own");
  }

  void enter_loss() {
    const auto batch = static_cast<std::size_t>(what_.batch);
    loss_operands<Scalar> at{};
    at.logits = filled(what_.batch * classes), at.gradient = filled(what_.batch * classes);
    at.labels = reinterpret_cast<int*>(zeros(batch * sizeof(int)));
    at.batch = what_.batch, at.classes = classes;
    at.losses = filled<float>(what_.batch), at.correct = reinterpret_cast<std::uint8_t*>(zeros(batch));
    at.total = reinterpret_cast<detail::gpu::loss_total*>(zeros(sizeof(detail::gpu::loss_total)));
    enter_run(
        "hasse", [this, at] { device_->softmax_cross_entropy(at); }, "own");
  }

  settings how_;
  any_backend<Scalar> backend_;
  accelerator<Scalar>* device_;
  device_case what_;
  std::vector<backend_array<std::byte>> memory_;
  std::vector<library_plan> plans_;
};

}  // namespace

std::vector<std::string> device_kernel_names(const settings& how) {
  std::vector<std::string> names;
  for (const device_case& each : device_cases(how.batch)) names.push_back(each.name);
  return names;
}

std::unique_ptr<measurement> load_device_kernel(const settings& how, const std::string& name) {
  for (const device_case& each : device_cases(how.batch))
    if (each.name == name)
      return with_scalar(how, [&](auto zero) -> std::unique_ptr<measurement> {
        return std::make_unique<device_kernel<decltype(zero)>>(how, each);
      });
  throw error("there is no kernel " + name + " on a device; hasse_bench --device cuda --what kernels lists them");
}

}  // namespace bench
