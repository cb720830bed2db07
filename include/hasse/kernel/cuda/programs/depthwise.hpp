// Depthwise convolution on the GPU, with its gradients: 3x3, 5x5 and 7x7, stride 1 and 2, any padding.
// Used by kernel/cuda/programs/layers.hpp. A block takes 128 bytes of neighbouring channels and a tile of pixels through shared
// memory; sums stay in registers.
#pragma once

#include <cstdint>

#include <hasse/kernel/cuda/programs/block_program.hpp>
#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail::gpu {

/// How many neighbouring channels a block of the depthwise programs takes, and in how many packs.
inline constexpr int block_packs = 8;
template <class Scalar>
inline constexpr int block_channels = block_packs* lanes_of<Scalar>;

/// A depthwise layer and its batch in plain numbers.
template <class Scalar>
struct plain_depthwise {
  image_tensor in, out;
  row_packs<Scalar> row;
  int batch, pad_top, pad_left;

  plain_depthwise(const layer& item, int images)
      : in{item.in.h, item.in.w, item.in.c},
        out{item.out.h, item.out.w, item.out.c},
        row(item.out.c),
        batch(images),
        pad_top(item.pad_top),
        pad_left(item.pad_left) {}
  HASSE_DEVICE int channel_blocks() const { return ceil_divide(out.channels, block_channels<Scalar>); }
};

/// How tiles of Rows x Columns pixels cover an image.
template <int Rows, int Columns>
struct tiling {
  int across, tiles;

  explicit tiling(const image_tensor& image) : across(ceil_divide(image.w, Columns)), tiles(across * ceil_divide(image.h, Rows)) {}
  HASSE_DEVICE int top(int tile) const { return tile / across * Rows; }
  HASSE_DEVICE int left(int tile) const { return tile % across * Columns; }
};

/// A tile of an image in shared memory.
template <class Scalar, int Rows, int Columns>
struct channel_tile {
  word pixels[Rows * Columns][block_packs];

  /// Copies the tile whose first pixel is (top, left); zeros lie around the image.
  template <int Threads>
  HASSE_DEVICE void copy_from(const Scalar* tensor, const image_tensor& shape, const row_packs<Scalar>& row, int image, int top,
                              int left, int channel, int thread) {
    for (int i = thread; i < Rows * Columns * block_packs; i += Threads) {
      const int group = i % block_packs, pixel = i / block_packs, y = top + pixel / Columns, x = left + pixel % Columns;
      const int first = channel + group * lanes_of<Scalar>;
      const bool inside = y >= 0 && y < shape.h && x >= 0 && x < shape.w;
      pixels[pixel][group] = inside ? load_word(tensor + shape.at(image, y, x, first), row.at(first)) : word{};
    }
  }
};

/// The weights of the channels of a block, tap by tap; zeros for channels that do not exist.
template <class Scalar, int Taps>
struct tap_weights {
  alignas(16) float of[Taps][block_channels<Scalar>];

  template <int Threads>
  HASSE_DEVICE void copy_from(const float* weights, int channel, int all, int thread) {
    for (int i = thread; i < Taps * block_channels<Scalar>; i += Threads) {
      const int own = i % block_channels<Scalar>, tap = i / block_channels<Scalar>;
      of[tap][own] = channel + own < all ? weights[(channel + own) * Taps + tap] : 0;
    }
  }
  HASSE_DEVICE pack<Scalar> at(int tap, int group) const {
    return load_parameters<Scalar>(of[tap] + group * lanes_of<Scalar>, {lanes_of<Scalar>, true});
  }
};

/// dst = act(src * weights + bias + other). `other` may be dst, bias and other null. src and dst are moved once, apart from the
/// seams of the tiles. A block's number counts groups of channels, then tiles.
template <class Scalar, int Kernel, int Stride>
struct depthwise_forward {
  static constexpr int rows = Stride == 1 ? 8 : 4, columns = 8;
  static constexpr int run = Stride == 1 ? 4 : 2;  // outputs of a thread: neighbours in a row, which share what they read
  static constexpr int threads = block_packs * rows * columns / run, phases = 2;
  static constexpr int in_rows = (rows - 1) * Stride + Kernel, in_columns = (columns - 1) * Stride + Kernel;
  struct shared {
    channel_tile<Scalar, in_rows, in_columns> tile;
    tap_weights<Scalar, Kernel * Kernel> weights;
  };
  using local = nothing;

  plain_depthwise<Scalar> shape;
  tiling<rows, columns> tiles;
  activation act;
  const Scalar* src;
  const float* weights;
  const float* bias;
  const Scalar* other;
  Scalar* dst;

  depthwise_forward(const layer& item, int batch, activation last, const Scalar* from, const float* with, const float* shift,
                    const Scalar* residual, Scalar* to)
      : shape(item, batch), tiles(shape.out), act(last), src(from), weights(with), bias(shift), other(residual), dst(to) {}

