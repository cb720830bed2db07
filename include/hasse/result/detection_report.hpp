// What became of a detector, for people: precision per class, what is missed and mistaken, and the pictures with most mistakes,
// boxes drawn on them. Used by programs. One file without network access; all text that it shows is escaped.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/task/detection/coco.hpp>
#include <hasse/task/detection/mistakes.hpp>
#include <hasse/task/detection/voc.hpp>

namespace hasse {

/// A picture as a page shows it.
struct page_picture {
  std::string name;
  int height = 0, width = 0;  ///< that the boxes are counted in
  std::string png{};          ///< its bytes, of any size
  std::vector<judged_object> objects;
};

/// How a detector answered to the pictures of one split.
struct detection_scores {
  std::string split;
  coco_result coco;
  voc_result voc;
  finding_counter findings{0};
};

struct detection_report_data {
  std::string title;
  std::vector<std::pair<std::string, std::string>> cards{}, facts{};  ///< number and what it is; key and value
  std::vector<std::pair<std::string, std::string>> files{};           ///< label and path from the page's folder
  std::vector<std::string> classes{};
  std::vector<detection_scores> splits{};
  finding_rule shown{};
  std::string worst_of{};              ///< the split that the pictures are of
  std::vector<page_picture> worst{};  ///< the worst first
};

HASSE_BODY std::string detection_html(const detection_report_data& data);
HASSE_BODY void write_detection_report(const std::filesystem::path& path, const detection_report_data& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/detection_report.inl>
#endif
