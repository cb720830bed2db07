// Several codes for one piece of work, visited in turns that begin with another one each time.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "backend.hpp"

namespace bench {

class race : public measurement {
 public:
  json visit(double milliseconds) override {
    json ns = json::object();
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const auto& [name, times] = runs_[(i + visits_) % runs_.size()];
      ns[name] = times(milliseconds);
    }
    ++visits_;
    json answer{{"ns", ns}};
    answer.update(facts_);
    return answer;
  }

 protected:
  /// Nanoseconds of each run, so many milliseconds long.
  using racer = std::function<std::vector<std::int64_t>(double milliseconds)>;

  void enter(const std::string& name, racer times, const json& implementation) {
    facts_["implementations"][name] = implementation;
    runs_.emplace_back(name, std::move(times));
  }
  void enter(const std::string& name, std::function<void()> run, const json& implementation) {
    enter(name, racer([run = std::move(run)](double milliseconds) {
            run();
            return timed(run, milliseconds);
          }),
          implementation);
  }
  void set_work(const work& all) { facts_["operations"] = all.operations, facts_["bytes"] = all.bytes; }
  void set_fact(const std::string& name, const json& fact) { facts_[name] = fact; }

 private:
  std::vector<std::pair<std::string, racer>> runs_;
  std::size_t visits_ = 0;
  json facts_ = json::object();
};

}  // namespace bench
