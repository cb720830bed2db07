// What a training leaves behind for its caller: one record per epoch, and how it ended.
// Used by train; search and result store and draw it.
#pragma once

#include <string>
#include <vector>

namespace hasse {

/// One epoch. `loss` and `train_correct` are of the epoch's augmented training samples, as the weights were at each step;
/// `validation_score` is the task's metric of the weights after the epoch; `learning_rate` is that of its last step.
struct epoch_record {
  int epoch = 0;    ///< from 1
  double loss = 0;  ///< the mean
  double train_correct = 0;  ///< the share that was answered right: 0 of a task whose loss counts none (task/loss.hpp)
  double validation_score = 0, learning_rate = 0, seconds = 0;
  friend bool operator==(const epoch_record&, const epoch_record&) = default;
};

/// How a training ended. A training that diverged has score 0 and says so in `note`; it is a result, not an error.
struct training_outcome {
  double score = 0;  ///< the task's metric on the validation samples after the last epoch: of classification top-1 accuracy, 0..1
  std::vector<epoch_record> curve;
  double seconds = 0;  ///< training and evaluation, over all the processes that took part
  bool diverged = false;
  std::string note;
};

}  // namespace hasse
