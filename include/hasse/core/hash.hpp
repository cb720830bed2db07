// Checksums: FNV-1a for identities (spaces, tables, configurations), CRC-32 and CRC-32C for lines and records of files.
// Used by space, latency and result.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hasse {

/// 64-bit FNV-1a; feed `seed` with an earlier result to hash several pieces.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325ull) {
  for (const char byte : bytes) seed = (seed ^ static_cast<unsigned char>(byte)) * 0x100000001b3ull;
  return seed;
}

namespace detail {
template <std::uint32_t Polynomial>
inline constexpr auto crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? Polynomial : 0);
    table[i] = value;
  }
  return table;
}();

template <std::uint32_t Polynomial>
constexpr std::uint32_t crc(std::string_view bytes) {
  std::uint32_t value = ~0u;
  for (const char byte : bytes) value = (value >> 8) ^ crc_table<Polynomial>[(value ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~value;
}
}  // namespace detail

/// CRC-32 (zip, png). `crc32("123456789") == 0xcbf43926`.
constexpr std::uint32_t crc32(std::string_view bytes) { return detail::crc<0xedb88320u>(bytes); }
/// CRC-32C (Castagnoli; TensorBoard records). `crc32c("123456789") == 0xe3069283`.
constexpr std::uint32_t crc32c(std::string_view bytes) { return detail::crc<0x82f63b78u>(bytes); }

/// Sixteen lower-case hexadecimal digits.
struct hex64 {
  char text[17]{};
  constexpr explicit hex64(std::uint64_t value) {
    for (int i = 15; i >= 0; --i, value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  }
  constexpr std::string_view view() const { return {text, 16}; }
};

}  // namespace hasse
