// Trainings of this library as what search<Space>(latencies, evaluator, journal, parts...) asks, for any task.
// Used where a search needs no folder and no report: examples/13_own_price.cpp.
#pragma once

#include <cstddef>
#include <string>

#include <hasse/catalogue/catalogue.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/search/session.hpp>
#include <hasse/space/architecture.hpp>
#include <hasse/train/candidate_trainer.hpp>

namespace hasse {

/// Models Evaluator: trains the network of an architecture; its merit is the task's metric on the validation samples.
template <class Space, Backend Engine, class Type>
struct training_evaluator {
  const candidate_trainer<Engine, Type>& train;

  outcome evaluate(const architecture<Space>& choice, std::size_t ordinal) {
    const training_outcome result = train(to_text(choice), layers_of(choice), ordinal);
    if (result.diverged) return {std::nullopt, result.note};
    return {Type::measure.merit(result.score), result.note};
  }
  std::string configuration() const {
    return train.data().task.text() + ", " + to_text(train.how()) + ", training seed " + std::to_string(train.how().seed) + ", samples " +
           std::string(hex64(train.data().identity).view()) + ", trained by " + train.backend().identity();
  }
};

/// `train` must outlive it.
template <class Space, Backend Engine, class Type>
training_evaluator<Space, Engine, Type> evaluate_by(const candidate_trainer<Engine, Type>& train) {
  return {train};
}
template <class Space, Backend Engine, class Type>
training_evaluator<Space, Engine, Type> evaluate_by(const candidate_trainer<Engine, Type>&& train) = delete;

}  // namespace hasse
