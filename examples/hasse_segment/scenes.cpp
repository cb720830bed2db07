// The search over dfseg_small_scenes: backbone and decoder for drawn scenes. Compiled once; CMake adds the catalogue of its blocks.
#include <hasse/program/segment_search.hpp>
#include <hasse/space/segmentation.hpp>

template void hasse::search_segmenters<hasse::dfseg_small_scenes>(const hasse::segment_search_options&, const hasse::space_name&);
