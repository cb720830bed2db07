// What the files of a network say about the images that it was trained on: class names in the order of its outputs, normalisation,
// and where the images are from. Written into ONNX, safetensors and headers; read by whoever judges the network again.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/data/resize.hpp>

namespace hasse {

/// Text by key, as ONNX and safetensors files hold it.
using network_metadata = std::map<std::string, std::string>;

/// What the numbers are that an ONNX file reads of an image; red, green, blue.
enum class pixel_form : std::uint8_t {
  unit,        ///< "unit": float, N x C x H x W, 0 to 1
  bytes,       ///< "uint8-nhwc": unsigned 8-bit, N x H x W x C, 0 to 255, as decoders give them
  normalised,  ///< "float": float, N x C x H x W, (value / 255 - mean) / deviation
};
HASSE_BODY std::string_view to_text(pixel_form form);
/// Reads what `to_text` wrote; `what` begins the sentence that refuses anything else.
HASSE_BODY pixel_form parse_pixel_form(std::string_view text, std::string_view what);
/// All of them, for command lines.
inline constexpr std::array pixel_forms{pixel_form::unit, pixel_form::bytes, pixel_form::normalised};

/// What a network must know of the images that it was trained on.
struct image_facts {
  std::vector<std::string> classes;  ///< class k is what output k answers
  normalisation scale;               ///< an input is (value / 255 - mean) / deviation
  image_origin origin;
  image_fit fit = image_fit::stretch;  ///< what becomes of images of other proportions
  pixel_form pixels = pixel_form::normalised;  ///< what the file reads; all but ONNX files of hasse read normalised values

  /// What turns a value / 255 into what the file reads: (value / 255 - mean) / deviation.
  normalisation fed() const {
    if (pixels == pixel_form::normalised) return scale;
    return {std::vector<float>(scale.mean.size(), 0.0f), std::vector<float>(scale.deviation.size(), pixels == pixel_form::unit ? 1.0f : 1.0f / 255)};
  }
};

/// A JSON list: names may hold commas, quotes and line breaks. Bytes that are not UTF-8 become replacement characters.
HASSE_BODY std::string classes_text(const std::vector<std::string>& classes);

/// One name a line, in the order of the outputs, as programs for other networks read them. A line break inside a name becomes a space.
HASSE_BODY void write_labels(const std::filesystem::path& path, const std::vector<std::string>& classes);

namespace detail {

inline constexpr const char* metadata_remedy =
    "give the .safetensors as hasse wrote it; whoever saves weights again must pass its metadata along";

}  // namespace detail

/// `classes`, `mean`, `deviation`, `data`, `data_options`, `data_hash` and, where images were not stretched, `fit`; what a set does not have is left out. (`pixels` is said by what
/// writes a file that reads others than normalised ones.)
HASSE_BODY network_metadata metadata_of(const image_facts& images);
HASSE_BODY network_metadata metadata_of(const image_set& train, const normalisation& scale);

/// Reads what `metadata_of` wrote, for a network that reads `channels` channels; without `classes` there are none.
HASSE_BODY image_facts image_facts_of(const network_metadata& metadata, int channels, const std::string& path);

/// How the classes of a set differ from those that a network answers with, as the end of a sentence about the set; "" if they do not.
HASSE_BODY std::string class_difference(const std::vector<std::string>& network, const std::vector<std::string>& set);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/network_metadata.inl>
#endif
