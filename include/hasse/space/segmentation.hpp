// The spaces of DF-Seg, whose decoder is searched with the backbone. (spec: partial-order-pruning.md 1.6, dense-tasks.md E.2 and E.3.)
// Used by programs that search them; no other header includes it, since a space takes a compiler time that everybody would pay.
#pragma once

#include <hasse/space/segmentation_layers.hpp>
#include <hasse/space/spaces.hpp>

namespace hasse {

/// The space of the paper at 1024 x 2048 for the 19 classes of Cityscapes: the backbones of `df`, 56 decoders to each; 357 175 224
/// architectures. The four released networks are in it: "[(64,64,64),(128,128,128),(256,256,256,512)]+(19,32,128)" is DF1-Seg.
using dfseg = search_space<input<3, 1024, 2048>, df::stem_type, df_stage<depth<1, 18>>, df_stage<depth<1, 18>>, df_stage<depth<1, 18>>,
                           df_decoder<19, widths<19, 32, 64, 128, 256, 512>>, total_depth<3, 20>>;

/// The same idea for small machines, at a quarter of the widths: a DF-lite and a DF1 of that width are in it. Height and width are multiples
/// of 32.
template <int H, int W, int Classes>
using dfseg_small_at = search_space<input<3, H, W>, stem<conv{.out = 8, .stride = 2, .norm = df_norm}, conv{.out = 16, .stride = 2, .norm = df_norm}>,
                                    df_small_stage<widths<16, 32, 64>>, df_small_stage<widths<16, 32, 64, 128>>,
                                    stage<basic{.stride = 2, .norm = df_norm}, widths<32, 64, 128, 256>, depth<1, 4>>, df_decoder<Classes, widths<8, 16, 32, 64>>>;

/// For the 11 classes of CamVid: pictures of 480 x 360, padded, and of half that size, padded.
using dfseg_small = dfseg_small_at<384, 480, 11>;
using dfseg_small_half = dfseg_small_at<192, 256, 11>;
/// For the 5 classes of drawn scenes.
using dfseg_small_scenes = dfseg_small_at<96, 96, 5>;

/// The 20 decoders of one backbone, DF-lite at a quarter of its widths: what is searched where the backbone is given.
template <int H, int W, int Classes>
using df_lite_decoder_at = search_space<input<3, H, W>, stem<conv{.out = 8, .stride = 2, .norm = df_norm}, conv{.out = 16, .stride = 2, .norm = df_norm}>,
                                        stage<basic{.stride = 2, .norm = df_norm}, widths<16>, depth<2, 2>>, stage<basic{.stride = 2, .norm = df_norm}, widths<32>, depth<2, 2>>,
                                        stage<widening{.stride = 2, .norm = df_norm}, widths<128>, depth<1, 1>>, df_decoder<Classes, widths<8, 16, 32, 64>>>;
using df_lite_decoder_half = df_lite_decoder_at<192, 256, 11>;

}  // namespace hasse
