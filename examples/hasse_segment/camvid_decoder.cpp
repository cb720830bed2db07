// The search over df_lite_decoder_half: the decoder of one backbone for CamVid. Compiled once; CMake adds the catalogue of its blocks.
#include <hasse/program/segment_search.hpp>
#include <hasse/space/segmentation.hpp>

template void hasse::search_segmenters<hasse::df_lite_decoder_half>(const hasse::segment_search_options&, const hasse::space_name&);
