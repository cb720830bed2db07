// A device that is chosen at run time: programs read its name from a command line, and what measures is compiled once for all.
// Used by programs. Code that knows its device uses the policy itself.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/kernel/any_backend.hpp>
#include <hasse/latency/device.hpp>

namespace hasse {

/// The stopwatch of an any_device, which may be any.
class any_stopwatch {
 public:
  void start() { held_->start(); }
  void lap() { held_->lap(); }
  std::int64_t nanoseconds(std::size_t lap) { return held_->nanoseconds(lap); }
  bool disturbed() { return held_->disturbed(); }
  std::size_t flushed_bytes() const { return held_->flushed_bytes(); }

 private:
  friend class any_device;
  struct base {
    virtual ~base() = default;
    virtual void start() = 0;
    virtual void lap() = 0;
    virtual std::int64_t nanoseconds(std::size_t lap) = 0;
    virtual bool disturbed() = 0;
    virtual std::size_t flushed_bytes() const = 0;
  };
  template <class Held>
  struct holder final : base {
    template <class Device, class Engine>
    holder(const Device& device, Engine& backend) : watch(device.make_stopwatch(backend)) {}
    void start() override { watch.start(); }
    void lap() override { watch.lap(); }
    std::int64_t nanoseconds(std::size_t lap) override { return watch.nanoseconds(lap); }
    bool disturbed() override { return is_disturbed(watch); }
    std::size_t flushed_bytes() const override { return hasse::flushed_bytes(watch); }
    Held watch;
  };
  explicit any_stopwatch(std::unique_ptr<base> held) : held_(std::move(held)) {}

  std::unique_ptr<base> held_;
};

/// Holds any device policy over float and models DevicePolicy by handing every call on: its tables are those of the held one.
class any_device {
 public:
  template <DevicePolicy Held>
  requires(!std::same_as<Held, any_device> &&
           std::same_as<typename backend_on<Held>::scalar, float>) explicit any_device(Held device)
      : held_(std::make_shared<holder<Held>>(std::move(device))) {}

  device_facts facts() const {
    device_facts facts = held_->facts();
    // What measures may have been compiled otherwise than the held device, which says how if it computes on this processor.
    if (facts.compiler.find("optimised") != std::string::npos) add_build(facts, HASSE_BUILD_TEXT);
    return facts;
  }
  any_backend<float> make_backend() const { return held_->make_backend(); }
  /// Of a backend that it made.
  any_stopwatch make_stopwatch(any_backend<float>& backend) const { return any_stopwatch(held_->make_stopwatch(backend)); }

 private:
  struct base {
    virtual ~base() = default;
    virtual device_facts facts() const = 0;
    virtual any_backend<float> make_backend() const = 0;
    virtual std::unique_ptr<any_stopwatch::base> make_stopwatch(any_backend<float>& backend) const = 0;
  };
  template <class Held>
  struct holder final : base {
    explicit holder(Held from) : device(std::move(from)) {}
    device_facts facts() const override { return device.facts(); }
    any_backend<float> make_backend() const override {
      return any_backend<float>([this] { return device.make_backend(); });
    }
    std::unique_ptr<any_stopwatch::base> make_stopwatch(any_backend<float>& backend) const override {
      auto* const own = backend.template as<backend_on<Held>>();
      if (!own)
        throw error(std::string("a stopwatch of the device ") + device.facts().name + " was asked for the backend " +
                    backend.name() + " of another; give the backend that the device made");
      return std::make_unique<any_stopwatch::holder<stopwatch_on<Held>>>(device, *own);
    }
    Held device;
  };

  std::shared_ptr<const base> held_;  // policies are values
};

static_assert(DevicePolicy<any_device>);

}  // namespace hasse
