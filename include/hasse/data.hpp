// The data stage: image sets from files or drawn, their splits, and the reader that feeds a network.
// Programs that include it link turbojpeg, png, z and threads, and need nlohmann_json.
#pragma once

#include <hasse/data/archive.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/bicubic.hpp>
#include <hasse/data/bmp.hpp>
#include <hasse/data/cifar10.hpp>
#include <hasse/data/coco.hpp>
#include <hasse/data/crops.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/description.hpp>
#include <hasse/data/detection_listing.hpp>
#include <hasse/data/detection_set.hpp>
#include <hasse/data/idx.hpp>
#include <hasse/data/image_folder.hpp>
#include <hasse/data/image_kind.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/data/layout.hpp>
#include <hasse/data/mask.hpp>
#include <hasse/data/mask_colour.hpp>
#include <hasse/data/object_reader.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/data/open.hpp>
#include <hasse/data/open_detection.hpp>
#include <hasse/data/open_segmentation.hpp>
#include <hasse/data/orientation.hpp>
#include <hasse/data/picture_sampler.hpp>
#include <hasse/data/picture_variation.hpp>
#include <hasse/data/resize.hpp>
#include <hasse/data/scenes.hpp>
#include <hasse/data/synthetic.hpp>
#include <hasse/data/tar.hpp>
#include <hasse/data/voc.hpp>
#include <hasse/data/yolo.hpp>
#include <hasse/data/zip.hpp>
