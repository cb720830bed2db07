// Plain loops for the libraries of a GPU, which can do everything, or little, by plans of any names.
// Used by the tests of dense layers beside it.
#pragma once

#include <hasse/kernel/cuda/programs/dense_layers.hpp>
#include <hasse/kernel/detail/elementwise.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace hasse;
using namespace hasse::detail::gpu;

/// What a library can do.
struct abilities {
  bool fuses_activation = true, fuses_sums = true, adds = true, widens = true, has_anything = true, measures = false;
};

/// What ran, in order.
struct plain_log {
  std::vector<std::string> problems, names;
};

/// Loops over one problem, with weights as O, H, W, I. It writes over its workspace, as a library may.
template <class Scalar>
class plain_plan : public dense_plan {
 public:
  plain_plan(const dense_problem& problem, const std::string& name, plain_log& log) : problem_(problem), name_(name), log_(&log) {}
  const std::string& name() const override { return name_; }
  std::size_t workspace() const override { return 1000; }

  void run(const dense_operands& at, std::byte* workspace) override {
    if (name_ == "broken") throw hasse::error("the broken plan was run");
    log_->problems.push_back(problem_.key()), log_->names.push_back(name_);
    std::memset(workspace, 0xff, this->workspace());
    const auto* src = static_cast<Scalar*>(at.source);
    const auto* weights = static_cast<Scalar*>(at.weights);
    auto* out = static_cast<Scalar*>(at.output);
    const layer& item = problem_.item;
    const int group_in = item.in.c / item.groups, group_out = item.out.c / item.groups;
    std::vector<double> sums(count(problem_.result));
    for (int n = 0; n < problem_.batch; ++n)
      for (int y = 0; y < item.out.h; ++y)
        for (int x = 0; x < item.out.w; ++x)
          for (int o = 0; o < item.out.c; ++o)
            for (int ky = 0; ky < item.kernel; ++ky)
              for (int kx = 0; kx < item.kernel; ++kx)
                for (int i = 0; i < group_in; ++i) {
                  const int in_y = y * item.stride - item.pad_top + ky, in_x = x * item.stride - item.pad_left + kx;
                  if (in_y < 0 || in_y >= item.in.h || in_x < 0 || in_x >= item.in.w) continue;
                  const auto w = static_cast<std::size_t>(((o * item.kernel + ky) * item.kernel + kx) * group_in + i);
                  const auto s = static_cast<std::size_t>(((n * item.in.h + in_y) * item.in.w + in_x) * item.in.c +
                                                          o / group_out * group_in + i);
                  const auto d = static_cast<std::size_t>(((n * item.out.h + y) * item.out.w + x) * item.out.c + o);
                  const auto value = [](Scalar given) { return static_cast<double>(given); };
                  if (problem_.result == product_result::output) sums[d] += value(src[s]) * value(weights[w]);
                  if (problem_.result == product_result::source) sums[s] += value(weights[w]) * value(out[d]);
                  if (problem_.result == product_result::weights) sums[w] += value(src[s]) * value(out[d]);
                }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      double sum = sums[i];
      if (problem_.result == product_result::weights) {
        if (problem_.widens)
          static_cast<float*>(at.weights)[i] = static_cast<float>(sum);
        else
          static_cast<Scalar*>(at.weights)[i] = static_cast<Scalar>(sum);
      } else if (problem_.result == product_result::source) {
        auto* to = static_cast<Scalar*>(at.source);
        to[i] = static_cast<Scalar>(sum + (problem_.adds ? static_cast<double>(to[i]) : 0));
      } else {
        if (problem_.fused.bias)
          sum += static_cast<double>(static_cast<Scalar*>(at.bias)[i % static_cast<std::size_t>(item.out.c)]);
        if (problem_.fused.residual) sum += static_cast<double>(static_cast<Scalar*>(at.residual)[i]);
        hasse::detail::with_activation(problem_.fused.act, [&](auto kind) { sum = hasse::detail::activated<kind>(sum); });
        out[i] = static_cast<Scalar>(sum);
      }
    }
  }

 private:
  std::size_t count(product_result of) const {
    if (of == product_result::weights) return static_cast<std::size_t>(problem_.weight_count());
    return static_cast<std::size_t>(problem_.batch * (of == product_result::output ? problem_.item.out : problem_.item.in).size());
  }

  dense_problem problem_;
  std::string name_;
  plain_log* log_;
};

/// It offers plans by several names, which all compute the same.
struct plain_libraries {
  plain_libraries(host_stream&) {}

  number_type float_type() const { return number_type::float32; }
  /// By the clock that was brought, or by one to which all is the same.
  group_timer timer() const {
    if (!can.measures || clock) return clock;
    return [](const std::function<void()>& run, int) {
      run();
      return [] { return 1.0; };
    };
  }
  std::vector<std::unique_ptr<dense_plan>> plans(const dense_problem& problem, std::size_t most) {
    std::vector<std::unique_ptr<dense_plan>> found;
    for (const std::string& name : names)
      if (auto made = plan(problem, name); made && found.size() < most) found.push_back(std::move(made));
    return found;
  }
  std::unique_ptr<dense_plan> plan(const dense_problem& problem, const std::string& name) {
    const bool sums = problem.fused.bias || problem.fused.residual;
    if (!can.has_anything || (problem.adds && !can.adds) || (problem.widens && !can.widens) || (sums && !can.fuses_sums) ||
        (problem.fused.act != activation::none && !can.fuses_activation))
      return nullptr;
    if (std::find(names.begin(), names.end(), name) == names.end()) return nullptr;
    if (problem.type == number_type::bfloat16) return std::make_unique<plain_plan<bfloat16>>(problem, name, log);
    if (problem.type == number_type::float16) return std::make_unique<plain_plan<float16>>(problem, name, log);
    return std::make_unique<plain_plan<float>>(problem, name, log);
  }

  abilities can;
  std::vector<std::string> names{"plain"};
  plain_log log;
  group_timer clock;
};