  grid_extent blocks() const { return {shape.channel_blocks() * tiles.tiles, shape.batch, 1}; }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local&, shared& memory) const {
    const int tile = at.x / shape.channel_blocks(), top = tiles.top(tile), left = tiles.left(tile);
    const int channel = at.x % shape.channel_blocks() * block_channels<Scalar>;
    if constexpr (Phase == 0) {
      memory.tile.template copy_from<threads>(src, shape.in, shape.row, at.y, top * Stride - shape.pad_top,
                                              left * Stride - shape.pad_left, channel, at.thread);
      memory.weights.template copy_from<threads>(weights, channel, shape.out.channels, at.thread);
    } else {
      const int group = at.thread % block_packs, first = channel + group * lanes_of<Scalar>;
      const int y = at.thread / block_packs / (columns / run), x = at.thread / block_packs % (columns / run) * run;
      if (first >= shape.out.channels || top + y >= shape.out.h) return;
      const part which = shape.row.at(first);
      const pack<Scalar> start = bias ? load_parameters<Scalar>(bias + first, which) : zeros<Scalar>();
      pack<Scalar> sums[run];
      HASSE_UNROLL
      for (int i = 0; i < run; ++i) sums[i] = start;
      for (int ky = 0; ky < Kernel; ++ky) {
        pack<Scalar> taps[Kernel];
        HASSE_UNROLL
        for (int kx = 0; kx < Kernel; ++kx) taps[kx] = memory.weights.at(ky * Kernel + kx, group);
        HASSE_UNROLL
        for (int column = 0; column < (run - 1) * Stride + Kernel; ++column) {
          const pack<Scalar> value =
              unpacked<Scalar>(memory.tile.pixels[(y * Stride + ky) * in_columns + x * Stride + column][group]);
          HASSE_UNROLL
          for (int i = 0; i < run; ++i)
            if (column - i * Stride >= 0 && column - i * Stride < Kernel) multiply_add(sums[i], value, taps[column - i * Stride]);
        }
      }
      HASSE_UNROLL
      for (int i = 0; i < run; ++i) {
        if (left + x + i >= shape.out.w) continue;
        const std::size_t where = shape.out.at(at.y, top + y, left + x + i, first);
        if (other) add(sums[i], load<Scalar>(other + where, which));
        activate<Scalar>(act, sums[i]);
        store(dst + where, which, sums[i]);
      }
    }
  }
};

/// d_src = weights turned around * d_dst, or that added to d_src. Every pixel of the source gathers what reached it, so nothing is
/// added by two threads. Tiles begin where source and padding make a whole step: the taps of a pixel then follow from its place.
template <class Scalar, int Kernel, int Stride>
struct depthwise_data_gradient {
  static constexpr int rows = 8, columns = 8, run = 4;
  static constexpr int threads = block_packs * rows * columns / run, phases = 2;
  static constexpr int before = (Kernel - 1) / Stride;  // rows of d_dst above that of a tile's first pixel which reach it
  static constexpr int in_rows = (rows - 1) / Stride + 1 + before, in_columns = (columns - 1) / Stride + 1 + before;
  struct shared {
    channel_tile<Scalar, in_rows, in_columns> tile;
    tap_weights<Scalar, Kernel * Kernel> weights;
  };
  using local = nothing;

  plain_depthwise<Scalar> shape;
  int shift_top, shift_left;  // how far the first tile begins outside of the image
  tiling<rows, columns> tiles;
  const Scalar* d_dst;
  const float* weights;
  Scalar* d_src;
  bool accumulate;

  depthwise_data_gradient(const layer& item, int batch, const Scalar* from, const float* with, Scalar* to, bool adds)
      : shape(item, batch),
        shift_top(item.pad_top % Stride),
        shift_left(item.pad_left % Stride),
        tiles({item.in.h + shift_top, item.in.w + shift_left, item.in.c}),
        d_dst(from),
        weights(with),
        d_src(to),
        accumulate(adds) {}

  grid_extent blocks() const { return {shape.channel_blocks() * tiles.tiles, shape.batch, 1}; }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local&, shared& memory) const {
    const int tile = at.x / shape.channel_blocks(), top = tiles.top(tile) - shift_top, left = tiles.left(tile) - shift_left;
    const int channel = at.x % shape.channel_blocks() * block_channels<Scalar>;
    if constexpr (Phase == 0) {
      memory.tile.template copy_from<threads>(d_dst, shape.out, shape.row, at.y, (top + shape.pad_top) / Stride - before,
                                              (left + shape.pad_left) / Stride - before, channel, at.thread);
      memory.weights.template copy_from<threads>(weights, channel, shape.in.channels, at.thread);
    } else {
      const int group = at.thread % block_packs, first = channel + group * lanes_of<Scalar>;
      const int y = at.thread / block_packs / (columns / run), x = at.thread / block_packs % (columns / run) * run;
      if (first >= shape.in.channels || top + y < 0 || top + y >= shape.in.h) return;
      const part which = shape.row.at(first);
      pack<Scalar> sums[run];
      HASSE_UNROLL
      for (int i = 0; i < run; ++i) sums[i] = zeros<Scalar>();
      for (int ky = y % Stride; ky < Kernel; ky += Stride) {
        pack<Scalar> taps[Kernel];
        HASSE_UNROLL
        for (int kx = 0; kx < Kernel; ++kx) taps[kx] = memory.weights.at(ky * Kernel + kx, group);
        const int row = y / Stride + before - ky / Stride;
        HASSE_UNROLL
        for (int column = 0; column < (run - 1) / Stride + 1 + before; ++column) {
          const pack<Scalar> value = unpacked<Scalar>(memory.tile.pixels[row * in_columns + x / Stride + column][group]);
          HASSE_UNROLL
          for (int i = 0; i < run; ++i) {
            const int kx = (i / Stride + before - column) * Stride + i % Stride;
            if (kx >= 0 && kx < Kernel) multiply_add(sums[i], value, taps[kx]);
          }
        }
      }
      HASSE_UNROLL
      for (int i = 0; i < run; ++i)
        if (left + x + i >= 0 && left + x + i < shape.in.w)
          store(d_src + shape.in.at(at.y, top + y, left + x + i, first), which, sums[i], accumulate);
    }
  }
};

