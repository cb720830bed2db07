// Small files that the tests of this stage write themselves: folders, tars, idx files, JPEG and PNG images.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <png.h>
#include <turbojpeg.h>
#include <zlib.h>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/shape.hpp>

namespace test {

/// A folder that goes away with the test.
struct scratch_folder {
  std::filesystem::path path;
  scratch_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "hasse_data_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw hasse::error("no scratch folder can be made; set TMPDIR");
    path = name;
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() { std::filesystem::remove_all(path); }

  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((path / name).parent_path());
    hasse::replace_file(path / name, content);
  }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

/// The message of the error that `call` throws; "" when it throws none.
template <class Call>
std::string refusal_of(Call call) {
  try {
    call();
  } catch (const hasse::error& refusal) {
    return refusal.what();
  }
  return "";
}

/// Sets the checksum of a header, after it was filled or changed.
inline void seal_tar_header(std::string& bytes, std::size_t at) {
  for (std::size_t i = 148; i < 156; ++i) bytes[at + i] = ' ';
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[at + i]);
  std::snprintf(bytes.data() + at + 148, 8, "%06o", sum);
}

inline std::string tar_entry(std::string_view name, std::string_view content, char type = '0') {
  std::string bytes(512 + (content.size() + 511) / 512 * 512, '\0');
  name.copy(bytes.data(), 100);
  std::snprintf(bytes.data() + 100, 8, "0000644");
  std::snprintf(bytes.data() + 124, 12, "%011zo", content.size());
  bytes[156] = type;
  std::string_view(
      "ustar\0"
      "00",
      8)
      .copy(bytes.data() + 257, 8);
  content.copy(bytes.data() + 512, content.size());
  seal_tar_header(bytes, 0);
  return bytes;
}

inline std::string tar_end() { return std::string(1024, '\0'); }

inline std::string gzip(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, static_cast<uLong>(bytes.size())) + 64, '\0');
  std::string input(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

/// One member of a zip; `deflated` packs it.
struct zip_file {
  std::string name, content;
  bool deflated = false;
};

inline std::string little(std::uint64_t value, int bytes) {
  std::string result;
  for (; bytes > 0; --bytes, value >>= 8) result += static_cast<char>(value & 255);
  return result;
}

inline std::string zip(const std::vector<zip_file>& files) {
  std::string bytes, directory;
  for (const zip_file& file : files) {
    std::string packed = file.content;
    if (file.deflated) {
      const std::string whole = gzip(file.content);  // ten bytes before the stream, eight after it
      packed = whole.substr(10, whole.size() - 18);
    }
    const std::string facts = little(20, 2) + little(0, 2) + little(file.deflated ? 8 : 0, 2) + little(0, 8) +
                              little(packed.size(), 4) + little(file.content.size(), 4) + little(file.name.size(), 2) + little(0, 2);
    directory += "PK\1\2" + little(20, 2) + facts + little(0, 10) + little(bytes.size(), 4) + file.name;
    bytes += "PK\3\4" + facts + file.name + packed;
  }
  return bytes + directory + "PK\5\6" + little(0, 4) + little(files.size(), 2) + little(files.size(), 2) + little(directory.size(), 4) +
         little(bytes.size(), 4) + little(0, 2);
}

/// An idx file of bytes with those extents, whose elements are given.
inline std::string idx(std::vector<std::uint32_t> dims, std::string_view content) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(dims.size())};
  for (const std::uint32_t extent : dims)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift & 255);
  return bytes + std::string(content);
}

/// Pixels that vary smoothly, so that JPEG keeps them nearly.
inline std::vector<std::uint8_t> ramp(hasse::feature_shape shape, int start = 0) {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < shape.h; ++y)
    for (int x = 0; x < shape.w; ++x)
      for (int c = 0; c < shape.c; ++c) pixels.push_back(static_cast<std::uint8_t>((start + 3 * y + 2 * x + 20 * c) & 255));
  return pixels;
}

inline std::string png(hasse::feature_shape shape, const std::vector<std::uint8_t>& pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(shape.w);
  image.height = static_cast<png_uint_32>(shape.h);
  image.format = shape.c == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr);
  std::string result(size, '\0');
  png_image_write_to_memory(&image, result.data(), &size, 0, pixels.data(), 0, nullptr);
  result.resize(size);
  return result;
}

inline std::string jpeg(hasse::feature_shape shape, const std::vector<std::uint8_t>& pixels, int quality = 95) {
  const std::unique_ptr<void, int (*)(void*)> coder(tjInitCompress(), tjDestroy);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  tjCompress2(coder.get(), pixels.data(), shape.w, 0, shape.h, shape.c == 3 ? TJPF_RGB : TJPF_GRAY, &bytes, &size,
              shape.c == 3 ? TJSAMP_444 : TJSAMP_GRAY, quality, 0);
  std::string result(reinterpret_cast<char*>(bytes), size);
  tjFree(bytes);
  return result;
}

/// Every prefix (in steps) and every single flipped bit (in steps) of `whole`, given to `call`; returns how many were refused.
/// Anything but success or `hasse::error` ends the test.
template <class Call>
int refusals_of_damage(const std::string& whole, std::size_t step, Call call) {
  int refused = 0;
  const auto attempt = [&](const std::string& damaged) { refused += refusal_of([&] { call(damaged); }).empty() ? 0 : 1; };
  for (std::size_t length = 0; length < whole.size(); length += step) attempt(whole.substr(0, length));
  for (std::size_t bit = 0; bit < whole.size() * 8; bit += step) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    attempt(damaged);
  }
  return refused;
}

}  // namespace test
