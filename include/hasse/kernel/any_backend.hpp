// A backend that is chosen at run time: programs read its name from a command line, and networks are compiled once for all of them.
// Used by latency/any_device.hpp and programs. Code that knows its backend uses the backend itself.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/body.hpp>
#include <hasse/kernel/choices.hpp>

namespace hasse {

/// Owns any backend over `Scalar` and models Backend and JoinsLayers by handing every call on: same steps, same bits, same
/// refusals, and the same bodies of blocks. Steps stay good when it moves; networks, which point to it, do not.
template <class Scalar>
class any_backend {
  struct some_inference {
    virtual ~some_inference() = default;
    virtual void run() = 0;
    virtual std::string implementation() const = 0;
  };
  struct some_training {
    virtual ~some_training() = default;
    virtual void forward() = 0;
    virtual void backward() = 0;
    virtual void recompute() = 0;
  };

 public:
  using scalar = Scalar;

  /// Holds what `make()` returns, which needs not move: any_backend<float>([] { return cpu({.threads = 4}); }).
  template <std::invocable Make>
  requires Backend<std::invoke_result_t<Make>>
  explicit any_backend(Make&& make) : held_(std::make_unique<holder<std::invoke_result_t<Make>>>(make)) {}

  class inference_step {
   public:
    void run() { held_->run(); }
    /// Which code runs; "" where the backend does not tell.
    std::string implementation() const { return held_->implementation(); }

   private:
    friend any_backend;
    explicit inference_step(std::unique_ptr<some_inference> held) : held_(std::move(held)) {}
    std::unique_ptr<some_inference> held_;
  };

  class training_step {
   public:
    void forward() { held_->forward(); }
    void backward() { held_->backward(); }
    void recompute() { held_->recompute(); }

   private:
    friend any_backend;
    explicit training_step(std::unique_ptr<some_training> held) : held_(std::move(held)) {}
    std::unique_ptr<some_training> held_;
  };

  /// Of the backend that it holds.
  const char* name() const { return held_->name(); }
  std::string identity() const { return held_->identity(); }
  std::string supports(const layer& item) const { return held_->supports(item); }
  inference_step make_inference(const layer& item, int batch, const inference_operands<Scalar>& operands) {
    return inference_step(held_->make_inference(item, batch, operands));
  }
  /// Nothing where the backend joins no layers.
  std::optional<inference_step> make_joined(std::span<const layer> run, int batch,
                                            std::span<const inference_operands<Scalar>> operands) {
    auto made = held_->make_joined(run, batch, operands);
    if (!made) return std::nullopt;
    return inference_step(std::move(made));
  }
  /// Which engine's bodies it runs, and a step of one of them; nothing where the body declines.
  const void* body_mark() const { return held_->body_mark(); }
  std::optional<inference_step> make_inference_body(const body& of, std::span<const layer> folded, int batch,
                                                    std::span<const inference_operands<Scalar>> operands) {
    auto made = held_->make_inference_body(of, folded, batch, operands);
    return made ? std::optional(inference_step(std::move(made))) : std::nullopt;
  }
  std::optional<training_step> make_training_body(const body& of, std::span<const layer> fused, int batch,
                                                  std::span<const training_operands<Scalar>> operands) {
    auto made = held_->make_training_body(of, fused, batch, operands);
    return made ? std::optional(training_step(std::move(made))) : std::nullopt;
  }
  training_step make_training(const layer& item, int batch, const training_operands<Scalar>& operands) {
    return training_step(held_->make_training(item, batch, operands));
  }
  std::size_t saved_bytes(const layer& item, int batch) const { return held_->saved_bytes(item, batch); }
  backward_operands backward_reads(const layer& item) const { return held_->backward_reads(item); }

  /// Null where its operands lie in the processor's memory.
  accelerator<Scalar>* memory() { return held_->memory(); }
  /// What it has measured; of a backend that measures nothing, what was put there.
  kernel_choices& choices() { return held_->choices(); }

  /// The held backend when it is a `Held`, else null: for what only one kind of backend knows.
  template <class Held>
  Held* as() {
    auto* const exact = dynamic_cast<holder<Held>*>(held_.get());
    return exact ? &exact->backend : nullptr;
  }

