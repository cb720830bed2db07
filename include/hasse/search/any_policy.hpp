// A policy that is chosen at run time: programs read its name from a command line, and the search loop is compiled once.
// Used by programs. Code that knows its policy uses the policy itself.
#pragma once

#include <memory>
#include <utility>

#include <hasse/search/policy.hpp>

namespace hasse {

/// Holds any policy over `Space` and models Policy by handing every call on.
template <Domain Space>
class any_policy {
 public:
  using candidate = typename Space::candidate;

  template <Policy<Space> Held>
    requires(!std::same_as<Held, any_policy>)
  explicit any_policy(Held policy) : held_(std::make_unique<holder<Held>>(std::move(policy))) {}

  std::optional<candidate> ask() { return held_->ask(); }
  std::optional<candidate> retake(const candidate& x) { return held_->retake(x); }
  bool take(const candidate& x) { return held_->take(x); }
  void tell(const candidate& x, const outcome& result) { held_->tell(x, result); }
  void release(const candidate& x) { held_->release(x); }
  bool is_pruned(const candidate& x) const { return held_->is_pruned(x); }
  const std::vector<trained<candidate>>& done() const { return held_->done(); }
  const frontier<candidate>& boundary() const { return held_->boundary(); }
  std::optional<count_type> pruned() const { return held_->pruned(); }
  std::optional<count_type> living() const { return held_->living(); }
  double fraction() const { return held_->fraction(); }
  search_end end() const { return held_->end(); }
  std::uint64_t state_hash() const { return held_->state_hash(); }

  /// The held policy when it is a `Held`, else null: for what only one kind of policy knows.
  template <class Held>
  const Held* as() const {
    const auto* const exact = dynamic_cast<const holder<Held>*>(held_.get());
    return exact ? &exact->policy : nullptr;
  }

 private:
  struct base {
    virtual ~base() = default;
    virtual std::optional<candidate> ask() = 0;
    virtual std::optional<candidate> retake(const candidate& x) = 0;
    virtual bool take(const candidate& x) = 0;
    virtual void tell(const candidate& x, const outcome& result) = 0;
    virtual void release(const candidate& x) = 0;
    virtual bool is_pruned(const candidate& x) const = 0;
    virtual const std::vector<trained<candidate>>& done() const = 0;
    virtual const frontier<candidate>& boundary() const = 0;
    virtual std::optional<count_type> pruned() const = 0;
    virtual std::optional<count_type> living() const = 0;
    virtual double fraction() const = 0;
    virtual search_end end() const = 0;
    virtual std::uint64_t state_hash() const = 0;
  };
  template <class Held>
  struct holder final : base {
    explicit holder(Held from) : policy(std::move(from)) {}
    std::optional<candidate> ask() override { return policy.ask(); }
    std::optional<candidate> retake(const candidate& x) override {
      if constexpr (RetakesCandidates<Held, Space>) return policy.retake(x);
      else return policy.ask();
    }
    bool take(const candidate& x) override {
      if constexpr (TakesCandidates<Held, Space>) return policy.take(x);
      else return false;
    }
    void tell(const candidate& x, const outcome& result) override { policy.tell(x, result); }
    void release(const candidate& x) override { policy.release(x); }
    bool is_pruned(const candidate& x) const override { return policy.is_pruned(x); }
    const std::vector<trained<candidate>>& done() const override { return policy.done(); }
    const frontier<candidate>& boundary() const override { return policy.boundary(); }
    std::optional<count_type> pruned() const override { return policy.pruned(); }
    std::optional<count_type> living() const override { return policy.living(); }
    double fraction() const override { return policy.fraction(); }
    search_end end() const override { return policy.end(); }
    std::uint64_t state_hash() const override { return policy.state_hash(); }
    Held policy;
  };
  std::unique_ptr<base> held_;
};

}  // namespace hasse
