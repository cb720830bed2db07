// What a training leaves behind for its caller: one record per epoch, and how it ended.
// Used by train; search and result store and draw it.
#pragma once

#include <string>
#include <vector>

namespace hasse {

/// One epoch. `loss` and `train_accuracy` are means over the epoch's augmented training images, as the weights were at each step;
/// `validation_accuracy` is that of the weights after the epoch; `learning_rate` is that of its last step.
struct epoch_record {
  int epoch = 0;  ///< from 1
  double loss = 0, train_accuracy = 0, validation_accuracy = 0, learning_rate = 0, seconds = 0;
  friend bool operator==(const epoch_record&, const epoch_record&) = default;
};

/// How a training ended. A training that diverged has accuracy 0 and says so in `note`; it is a result, not an error.
struct training_outcome {
  double accuracy = 0;  ///< top-1 on the validation images after the last epoch, 0..1
  std::vector<epoch_record> curve;
  double seconds = 0;  ///< training and evaluation, over all the processes that took part
  bool diverged = false;
  std::string note;
};

}  // namespace hasse
