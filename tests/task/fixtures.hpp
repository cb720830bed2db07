// The published numbers that detection is checked against, as files of tests/task/fixtures.
#pragma once

#include <hasse/file/json.hpp>

inline hasse::json task_fixture(const std::string& name) {
  return hasse::read_json(HASSE_SOURCE_DIR "/tests/task/fixtures/" + name + ".json");
}
