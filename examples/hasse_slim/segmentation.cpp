// What hasse_slim does for segmentation.
#include <hasse/program/slim_pictures.hpp>

hasse::slim_task slim_segmentation();
hasse::slim_task slim_segmentation() { return hasse::slim_task_of<hasse::slim_masks>(); }
