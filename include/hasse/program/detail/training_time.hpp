// How long trainings will take, before a search begins: by those that the run has behind it, or by the first steps of one.
// Used by program/boundary_search.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include <hasse/core/progress.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/train/candidate_trainer.hpp>

namespace hasse::detail {

/// Seconds of a training of this network, by steps of one that is thrown away; 0: unknown. Steps take a second at most, where one does not take longer.
template <Backend Engine, class Type>
double seconds_of_training(const candidate_trainer<Engine, Type>& train, const layer_list& layers) {
  struct enough {};
  using clock = std::chrono::steady_clock;
  constexpr int most_steps = 20;
  const candidate_trainer<Engine, Type> trial(train.backend(), train.data(), train.how());
  clock::time_point start;
  double first = 0, seconds = 0, share = 0;
  int steps = 0;
  try {
    (void)trial("trial", layers, 0, [&](const progress_event& event) {
      if (++steps == 1) {  // the first step also makes what the others use
        start = clock::now(), first = event.fraction;
        return;
      }
      seconds = std::chrono::duration<double>(clock::now() - start).count(), share = event.fraction - first;
      if (seconds > 1 || steps > most_steps) throw enough{};
    });
  } catch (const enough&) {
  }
  if (share <= 0) return 0;
  const double judged = static_cast<double>(train.data().validation->size()) / static_cast<double>(train.data().train->size());
  return seconds / share * (1 + judged / 3);  // judging an image is a third of learning from it
}

/// The mean over the trainings in a journal; 0: there are none.
inline double seconds_in(const std::vector<journal_record>& records) {
  double sum = 0;
  int count = 0;
  for (const journal_record& record : records)
    if (record.operation == "curve")
      if (const auto seconds = json_as<double>(record.payload.value("seconds", json()))) sum += *seconds, ++count;
  return count > 0 ? sum / count : 0;
}

/// "40 s", "12 min", "3.5 h".
inline std::string duration_text(double seconds) {
  char text[32];
  if (seconds < 100)
    std::snprintf(text, sizeof text, "%.0f s", seconds < 1 ? 1.0 : seconds);
  else if (seconds < 6000)
    std::snprintf(text, sizeof text, "%.0f min", seconds / 60);
  else
    std::snprintf(text, sizeof text, "%.1f h", seconds / 3600);
  return text;
}

}  // namespace hasse::detail
