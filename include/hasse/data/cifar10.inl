// The bodies of data/cifar10.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <hasse/data/cifar10.hpp>

namespace hasse {

HASSE_BODY void append_cifar10(std::string_view bytes, const std::string& where, image_set& set) {
  constexpr std::size_t plane = 32 * 32, record = 1 + 3 * plane;
  if (bytes.empty() || bytes.size() % record != 0)
    throw file_error(where,
                     "has " + std::to_string(bytes.size()) + " bytes, not a multiple of a record's " + std::to_string(record),
                     "fetch the binary version of CIFAR-10 again");
  const std::size_t start = set.pixels.size();
  set.pixels.resize(start + bytes.size() / record * 3 * plane);
  auto* to = set.pixels.data() + start;
  for (std::size_t i = 0; i < bytes.size(); i += record) {
    const auto label = static_cast<unsigned char>(bytes[i]);
    if (label > 9)
      throw file_error(where,
                       "has the label " + std::to_string(label) + " at byte " + std::to_string(i) + " where 0 to 9 are known",
                       "fetch the binary version of CIFAR-10 again");
    set.labels.push_back(label);
    for (std::size_t pixel = 0; pixel < plane; ++pixel)
      for (std::size_t c = 0; c < 3; ++c) *to++ = static_cast<std::uint8_t>(bytes[i + 1 + c * plane + pixel]);
  }
}

HASSE_BODY train_and_test read_cifar10(const std::filesystem::path& folder) {
  std::filesystem::path place = folder;
  if (!std::filesystem::exists(place / "test_batch.bin") && std::filesystem::exists(place / "cifar-10-batches-bin"))
    place /= "cifar-10-batches-bin";
  const image_set none = empty_images("cifar10", {32, 32, 3},
                                      {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"});
  train_and_test result{none, none};
  constexpr std::uintmax_t limit = std::uintmax_t{1} << 28;
  for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"})
    append_cifar10(read_file(place / name, limit), (place / name).string(), result.train);
  append_cifar10(read_file(place / "test_batch.bin", limit), (place / "test_batch.bin").string(), result.test);
  for (const auto& path : detail::files_in(place)) {
    const std::string name = path.filename().string();
    const bool read = name == "test_batch.bin" || (name.size() == 16 && name.starts_with("data_batch_") && name >= "data_batch_1.bin" && name <= "data_batch_5.bin");
    if (path.extension() == ".bin" && !read) result.about.leave_out("files of no part in CIFAR-10", name);
  }
  return result;
}

}  // namespace hasse
