// The page of a segmentation network: how well it knows each class, and pictures beside what they show and what it answers.
// Used by program/segment.hpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/task/segmentation/confusion.hpp>

namespace hasse {

struct segmentation_report_data {
  std::string title;
  std::vector<std::string> classes;
  std::vector<std::pair<std::string, confusion>> splits;   ///< "validation", what it was judged by there
  std::vector<std::pair<std::string, std::string>> facts;  ///< that it takes to repeat the run
  std::vector<std::pair<std::string, std::string>> pictures;  ///< name, and PNG: picture, truth and answer side by side
};

/// "U2l4dHk=": bytes as text for pages that hold pictures.
HASSE_BODY std::string base64(std::string_view bytes);

/// One file without any other.
HASSE_BODY std::string segmentation_page(const segmentation_report_data& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/segmentation_report.inl>
#endif