/// The first half of the weight gradient: every block sums over the tiles of one segment of the batch. A warp takes one row of the
/// kernel, a thread of it four bytes of neighbouring channels. partial[segment][tap][channel] is added up by `combine`.
template <class Scalar, int Kernel, int Stride>
struct depthwise_weight_gradient {
  static constexpr int rows = Stride == 1 ? 8 : 4, columns = 8, warp = 32, threads = warp * Kernel, phases = 2;
  static constexpr int in_rows = (rows - 1) * Stride + Kernel, in_columns = (columns - 1) * Stride + Kernel;
  static constexpr int values = static_cast<int>(4 / sizeof(Scalar));
  struct shared {
    channel_tile<Scalar, in_rows, in_columns> src;
    channel_tile<Scalar, rows, columns> d_dst;
  };
  struct local {
    float sums[Kernel][values];
  };

  plain_depthwise<Scalar> shape;
  tiling<rows, columns> tiles;
  int segments, tiles_each;
  const Scalar* src;
  const Scalar* d_dst;
  float* partial;

  depthwise_weight_gradient(const layer& item, int batch, const Scalar* from, const Scalar* gradient)
      : shape(item, batch), tiles(shape.out), src(from), d_dst(gradient), partial(nullptr) {
    const int all = tiles.tiles * batch;
    tiles_each =
        ceil_divide(all, ceil_divide(512, shape.channel_blocks()));  // blocks that fill the largest GPU, whatever the one at hand
    segments = ceil_divide(all, tiles_each);
  }

  grid_extent blocks() const { return {shape.channel_blocks(), segments, 1}; }
  HASSE_DEVICE int turns() const { return tiles_each; }

  HASSE_DEVICE static void values_of(const word* pixel, int lane, float (&found)[values]) {
    unpack<Scalar>(pixel[lane / 4].bits[lane % 4], found);
  }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local& own, shared& memory) const {
    const int channel = at.x * block_channels<Scalar>, tile = at.y * tiles_each + at.turn;
    const bool exists = tile < tiles.tiles * shape.batch;
    if constexpr (Phase == 0) {
      if (at.turn == 0)
        for (auto& tap : own.sums)
          for (float& sum : tap) sum = 0;
      if (!exists) return;
      const int image = tile / tiles.tiles, top = tiles.top(tile % tiles.tiles), left = tiles.left(tile % tiles.tiles);
      memory.src.template copy_from<threads>(src, shape.in, shape.row, image, top * Stride - shape.pad_top,
                                             left * Stride - shape.pad_left, channel, at.thread);
      memory.d_dst.template copy_from<threads>(d_dst, shape.out, shape.row, image, top, left, channel, at.thread);
    } else {
      const int lane = at.thread % warp, ky = at.thread / warp;
      for (int y = 0; exists && y < rows; ++y) {
        float gradient[columns][values];
        HASSE_UNROLL
        for (int x = 0; x < columns; ++x) values_of(memory.d_dst.pixels[y * columns + x], lane, gradient[x]);
        HASSE_UNROLL
        for (int column = 0; column < in_columns; ++column) {
          float value[values];
          values_of(memory.src.pixels[(y * Stride + ky) * in_columns + column], lane, value);
          HASSE_UNROLL
          for (int kx = 0; kx < Kernel; ++kx) {
            const int x = (column - kx) / Stride;
            if (column < kx || (column - kx) % Stride != 0 || x >= columns) continue;
            HASSE_UNROLL
            for (int i = 0; i < values; ++i) own.sums[kx][i] += value[i] * gradient[x][i];
          }
        }
      }
      if (at.turn != tiles_each - 1) return;
      for (int i = 0; i < values; ++i) {
        const int mine = channel + lane * values + i;
        if (mine >= shape.out.channels) return;
        HASSE_UNROLL
        for (int kx = 0; kx < Kernel; ++kx)
          partial[(static_cast<std::size_t>(at.y) * Kernel * Kernel + static_cast<std::size_t>(ky * Kernel + kx)) *
                      static_cast<std::size_t>(shape.out.channels) +
                  static_cast<std::size_t>(mine)] = own.sums[kx][i];
      }
    }
  }
};

}  // namespace hasse::detail::gpu
