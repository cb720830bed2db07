// hasse_slim: one network at many widths, and the channels that it can do without. Tasks on pictures are compiled in files of their own.
#include <hasse/program/slim_networks.hpp>

hasse::slim_task slim_detection();
hasse::slim_task slim_segmentation();

int main(int argc, char** argv) {
  return hasse::slim(argc, argv, hasse::find_slim_network, {{"detection", slim_detection()}, {"segmentation", slim_segmentation()}});
}
