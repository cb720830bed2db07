// hasse_segment: networks that give every pixel a class, trained, searched, judged and shown. Each space is compiled in its own file.
#include <hasse/program/segment_command_line.hpp>
#include <hasse/space/segmentation.hpp>

extern template void hasse::search_segmenters<hasse::dfseg_small_scenes>(const hasse::segment_search_options&, const hasse::space_name&);
extern template void hasse::search_segmenters<hasse::dfseg_small_half>(const hasse::segment_search_options&, const hasse::space_name&);
extern template void hasse::search_segmenters<hasse::df_lite_decoder_half>(const hasse::segment_search_options&, const hasse::space_name&);

int main(int argc, char** argv) {
  using namespace hasse;
  constexpr const char* header = "hasse/space/segmentation.hpp";
  return segment<dfseg_small_scenes, dfseg_small_half, df_lite_decoder_half>(argc, argv,
                                                                             {{{"scenes", "hasse::dfseg_small_scenes", header},
                                                                               {"camvid", "hasse::dfseg_small_half", header},
                                                                               {"camvid-decoder", "hasse::df_lite_decoder_half", header}}});
}
