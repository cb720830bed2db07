// The bodies of supernet/slices.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <hasse/supernet/slices.hpp>

namespace hasse::detail {

HASSE_BODY tensor_slice::tensor_slice(std::vector<int> rows, std::size_t row_length, std::vector<stretch> stretches) : rows_(std::move(rows)), row_length_(row_length), stretches_(std::move(stretches)) {
  for (const stretch& each : stretches_) narrow_ += each.length;
  whole_ = narrow_ == row_length_ && leads();
}

HASSE_BODY std::vector<int> tensor_slice::columns() const {
  std::vector<int> all;
  for (const stretch& each : stretches_)
    for (std::size_t i = 0; i < each.length; ++i) all.push_back(static_cast<int>(each.begin + i));
  return all;
}

HASSE_BODY bool tensor_slice::leads() const {
  for (std::size_t row = 0; row < rows_.size(); ++row)
    if (rows_[row] != static_cast<int>(row)) return false;
  return true;
}

HASSE_BODY placed_slice::placed_slice(parameter_accelerator* device, tensor_slice slice) : device_(device), slice_(std::move(slice)) {
  if (!device) return;
  const std::vector<int> columns = slice_.columns();
  column_count_ = static_cast<int>(columns.size());
  places_ = backend_array<int>(device, slice_.rows().size() + columns.size());
  device->write(places_.data(), slice_.rows().data(), slice_.rows().size() * sizeof(int));
  device->write(places_.data() + slice_.rows().size(), columns.data(), columns.size() * sizeof(int));
}

}  // namespace hasse::detail