 private:
  struct base {
    virtual ~base() = default;
    virtual const char* name() const = 0;
    virtual std::string identity() const = 0;
    virtual std::string supports(const layer& item) = 0;
    virtual std::unique_ptr<some_inference> make_inference(const layer& item, int batch,
                                                           const inference_operands<Scalar>& operands) = 0;
    virtual std::unique_ptr<some_inference> make_joined(std::span<const layer> run, int batch,
                                                        std::span<const inference_operands<Scalar>> operands) = 0;
    virtual const void* body_mark() const = 0;
    virtual std::unique_ptr<some_inference> make_inference_body(const body& of, std::span<const layer> folded, int batch,
                                                                std::span<const inference_operands<Scalar>> operands) = 0;
    virtual std::unique_ptr<some_training> make_training_body(const body& of, std::span<const layer> fused, int batch,
                                                              std::span<const training_operands<Scalar>> operands) = 0;
    virtual std::unique_ptr<some_training> make_training(const layer& item, int batch,
                                                         const training_operands<Scalar>& operands) = 0;
    virtual std::size_t saved_bytes(const layer& item, int batch) = 0;
    virtual backward_operands backward_reads(const layer& item) = 0;
    virtual accelerator<Scalar>* memory() = 0;
    virtual kernel_choices& choices() = 0;
  };

  template <class Step>
  struct inference_holder final : some_inference {
    explicit inference_holder(Step made) : step(std::move(made)) {}
    void run() override { step.run(); }
    std::string implementation() const override {
      if constexpr (requires { step.implementation(); })
        return step.implementation();
      else
        return {};
    }
    Step step;
  };
  template <class Step>
  struct training_holder final : some_training {
    explicit training_holder(Step made) : step(std::move(made)) {}
    void forward() override { step.forward(); }
    void backward() override { step.backward(); }
    void recompute() override { step.recompute(); }
    Step step;
  };

  template <class Held>
  struct holder final : base {
    static_assert(std::same_as<typename Held::scalar, Scalar>, "hasse: any_backend<Scalar> holds backends over that scalar");
    template <class Make>
    explicit holder(Make& make) : backend(make()) {}

    const char* name() const override { return name_of(backend); }
    std::string identity() const override { return backend.identity(); }
    std::string supports(const layer& item) override { return backend.supports(item); }
    std::unique_ptr<some_inference> make_inference(const layer& item, int batch,
                                                   const inference_operands<Scalar>& operands) override {
      return held_inference(backend.make_inference(item, batch, operands));
    }
    std::unique_ptr<some_inference> make_joined(std::span<const layer> run, int batch,
                                                std::span<const inference_operands<Scalar>> operands) override {
      if constexpr (JoinsLayers<Held>)
        if (auto made = backend.make_joined(run, batch, operands)) return held_inference(std::move(*made));
      return nullptr;
    }
    const void* body_mark() const override { return detail::body_mark_of(backend); }
    std::unique_ptr<some_inference> make_inference_body(const body& of, std::span<const layer> folded, int batch,
                                                        std::span<const inference_operands<Scalar>> operands) override {
      if (auto made = detail::make_inference_body(backend, of, folded, batch, operands)) return held_inference(std::move(*made));
      return nullptr;
    }
    std::unique_ptr<some_training> make_training_body(const body& of, std::span<const layer> fused, int batch,
                                                      std::span<const training_operands<Scalar>> operands) override {
      if (auto made = detail::make_training_body(backend, of, fused, batch, operands)) return held_training(std::move(*made));
      return nullptr;
    }
    std::unique_ptr<some_training> make_training(const layer& item, int batch, const training_operands<Scalar>& operands) override {
      return held_training(backend.make_training(item, batch, operands));
    }
    std::size_t saved_bytes(const layer& item, int batch) override { return backend.saved_bytes(item, batch); }
    backward_operands backward_reads(const layer& item) override { return backend.backward_reads(item); }
    accelerator<Scalar>* memory() override { return accelerator_of(backend); }
    kernel_choices& choices() override {
      if constexpr (requires { backend.choices(); })
        return backend.choices();
      else
        return none;
    }

    template <class Step>
    static std::unique_ptr<some_inference> held_inference(Step made) {
      return std::make_unique<inference_holder<Step>>(std::move(made));
    }

    template <class Step>
    static std::unique_ptr<some_training> held_training(Step made) {
      return std::make_unique<training_holder<Step>>(std::move(made));
    }

    Held backend;
    kernel_choices none{};
  };

  std::unique_ptr<base> held_;
};

}  // namespace hasse
