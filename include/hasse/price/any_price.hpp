// Any price behind one type. Used by programs, which learn from their command line what counts.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <hasse/price/price.hpp>

namespace hasse {

/// Models Price; copies share one price.
class any_price {
 public:
  template <Price Type>
    requires(!std::same_as<Type, any_price>)
  any_price(Type price) : held_(std::make_shared<holder<Type>>(std::move(price))) {}

  double of(const layer_list& layers) const { return held_->of(layers); }
  price_unit unit() const { return held_->unit(); }
  std::string device() const { return held_->device(); }
  cost_gathering gathering() const { return held_->gathering(); }
  double uncertainty() const { return held_->uncertainty(); }

 private:
  struct base {
    base() = default;
    base(const base&) = delete;
    base& operator=(const base&) = delete;
    virtual ~base() = default;
    virtual double of(const layer_list& layers) const = 0;
    virtual price_unit unit() const = 0;
    virtual std::string device() const = 0;
    virtual cost_gathering gathering() const = 0;
    virtual double uncertainty() const = 0;
  };
  template <Price Type>
  struct holder final : base {
    explicit holder(Type price) : held(std::move(price)) {}
    double of(const layer_list& layers) const override { return held.of(layers); }
    price_unit unit() const override { return held.unit(); }
    std::string device() const override { return held.device(); }
    cost_gathering gathering() const override { return held.gathering(); }
    double uncertainty() const override { return held.uncertainty(); }
    Type held;
  };

  std::shared_ptr<const base> held_;
};

}  // namespace hasse
