// The bodies of data/description.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/data/description.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::string shortened(const std::vector<std::string>& names, std::size_t count, std::size_t most) {
  std::string result;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) result += (i == 0 ? "" : ", ") + names[i];
  const std::size_t named = names.size() < most ? names.size() : most;
  return count > named ? result + " and " + std::to_string(count - named) + " more" : result;
}

}  // namespace detail

HASSE_BODY std::size_t data_description::count_of(std::string_view what) const {
  for (const auto* list : {&left_out, &found})
    for (const left_out_files& each : *list)
      if (each.why == what) return each.count;
  return 0;
}

HASSE_BODY std::vector<std::string> data_description::lines() const {
  std::vector<std::string> result;
  std::vector<std::string> counted;
  for (const class_count& each : classes) {
    if (counted.size() == 12) break;
    counted.push_back(each.name + " " + (objects ? std::to_string(each.train) + " + " + std::to_string(each.validation) + " + " + std::to_string(each.test)
                                                 : std::to_string(each.train + each.validation + each.test)));
  }
  if (!classes.empty())
    result.push_back((objects ? "objects (training + validation + test): " : "classes: ") + detail::shortened(counted, classes.size(), 12));
  if (validation_cut || test_cut)
    result.push_back(std::string(validation_cut && test_cut ? "validation and test images are"
                                 : test_cut                 ? "test images are"
                                                            : "validation images are") +
                     " cut from the training images");
  for (const left_out_files& each : left_out)
    result.push_back("left out: " + std::to_string(each.count) + " " + each.why + ": " + detail::shortened(each.names, each.count));
  for (const left_out_files& each : found)
    result.push_back("found: " + std::to_string(each.count) + " " + each.why + ": " + detail::shortened(each.names, each.count));
  for (const std::string& note : notes) result.push_back("note: " + note);
  return result;
}

HASSE_BODY void data_description::count(std::vector<left_out_files>& list, const std::string& why, std::string_view name) {
  std::size_t i = 0;
  while (i < list.size() && list[i].why != why) ++i;
  if (i == list.size()) list.push_back({why, 0, {}});
  if (list[i].names.size() < detail::most_named) list[i].names.push_back(detail::printable(detail::clipped(name)));
  ++list[i].count;
}

}  // namespace hasse
